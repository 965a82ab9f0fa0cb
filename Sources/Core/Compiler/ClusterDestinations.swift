import Blueprints
import Documents
import Inheritance
import Model

/// A cluster that sends what is asked for a host to services at gateways of its own.
private struct HostOffer {
  var cluster: ResolvedCluster
  var gateways: [ObservedGateway]
  /// Where it is served there; nil for requests, which every port takes.
  var port: Int?

  var name: String { cluster.resource.ref.name }
}

/// Where what is asked for a host goes from the gateways of one cluster: to the gateways of others.
struct Forwarding {
  var host: String
  var asked: MeshRequest
  /// The object with the rule or the server, and where in it that is.
  var resource: Resource
  var path: FieldPath
  /// Where the destinations are written.
  var list: FieldPath
  /// The cluster whose gateways forward.
  var cluster: String

  /// - Parameters:
  ///   - server: where the server is.
  ///   - rule: where in it the rule is; nil: the server has no rules.
  init(
    host: String, asked: MeshRequest, resource: Resource, server: FieldPath, rule: FieldPath? = nil,
    cluster: String
  ) {
    self.host = host
    self.asked = asked
    self.resource = resource
    self.cluster = cluster
    let isPlain = resource.ref.kind.leadsToClustersOnly
    path = isPlain ? server : (rule ?? server) / "route"
    list = (isPlain ? path : path / "clusterDestination") / "clusters"
  }

  /// Sorted by name.
  func providers(
    _ destinations: [ClusterDestination], _ reader: inout Reader
  ) -> [HostProvider] {
    let offers = offers(&reader)
    if offers.isEmpty {
      reader.report(
        .warning, .unknownDestination, on: resource, at: path,
        "no other cluster \(serving) at gateways of its own; \(consequence)")
    }
    let shares = shares(destinations, offers, &reader)
    let reached = offers.filter { offer in
      shares[offer.name] != 0 && (destinations.isEmpty || shares[offer.name] != nil)
        && reader.isConnected(from: cluster, to: offer.name)
    }
    reportNoWay(to: offers, of: reached, &reader)
    // Who gives shares means all of them; else the nearest that can take a request.
    let isShared = destinations.contains { $0.weight != nil }
    let choice = isShared ? TopologyChoice.none : topology(&reader)
    let priorities = priorities(
      of: reached.map { ($0.cluster, choice) }, seenFrom: reader.cluster(cluster))
    return zip(reached, priorities).map { offer, priority in
      HostProvider(
        cluster: offer.name, trustDomain: offer.cluster.trustDomain,
        identities: Set(offer.gateways.map { "\($0.namespace)/\($0.serviceAccount)" }).sorted(),
        weight: shares[offer.name] ?? 1, priority: priority,
        healthy: offer.gateways.count { $0.healthy }, port: offer.port)
    }
  }

  private func offers(_ reader: inout Reader) -> [HostOffer] {
    // By cluster: its gateways, by node, for each port on which some serve the host.
    var gateways: [String: [Int: [String: ObservedGateway]]] = [:]
    for other in reader.gateways(serving: host) where other.ref != resource.ref {
      guard let gateway = other.gateway else { continue }
      let ports = gateway.ports(serving: host, asked)
      guard !ports.isEmpty else { continue }
      for name in gatewayClusters(other, gateway, &reader) where name != cluster {
        for proxy in reader.proxies(of: name)
        where [GatewayRole.ingress, GatewayRole.eastWest].contains(proxy.role)
          && gateway.selector.selects(proxy)
        {
          for port in ports {
            gateways[name, default: [:]][port, default: [:]][proxy.nodeID] = proxy
          }
        }
      }
    }
    return gateways.sorted { $0.key < $1.key }.compactMap { name, byPort in
      guard let resolved = reader.cluster(name) else { return nil }
      guard let wanted = asked.port else {
        let all = byPort.values.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
        return HostOffer(cluster: resolved, gateways: Array(all.values), port: nil)
      }
      // The port that clients came to, or else the only one that can be meant.
      guard let port = byPort[wanted] != nil ? wanted : byPort.count == 1 ? byPort.keys.first : nil
      else { return nil }
      return HostOffer(
        cluster: resolved, gateways: (byPort[port] ?? [:]).map(\.value), port: port)
    }
  }

  /// By cluster; the first destination that names a cluster counts.
  private func shares(
    _ destinations: [ClusterDestination], _ offers: [HostOffer], _ reader: inout Reader
  ) -> [String: Int] {
    var shares: [String: Int] = [:]
    for (index, destination) in destinations.enumerated() {
      let place = list[index]
      var named: [String] = []
      switch destination.selector {
      case .name(let name):
        if reader.cluster(name) == nil {
          reader.report(
            .warning, .unknownReference, on: resource, at: place / "name",
            "there is no cluster \(name); nothing is sent there")
        } else if name != cluster, !offers.isEmpty, !offers.contains(where: { $0.name == name }) {
          reader.report(
            .warning, .unknownDestination, on: resource, at: place / "name",
            "cluster \(name) does not serve \(host)\(asked.detail) at gateways of its own; "
              + "nothing is sent there until it does")
        }
        named = [name]
      case .labels(let labels):
        named = offers.filter { $0.cluster.labels.includes(labels) }.map(\.name)
        if named.isEmpty, !offers.isEmpty {
          reader.report(
            .warning, .noEffect, on: resource, at: place / "labels",
            "no cluster that \(serving) has these labels")
        }
      }
      for name in named where shares[name] == nil { shares[name] = destination.weight ?? 1 }
    }
    return shares
  }

  private func reportNoWay(
    to offers: [HostOffer], of reached: [HostOffer], _ reader: inout Reader
  ) {
    guard reached.isEmpty, !offers.isEmpty, let gateway = resource.gateway,
      reader.proxies(of: cluster).contains(where: { gateway.selector.selects($0) })
    else { return }
    reader.report(
      .warning, .unknownDestination, on: resource, at: path,
      "from cluster \(cluster) there is no way to a cluster that is meant and \(serving); "
        + "\(consequence) there")
  }

  private func topology(_ reader: inout Reader) -> TopologyChoice {
    resource.ref.ancestor(.workspace).map { PolicyPlace($0) }
      .flatMap { reader.failover(at: $0) }.choice
  }

  private var serving: String { "serves \(host)\(asked.detail)" }

  /// What becomes of what cannot be sent on.
  private var consequence: String {
    switch asked {
    case .requests: "requests are answered with 503"
    case .handshakes, .bytes: "connections are closed"
    }
  }
}

extension MeshRequest {
  /// The port that clients came to, where it matters.
  fileprivate var port: Int? {
    switch self {
    case .requests: nil
    case .handshakes(let port), .bytes(let port): port
    }
  }

  fileprivate var detail: String {
    switch self {
    case .requests: ""
    case .handshakes(let port): " with TLS on port \(port)"
    case .bytes(let port): " for connections on port \(port)"
    }
  }
}
