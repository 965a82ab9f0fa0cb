package import Blueprints
import Model

/// How traffic gets from one cluster to another, and why so.
package struct PathExplanation: Hashable, Sendable {
  package enum Path: Hashable, Sendable {
    /// It is one cluster: nothing is between.
    case within
    /// To the gateways of the other cluster.
    case direct
    /// Through edge proxies of these clusters, sorted.
    case edge(clusters: [String])
    case none
  }

  package var path: Path
  /// Where connections go from the first cluster's gateways; empty where no path is.
  package var gateways: [GatewayAddress]
  /// What decides, in the order in which it does: one sentence each, without a full stop.
  package var reasons: [String]
}

extension IncrementalCompiler {
  /// The way that the blueprints hold now, and what makes it so, or what is missing.
  package func path(from: String, to: String) -> PathExplanation {
    var explanation = PathExplanation(path: .none, gateways: [], reasons: [])
    let connectivity = world.connectivity
    for name in [from, to] where connectivity.networks[name] == nil {
      explanation.reasons.append("there is no cluster \(name)")
    }
    guard explanation.reasons.isEmpty else { return explanation }
    if from == to {
      explanation.path = .within
      explanation.reasons.append("\(from) is one cluster: workloads call each other directly")
      return explanation
    }
    let plan = peer(to, of: from)
    switch plan?.path {
    case .direct: explanation.path = .direct
    case .edge(let clusters): explanation.path = .edge(clusters: clusters)
    case nil: explanation.path = .none
    }
    explanation.gateways = plan?.gateways ?? []
    explanation.reasons = reasons(from: from, to: to)
    return explanation
  }

  private func peer(_ name: String, of cluster: String) -> PeerPlan? {
    guard case .peer(let plan)? = item(.peer(name), in: cluster)?.item else { return nil }
    return plan
  }

  private func reasons(from: String, to: String) -> [String] {
    let connectivity = world.connectivity
    let setting = world.organizationSetting?.ref.text
    guard let source = connectivity.networks[from], let target = connectivity.networks[to] else {
      return []
    }
    var reasons = [gateways(of: to)]
    for name in [from, to] where connectivity.ports[name] == nil {
      reasons.append(Self.unknown(name))
    }
    reasons.append(connectivity.reason(source, target, setting))
    if !connectivity.reaches(source, target) { reasons += edgeReasons(from: from, to: to) }
    if !connectivity.eastWest.contains(from), !connectivity.edges.contains(from) {
      reasons.append("\(from) has no gateway of its own that could carry its workloads' calls")
    }
    return reasons
  }

  private static func unknown(_ cluster: String) -> String {
    "\(cluster) has no port yet: its authorities are not known in all clusters"
  }

  /// Why traffic goes through an edge, or through none.
  private func edgeReasons(from: String, to: String) -> [String] {
    let connectivity = world.connectivity
    let setting = world.organizationSetting?.ref.text
    let edges = connectivity.edges.filter {
      $0 != from && $0 != to && connectivity.networks[$0] != nil
    }
    if edges.isEmpty { return ["no other cluster has an edge gateway"] }
    return edges.sorted().flatMap { edge -> [String] in
      guard let source = connectivity.networks[from], let network = connectivity.networks[edge],
        let target = connectivity.networks[to]
      else { return [] }
      if connectivity.ports[edge] == nil { return ["edge \(Self.unknown(edge))"] }
      let halves = [(source, network), (network, target)]
      let broken = halves.first { !connectivity.reaches($0.0, $0.1) }
      return (broken.map { [$0] } ?? halves).map { half in
        "edge \(edge): \(connectivity.reason(half.0, half.1, setting))"
      }
    }
  }

  private func gateways(of cluster: String) -> String {
    let addresses = (world.proxies[cluster] ?? []).addresses(of: GatewayRole.eastWest)
    guard !addresses.isEmpty else {
      return "\(cluster) has no east-west gateway with an address that others can dial"
    }
    let healthy = addresses.count { $0.healthy }
    return "\(cluster) has \(addresses.count) east-west gateway"
      + "\(addresses.count == 1 ? "" : "s"), \(healthy) healthy"
  }
}

extension Connectivity {
  /// Why one network reaches another, or why not.
  fileprivate func reason(_ from: String, _ to: String, _ setting: String?) -> String {
    if from == to { return "both ends are in network \(from)" }
    if let entry = reachability[from] {
      let place = "networkReachability of \(setting ?? "the organization") has "
      return entry.contains(to)
        ? "network \(from) reaches \(to): \(place)it"
        : "network \(from) does not reach \(to): \(place)an entry for \(from) without \(to)"
    }
    if hasEdge(to) { return "network \(from) reaches \(to): there are edge gateways in \(to)" }
    if hasEdge(from) { return "network \(from) reaches \(to): there are edge gateways in \(from)" }
    return "network \(from) does not reach \(to): no entry says so, and neither has edge gateways"
  }
}
