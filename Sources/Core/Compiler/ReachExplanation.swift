import Blueprints
package import Model

/// Whether the workloads of one service can call another, and why so.
package struct ReachExplanation: Hashable, Sendable {
  package enum Verdict: String, Hashable, Sendable {
    case reachable
    /// There is no such service, or the asker's cluster is none.
    case unknown
    /// The asker may not call it: it is not sent to its proxies.
    case notInReach
    /// It runs in other clusters only, and these expose it to nobody.
    case notExposed
    /// Clusters expose it, and there is no way to them.
    case noPath
  }

  package var verdict: Verdict
  /// The clusters whose instances take the calls, sorted.
  package var clusters: [String]
  /// One sentence each, without a full stop.
  package var reasons: [String]
}

extension IncrementalCompiler {
  /// What the blueprints hold now.
  package func explainReach(
    service: ServiceName, from caller: ServiceName, cluster: String
  ) -> ReachExplanation {
    guard world.clusters[cluster] != nil else {
      return ReachExplanation(
        verdict: .unknown, clusters: [], reasons: ["there is no cluster \(cluster)"])
    }
    var reader = Reader(world)
    let exposures = exposures(of: service, &reader)
    guard !exposures.isEmpty else {
      return ReachExplanation(
        verdict: .unknown, clusters: [], reasons: ["\(service.host) runs in no cluster"])
    }
    guard isInReach(service, of: caller, in: cluster, &reader) else {
      return ReachExplanation(
        verdict: .notInReach, clusters: [],
        reasons: [
          "the reachability that holds for \(caller.host) in \(cluster) leaves out \(service.host)"
        ])
    }
    let callable = callable(exposures, from: cluster, &reader).map(\.cluster)
    let reasons = exposures.map { exposed in
      reason(exposed, isCallable: callable.contains(exposed.cluster), from: cluster)
    }
    let others = exposures.filter { $0.cluster != cluster }
    let verdict: ReachExplanation.Verdict =
      !callable.isEmpty
      ? .reachable : others.contains(where: \.isExposed) ? .noPath : .notExposed
    return ReachExplanation(verdict: verdict, clusters: callable, reasons: reasons)
  }

  private func isInReach(
    _ service: ServiceName, of caller: ServiceName, in cluster: String, _ reader: inout Reader
  ) -> Bool {
    let place = NamespaceInCluster(cluster: cluster, namespace: caller.namespace)
    var reach: Reach?
    if case .namespace(let plan)? = namespaceUnit(place, &reader)[cluster]?.item {
      reach = plan.reach
    }
    if case .workloads(let plan)? = workloadsUnit(caller, &reader)[cluster]?.item {
      reach = plan.reach ?? reach
    }
    guard case .only(let targets)? = reach else { return true }
    return targets.contains { $0.includes(namespace: service.namespace, service: service.name) }
  }

  private func reason(
    _ exposed: Exposed, isCallable: Bool, from cluster: String
  ) -> String {
    if exposed.cluster == cluster { return "it runs in \(cluster) itself" }
    if isCallable { return "\(exposed.cluster) exposes it, and there is a way there" }
    if exposed.isExposed { return "\(exposed.cluster) exposes it, but there is no way there" }
    return "\(exposed.cluster) has it and does not expose it: no defaultEastWestGatewaySettings "
      + "of the workspace there fit it and an east-west gateway"
  }
}
