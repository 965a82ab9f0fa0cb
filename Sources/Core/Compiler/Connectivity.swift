import Blueprints
import Documents
import Model

/// Which clusters reach which others, and how: networks, what connects them, and gateways.
struct Connectivity: Equatable {
  /// The network of each cluster.
  var networks: [String: String] = [:]
  /// What is written about networks.
  var reachability: [String: [String]] = [:]
  /// The port allocated to each cluster. One without is not known everywhere yet: nothing is sent
  /// there, from there or by it.
  var ports: [String: Int] = [:]
  /// Clusters with gateways of the role.
  private(set) var eastWest: Set<String> = []
  private(set) var edges: Set<String> = []

  mutating func set(eastWest: Bool, edge: Bool, of cluster: String) {
    if eastWest { self.eastWest.insert(cluster) } else { self.eastWest.remove(cluster) }
    if edge { edges.insert(cluster) } else { edges.remove(cluster) }
  }

  /// Whether connections can be made from one network to another.
  func reaches(_ from: String, _ to: String) -> Bool {
    if from == to { return true }
    if let entry = reachability[from] { return entry.contains(to) }
    return hasEdge(to) || hasEdge(from)
  }

  func hasEdge(_ network: String) -> Bool { edges.contains { networks[$0] == network } }

  /// nil when there is no way.
  func path(from: String, to: String) -> PeerPath? {
    guard from != to, let source = networks[from], let target = networks[to],
      ports[from] != nil, ports[to] != nil, eastWest.contains(to)
    else { return nil }
    if reaches(source, target) { return .direct }
    let between = edges.filter { edge in
      guard edge != from, edge != to, ports[edge] != nil, let network = networks[edge]
      else { return false }
      return reaches(source, network) && reaches(network, target)
    }
    return between.isEmpty ? nil : .edge(clusters: between.sorted())
  }

  /// Whether the other cluster is a peer.
  func isConnected(from: String, to: String) -> Bool { path(from: from, to: to) != nil }

  struct Differences {
    var paths: [Connection] = []
    var connections: [Connection] = []
    var networks = false

    mutating func compare(
      _ pair: Connection, _ before: Connectivity, _ after: Connectivity
    ) {
      let paths = (
        before.path(from: pair.from, to: pair.to), after.path(from: pair.from, to: pair.to)
      )
      if paths.0 != paths.1 { self.paths.append(pair) }
      if (paths.0 == nil) != (paths.1 == nil) { connections.append(pair) }
    }
  }

  func differences(from before: Connectivity) -> Differences {
    var found = Differences()
    guard self != before else { return found }
    let clusters = Set(networks.keys).union(before.networks.keys)
    found.networks = Set(networks.values) != Set(before.networks.values)
    let changed = changedEnds(since: before) ?? clusters
    for end in changed {
      for other in clusters where other != end {
        found.compare(Connection(from: end, to: other), before, self)
        // Between two that changed, the other one comes to it by itself.
        if !changed.contains(other) {
          found.compare(Connection(from: other, to: end), before, self)
        }
      }
    }
    return found
  }

  /// The clusters that a path must begin or end at to be another one now; nil when what connects
  /// networks is another, which concerns all paths.
  private func changedEnds(since before: Connectivity) -> Set<String>? {
    guard reachability == before.reachability, edges == before.edges,
      edges.allSatisfy({
        networks[$0] == before.networks[$0] && (ports[$0] == nil) == (before.ports[$0] == nil)
      })
    else { return nil }
    return Set(networks.keys).union(before.networks.keys).filter { cluster in
      networks[cluster] != before.networks[cluster]
        || (ports[cluster] == nil) != (before.ports[cluster] == nil)
        || eastWest.contains(cluster) != before.eastWest.contains(cluster)
    }
  }
}

/// The kind of a gateway, as far as settings tell gateways apart.
struct GatewayShape: Hashable {
  var namespace: String
  var labels: [String: String]
}

extension [ObservedGateway] {
  var eastWest: Set<GatewayShape> {
    Set(
      filter { $0.role == GatewayRole.eastWest && $0.isDialable }
        .map { GatewayShape(namespace: $0.namespace, labels: $0.labels) })
  }

  var hasEdge: Bool { contains { $0.role == GatewayRole.edge && $0.isDialable } }

  /// Where they take what comes from other clusters: sorted, each place once.
  func addresses(of role: String) -> [GatewayAddress] {
    var healthy: [String: [Int: Bool]] = [:]
    for gateway in self where gateway.role == role && gateway.isDialable {
      let known = healthy[gateway.address]?[gateway.port] ?? false
      healthy[gateway.address, default: [:]][gateway.port] = known || gateway.healthy
    }
    return healthy.flatMap { address, ports in
      ports.map { GatewayAddress(address: address, port: $0.key, healthy: $0.value) }
    }.sorted()
  }
}

/// The roles of `ObservedGateway.role` that matter between clusters.
enum GatewayRole {
  static let eastWest = "east-west"
  static let ingress = "ingress"
  static let edge = "edge"
}

extension ObservedGateway {
  /// What nobody can dial is no way to anywhere, whatever an agent says.
  fileprivate var isDialable: Bool { (1...65_535).contains(port) && IPv4Address(address) != nil }
}
