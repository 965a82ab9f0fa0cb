import Blueprints

/// Which items of which clusters an object has a part in.
struct ObjectIndex {
  struct Trace {
    var keys: Set<ItemKey> = []
    /// The newest generation that changed, brought or took away one of its items.
    var generation: Int64 = 0

    /// Returns whether nothing is left.
    mutating func record(_ key: ItemKey, belongs: Bool, generation: Int64?) -> Bool {
      if belongs { keys.insert(key) } else { keys.remove(key) }
      if let generation { self.generation = max(self.generation, generation) }
      return keys.isEmpty
    }
  }

  private var traces: [String: [String: Trace]] = [:]
  /// Objects without items in a cluster, oldest first: kept for a while, so that a deletion can be
  /// followed, and then forgotten.
  private var empty: [(fqn: String, cluster: String)] = []
  private let emptyLimit: Int

  init(emptyLimit: Int = 10_000) { self.emptyLimit = emptyLimit }

  /// By cluster.
  func traces(of fqn: String) -> [String: Trace] { traces[fqn] ?? [:] }

  mutating func record(cluster: String, generation: Int64?, _ touched: [FeedState.Touched]) {
    for item in touched {
      let before = Set((item.before?.sources ?? []).map(\.fqn))
      let after = Set((item.after?.sources ?? []).map(\.fqn))
      for fqn in before.union(after) {
        let belongs = after.contains(fqn)
        let changes = item.contentChanged || before.contains(fqn) != belongs
        let isEmpty = traces[fqn, default: [:]][cluster, default: Trace()].record(
          item.key, belongs: belongs, generation: changes ? generation : nil)
        if isEmpty { empty.append((fqn, cluster)) }
      }
    }
    if empty.count > emptyLimit { forgetEmpty() }
  }

  private mutating func forgetEmpty() {
    let old = empty.prefix(empty.count - emptyLimit / 2)
    for (fqn, cluster) in old where traces[fqn]?[cluster]?.keys.isEmpty == true {
      traces[fqn]?[cluster] = nil
      if traces[fqn]?.isEmpty == true { traces[fqn] = nil }
    }
    empty.removeFirst(old.count)
  }
}
