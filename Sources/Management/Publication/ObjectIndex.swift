import Blueprints

/// Which items of which clusters an object has a part in.
///
/// Items that many clusters share have the same sources in all of them, and what is kept for a
/// cluster is only a reference to those: memory grows with items and with objects, not with how many
/// of the ones meet how many of the others.
struct ObjectIndex {
  struct Trace {
    var keys: Set<ItemKey> = []
    /// The newest generation that changed, brought or took away one of its items.
    var generation: Int64 = 0
  }

  /// An item as a cluster has it.
  private struct Place {
    var generation: Int64
    /// Sorted by FQN.
    var sources: [Source]
  }

  /// By FQN: the items that the object has a part in, and in how many clusters.
  private var items: [String: [ItemKey: Int]] = [:]
  /// By cluster.
  private var places: [ItemKey: [String: Place]] = [:]
  /// By FQN and cluster: when the object lost its part in an item. Kept for a while, so that a
  /// deletion can be followed.
  private var departures: [String: [String: Int64]] = [:]
  /// Oldest first.
  private var departed: [(fqn: String, cluster: String)] = []
  private let departureLimit: Int

  /// The comparison that was made last: the same change in another cluster has the same one.
  private var comparison = Comparison(before: [], after: [])

  init(departureLimit: Int = 20_000) { self.departureLimit = departureLimit }

  /// By cluster.
  func traces(of fqn: String) -> [String: Trace] {
    var traces = (departures[fqn] ?? [:]).mapValues { Trace(generation: $0) }
    for key in (items[fqn] ?? [:]).keys {
      for (cluster, place) in places[key] ?? [:] where place.sources.names(fqn) {
        traces[cluster, default: Trace()].keys.insert(key)
        traces[cluster, default: Trace()].generation.grow(to: place.generation)
      }
    }
    return traces
  }

  mutating func record(cluster: String, generation: Int64?, _ touched: [FeedState.Touched]) {
    for item in touched {
      let known = places[item.key]?[cluster]
      let before = known?.sources ?? []
      let after = item.after?.sources ?? []
      let othersTakePart =
        before != after
        && moveIn(from: before, to: after, item.key, cluster, generation ?? known?.generation)
      guard item.after != nil else {
        places[item.key]?[cluster] = nil
        if places[item.key]?.isEmpty == true { places[item.key] = nil }
        continue
      }
      let changed = item.contentChanged || othersTakePart ? generation : nil
      places[item.key, default: [:]][cluster] = Place(
        generation: changed ?? known?.generation ?? 0, sources: after)
    }
    if departed.count > departureLimit { forgetDepartures() }
  }

  /// Notes who takes part in an item of a cluster instead of whom; returns whether anybody does.
  private mutating func moveIn(
    from before: [Source], to after: [Source], _ key: ItemKey, _ cluster: String,
    _ generation: Int64?
  ) -> Bool {
    if comparison.before != before || comparison.after != after {
      comparison = Comparison(before: before, after: after)
    }
    for fqn in comparison.arrivals { items[fqn, default: [:]][key, default: 0] += 1 }
    for fqn in comparison.departures {
      let left = (items[fqn]?[key] ?? 1) - 1
      items[fqn]?[key] = left > 0 ? left : nil
      if items[fqn]?.isEmpty == true { items[fqn] = nil }
      // Once, however many items it leaves.
      if departures[fqn]?[cluster] == nil { departed.append((fqn, cluster)) }
      departures[fqn, default: [:]][cluster, default: 0].grow(to: generation ?? 0)
    }
    return !(comparison.arrivals.isEmpty && comparison.departures.isEmpty)
  }

  private mutating func forgetDepartures() {
    let old = departed.prefix(departed.count - departureLimit / 2)
    for (fqn, cluster) in old {
      departures[fqn]?[cluster] = nil
      if departures[fqn]?.isEmpty == true { departures[fqn] = nil }
    }
    departed.removeFirst(old.count)
  }

  /// Which objects an item has among its sources, and had not before, or the other way round.
  private struct Comparison {
    let before: [Source]
    let after: [Source]
    let arrivals: Set<String>
    let departures: Set<String>

    init(before: [Source], after: [Source]) {
      self.before = before
      self.after = after
      let had = Set(before.map(\.fqn))
      let has = Set(after.map(\.fqn))
      arrivals = has.subtracting(had)
      departures = had.subtracting(has)
    }
  }
}

extension [Source] {
  /// Whether one of them is the object of this name.
  fileprivate func names(_ fqn: String) -> Bool {
    let index = partitioningIndex { $0.fqn >= fqn }
    return index < count && self[index].fqn == fqn
  }
}

extension Int64 {
  fileprivate mutating func grow(to other: Int64) { self = Swift.max(self, other) }
}
