import Blueprints

/// What the workloads of each cluster may call, all namespaces together.
struct ReachIndex {
  struct Tally {
    /// How many namespaces may call everything.
    var everything = 0
    /// By namespace, then by service; nil is every service.
    var exact: [String: [String?: Int]] = [:]
    /// Namespaces given by a pattern.
    var patterns: [ReachTarget: Int] = [:]

    var isEmpty: Bool { everything == 0 && exact.isEmpty && patterns.isEmpty }
  }

  private var tallies: [String: Tally] = [:]
  private var reaches: [CallerPlace: Reach] = [:]

  /// The clusters in which somebody may call a service, sorted.
  func clusters(reaching namespace: String, _ service: String) -> [String] {
    tallies.filter { _, tally in
      if tally.everything > 0 { return true }
      if let services = tally.exact[namespace], services[nil] != nil || services[service] != nil {
        return true
      }
      return tally.patterns.keys.contains { target in
        target.namespace.matches(namespace)
          && (target.service == nil || target.service == service)
      }
    }.keys.sorted()
  }

  /// The namespaces whose services a cluster may call since then, or no longer.
  mutating func set(_ reach: Reach?, of caller: CallerPlace) -> [NamePattern] {
    let before = reaches[caller]
    guard before != reach else { return [] }
    reaches[caller] = reach
    let cluster = caller.place.cluster
    var tally = tallies[cluster] ?? Tally()
    var changed: Set<NamePattern> = []
    // Entered first: what is in both stays, and touches nothing.
    if let reach { changed.formUnion(tally.add(reach, 1)) }
    if let before { changed.formUnion(tally.add(before, -1)) }
    tallies[cluster] = tally.isEmpty ? nil : tally
    return Array(changed)
  }
}

extension ReachIndex.Tally {
  /// The patterns of namespaces that came first or went last.
  mutating func add(_ reach: Reach, _ step: Int) -> [NamePattern] {
    switch reach {
    case .everything:
      let count = everything + step
      defer { everything = count }
      return (count == 0) != (everything == 0) ? [NamePattern("*")] : []
    case .only(let targets):
      return targets.filter { add($0, step) }.map(\.namespace)
    }
  }

  /// Whether the target was the first of its like, or the last.
  private mutating func add(_ target: ReachTarget, _ step: Int) -> Bool {
    guard target.namespace.text.utf8.last == UInt8(ascii: "*") else {
      var services = exact[target.namespace.text] ?? [:]
      let before = services[target.service] ?? 0
      services[target.service] = before + step > 0 ? before + step : nil
      exact[target.namespace.text] = services.isEmpty ? nil : services
      return before == 0 || before + step == 0
    }
    let before = patterns[target] ?? 0
    patterns[target] = before + step > 0 ? before + step : nil
    return before == 0 || before + step == 0
  }
}
