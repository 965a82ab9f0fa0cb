package import Blueprints
package import Documents

/// Why an item is held back, or complained about.
package struct ItemRefusal: Hashable, Sendable {
  /// The content that was refused.
  package var hash: StableHash
  /// Envoy's words, or the agent's when it cannot read the item.
  package var reason: String
  /// The proxies that refused it, sorted, at most `ItemRefusal.maximumNodes`.
  package var nodeIDs: [String]
  package var resourceType: String
  package var resourceName: String
  package var resourceVersion: String

  package static let maximumNodes = 64

  package init(
    hash: StableHash, reason: String, nodeIDs: [String], resourceType: String = "",
    resourceName: String = "", resourceVersion: String = ""
  ) {
    self.hash = hash
    self.reason = reason
    self.nodeIDs = nodeIDs
    self.resourceType = resourceType
    self.resourceName = resourceName
    self.resourceVersion = resourceVersion
  }
}

/// One resource that one proxy refused, and what it was made from.
package struct RefusedResource: Hashable, Sendable {
  package var type: String
  package var name: String
  package var version: String
  package var reason: String
  package var nodeID: String
  /// The items, and which content of each.
  package var origins: [ItemKey: StableHash]

  package init(
    type: String, name: String, version: String, reason: String, nodeID: String,
    origins: [ItemKey: StableHash]
  ) {
    self.type = type
    self.name = name
    self.version = version
    self.reason = reason
    self.nodeID = nodeID
    self.origins = origins
  }
}

