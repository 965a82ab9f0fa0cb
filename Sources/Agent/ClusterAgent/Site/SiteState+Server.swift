import BlueprintCoding
import Blueprints
import Documents
import EnvoyConfig

/// A complete delta, as it came and is stored.
struct ReceivedDelta: Sendable {
  struct Item: Sendable {
    var key: ItemKey
    var held: SiteState.Held
    /// Why the agent cannot use it, when `held.item` is nil.
    var problem: String
  }

  var epoch: String
  var generation: Int64
  var revision: Int64
  var full: Bool
  var upserts: [Item]
  var removals: [ItemKey]
  /// Microseconds on the site's clock.
  var arrived: Int64
}

extension SiteState {
  /// Puts a delta into force. How far it comes is not reported before `stored` says that it is on
  /// the disk.
  mutating func apply(_ delta: ReceivedDelta, now: () -> Int64) {
    epoch = delta.epoch
    generation = delta.generation
    revision = delta.revision
    var touched = Set(delta.removals)
    if delta.full { touched.formUnion(Set(items.keys).subtracting(delta.upserts.map(\.key))) }
    for key in touched { remove(key) }
    for upsert in delta.upserts {
      touched.insert(upsert.key)
      take(upsert)
    }
    let concerned = publish(SiteChange(items: refresh(touched.sorted())), as: delta.generation)
    propagation.begin(
      Propagation.Record(
        generation: delta.generation, step: step, arrived: delta.arrived,
        translated: max(1, now() - delta.arrived),
        proxies: Dictionary(uniqueKeysWithValues: concerned.map { ($0, .waiting) })))
  }

  /// The delta that led to a generation is on the disk.
  mutating func stored(_ generation: Int64, at now: Int64) {
    propagation.stored(generation, at: now)
    reports.generations.insert(generation)
  }

  private mutating func remove(_ key: ItemKey) {
    if quarantine.refusal(of: key) != nil { reports.rejections.insert(key) }
    quarantine.withdraw(key)
    items[key] = nil
    good[key] = nil
  }

  private mutating func take(_ upsert: ReceivedDelta.Item) {
    let key = upsert.key
    let previous = items[key]
    items[key] = upsert.held
    guard previous?.hash != upsert.held.hash else { return }
    if quarantine.refusal(of: key) != nil { reports.rejections.insert(key) }
    if let previous, quarantine.good(key) == previous.hash, previous.item != nil {
      good[key] = previous
    }
    quarantine.offer(key, upsert.held.hash)
    if quarantine.good(key) == upsert.held.hash { good[key] = nil }
    if upsert.held.item == nil { holdUnreadable(upsert) }
  }

  private mutating func holdUnreadable(_ upsert: ReceivedDelta.Item) {
    quarantine.hold(
      upsert.key,
      because: ItemRefusal(hash: upsert.held.hash, reason: upsert.problem, nodeIDs: []))
    reports.rejections.insert(upsert.key)
    marks.refusals.insert(upsert.key)
  }

  /// Takes what the disk holds, before anybody is connected.
  mutating func restore(
    epoch: String, generation: Int64,
    items restored: [(
      item: ReceivedDelta.Item, good: Held?, goodHash: StableHash?, refusal: ItemRefusal?
    )]
  ) {
    self.epoch = epoch
    self.generation = generation
    generationStarts = [(0, generation)]
    for (item, good, goodHash, refusal) in restored {
      items[item.key] = item.held
      if let good { self.good[item.key] = good }
      var reason = refusal
      if item.held.item == nil, reason == nil {
        reason = ItemRefusal(hash: item.held.hash, reason: item.problem, nodeIDs: [])
      }
      quarantine.restore(item.key, offered: item.held.hash, good: goodHash, refusal: reason)
    }
    publish(SiteChange(items: refresh(restored.map(\.item.key))))
  }
}

extension ItemCoding {
  /// The item in `bytes`, or why it cannot be used.
  static func reading(
    key: String, schema: Int32, bytes: [UInt8]
  ) -> (item: BlueprintItem?, problem: String) {
    guard schema <= Self.schema else {
      return (nil, "schema \(schema) is newer than this agent reads (\(Self.schema))")
    }
    do {
      let item = try decode(bytes)
      guard item.key.text.utf8.elementsEqual(key.utf8) else {
        return (nil, "the content belongs to \(item.key.text)")
      }
      return (item, "")
    } catch { return (nil, "the content cannot be read: \(error)") }
  }
}