/// Which content of every item is in force, when proxies refuse what some of it became.
///
/// An item is *known good* once a proxy took everything that was made from it. When a resource is
/// refused, the items it was made from that are not known good are suspects. A single suspect is the
/// offender. Several are all held back (their last good content stands in) and let in again by
/// halves, one group after the other, until each offender is found alone; the innocent stay in.
/// An offender stays out until its content changes or it is removed.
package struct Quarantine: Sendable {
  /// What stands for an item at the moment.
  package enum Standing: Hashable, Sendable {
    /// The newest content.
    case offered
    /// An older content, the last one known good.
    case lastGood(StableHash)
    /// Nothing: it is held back and was never good.
    case absent
  }

  private struct Entry: Hashable {
    var offered: StableHash
    var good: StableHash?
    var isHeld = false
    var refusal: ItemRefusal?
    /// When the content was offered, as a count of offers.
    var age: Int
  }

  private struct Trial: Hashable {
    var admitted: [ItemKey] = []
    var waiting: [[ItemKey]] = []
  }

  private var entries: [ItemKey: Entry] = [:]
  private var trial: Trial?
  private var offers = 0

  package init() {}

  // MARK: What the server says

  /// The newest content of `key`. Another content than before lifts a quarantine.
  package mutating func offer(_ key: ItemKey, _ hash: StableHash) {
    offers += 1
    guard let entry = entries[key] else {
      entries[key] = Entry(offered: hash, age: offers)
      return
    }
    guard entry.offered != hash else { return }
    forgetTrial(of: key)
    entries[key] = Entry(offered: hash, good: entry.good, age: offers)
  }

  package mutating func withdraw(_ key: ItemKey) {
    forgetTrial(of: key)
    entries[key] = nil
  }

  /// What a store remembers of an item.
  package mutating func restore(
    _ key: ItemKey, offered: StableHash, good: StableHash?, refusal: ItemRefusal?
  ) {
    offers += 1
    entries[key] = Entry(
      offered: offered, good: good, isHeld: refusal != nil, refusal: refusal, age: offers)
  }

  /// Holds an item back that the agent itself cannot use.
  package mutating func hold(_ key: ItemKey, because refusal: ItemRefusal) {
    entries[key]?.isHeld = true
    entries[key]?.refusal = refusal
  }

  // MARK: What proxies say

  /// A proxy took everything that was made from this content. Says whether that is news.
  package mutating func accepted(_ key: ItemKey, _ hash: StableHash) -> Bool {
    guard let entry = entries[key], entry.offered == hash, !entry.isHeld, entry.good != hash
    else { return false }
    entries[key]?.good = hash
    return true
  }

  /// A proxy refused a resource. Returns the items whose standing or report changed, sorted.
  package mutating func rejected(_ refused: RefusedResource) -> [ItemKey] {
    let concerned = refused.origins.filter { entries[$0.key]?.offered == $0.value }.keys.sorted()
    let suspects = concerned.filter { key in
      guard let entry = entries[key] else { return false }
      return !entry.isHeld && entry.good != entry.offered
    }
    switch suspects.count {
    case 0: return attribute(refused, among: concerned)
    case 1:
      let offender = suspects[0]
      let reason = refusal(of: offender, in: refused)
      entries[offender]?.isHeld = true
      entries[offender]?.refusal = reason
      trial?.admitted.removeAll { $0 == offender }
      return suspects
    default:
      for suspect in suspects { entries[suspect]?.isHeld = true }
      var next = trial ?? Trial()
      next.admitted.removeAll { suspects.contains($0) }
      let middle = suspects.count / 2
      next.waiting.insert(
        contentsOf: [Array(suspects[..<middle]), Array(suspects[middle...])], at: 0)
      trial = next
      return suspects
    }
  }

  /// Another proxy refuses what is already known to be refused.
  package mutating func rejectedAgain(
    type: String, name: String, version: String, by nodeID: String
  ) -> [ItemKey] {
    let known = entries.filter { entry in
      guard let refusal = entry.value.refusal else { return false }
      return refusal.resourceType == type && refusal.resourceName == name
        && refusal.resourceVersion == version
    }
    return known.keys.sorted().filter { add(nodeID, to: $0) }
  }

  /// Whether items wait for their turn to be let in again.
  package var isOnTrial: Bool { trial != nil }

  /// Goes on once every proxy has answered what the current group became: that group is innocent as
  /// far as it was not refused. Returns the items that are let in now, sorted; empty at the end.
  package mutating func advance() -> [ItemKey] {
    guard var current = trial else { return [] }
    while !current.waiting.isEmpty {
      let group = current.waiting.removeFirst().filter { entries[$0]?.isHeld == true }
      guard !group.isEmpty else { continue }
      for key in group { entries[key]?.isHeld = false }
      current.admitted = group
      trial = current
      return group
    }
    trial = nil
    return []
  }

  // MARK: Questions

  package func standing(of key: ItemKey) -> Standing {
    guard let entry = entries[key], entry.isHeld else { return .offered }
    if let good = entry.good, good != entry.offered { return .lastGood(good) }
    return entry.good == entry.offered ? .offered : .absent
  }

  /// Whether the newest content of `key` is known good.
  package func isProven(_ key: ItemKey) -> Bool {
    guard let entry = entries[key] else { return true }
    return entry.good == entry.offered
  }

  package func good(_ key: ItemKey) -> StableHash? { entries[key]?.good }

  package func refusal(of key: ItemKey) -> ItemRefusal? { entries[key]?.refusal }

  package var refusals: [ItemKey: ItemRefusal] { entries.compactMapValues(\.refusal) }

  // MARK: Details

  /// Nobody can be held back: remember the complaint where it most likely belongs.
  private mutating func attribute(
    _ refused: RefusedResource, among concerned: [ItemKey]
  ) -> [ItemKey] {
    let held = concerned.filter { entries[$0]?.isHeld == true }
    if !held.isEmpty { return held.filter { add(refused.nodeID, to: $0) } }
    guard
      let newest = concerned.max(by: { (entries[$0]?.age ?? 0) < (entries[$1]?.age ?? 0) })
    else { return [] }
    if entries[newest]?.refusal != nil { return add(refused.nodeID, to: newest) ? [newest] : [] }
    let reason = refusal(of: newest, in: refused)
    entries[newest]?.refusal = reason
    return [newest]
  }

  private mutating func add(_ nodeID: String, to key: ItemKey) -> Bool {
    guard var refusal = entries[key]?.refusal, !refusal.nodeIDs.contains(nodeID),
      refusal.nodeIDs.count < ItemRefusal.maximumNodes
    else { return false }
    refusal.nodeIDs.append(nodeID)
    refusal.nodeIDs.sort()
    entries[key]?.refusal = refusal
    return true
  }

  private func refusal(of key: ItemKey, in refused: RefusedResource) -> ItemRefusal {
    ItemRefusal(
      hash: entries[key]?.offered ?? StableHash(value: 0), reason: refused.reason,
      nodeIDs: [refused.nodeID], resourceType: refused.type, resourceName: refused.name,
      resourceVersion: refused.version)
  }

  private mutating func forgetTrial(of key: ItemKey) {
    guard var current = trial else { return }
    current.admitted.removeAll { $0 == key }
    current.waiting = current.waiting.map { $0.filter { $0 != key } }
    trial = current
  }
}
