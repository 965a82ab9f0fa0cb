import Blueprints

/// Something that gateways of one cluster take from gateways of others.
enum MeshEntry: Hashable {
  /// Requests for a host.
  case requests(hostname: String)
  /// Connections for a host that clients make to a port, with TLS for the host still in them or
  /// without.
  case connections(hostname: String, port: Int, withTLS: Bool)

  /// What handshakes ask for that mean what `cluster` has of it, and the cluster at its gateways.
  func name(in cluster: String) -> String {
    switch self {
    case .requests(let hostname): EnvoyName.copy(ofHostname: hostname, in: cluster)
    case .connections(let hostname, let port, let withTLS):
      EnvoyName.copy(ofHostname: hostname, port: port, withTLS: withTLS, in: cluster)
    }
  }
}

extension GatewayServer {
  /// What of it others may ask for.
  fileprivate var meshEntries: [MeshEntry] {
    answers ? [.requests(hostname: hostname)] + (meshHandshakes.map { [$0] } ?? []) : []
  }

  /// Connections, if to a client with TLS the server is one like any other.
  var meshHandshakes: MeshEntry? {
    answers && tls != .none && isWhole(hostname)
      ? .connections(hostname: hostname, port: port, withTLS: true) : nil
  }
}

/// Others ask for connections to one host only, never to many.
private func isWhole(_ hostname: String) -> Bool { !hostname.utf8.contains(UInt8(ascii: "*")) }

extension ConnectionPlan {
  /// Likewise. Where TLS ends at the gateways here, it may as well have ended before.
  var meshEntries: [MeshEntry] {
    guard case .service? = target, isWhole(hostname) else { return [] }
    let kinds =
      switch entry {
      case .passthrough: [true]
      case .terminated(.none): [false]
      case .terminated(.files): [true, false]
      }
    return kinds.map { .connections(hostname: hostname, port: port, withTLS: $0) }
  }
}

extension GatewayPlan {
  /// What gateways elsewhere may ask the gateways of this plan for.
  var meshEntries: Set<MeshEntry> {
    Set(servers.flatMap(\.meshEntries) + connections.flatMap(\.meshEntries))
  }
}

extension ProxyRole {
  /// Whether gateways elsewhere may send something to gateways of this role.
  var servesMesh: Bool { self == .ingress || self == .eastWest }
}

extension Site {
  /// By what gateways elsewhere may ask for: the plans with it, by their FQNs.
  var plansByMeshEntry: [MeshEntry: [GatewayPlan]] {
    let sorted = gateways.values.sorted { $0.fqn.utf8.lexicographicallyPrecedes($1.fqn.utf8) }
    return sorted.reduce(into: [:]) { all, plan in
      for entry in plan.meshEntries { all[entry, default: []].append(plan) }
    }
  }

  /// Where the gateways of `plans` listen on `port`, sorted.
  func addresses(of plans: [GatewayPlan], port: Int) -> [GatewayAddress] {
    var healthy: [String: Bool] = [:]
    for gateway in localGateways
    where gateway.role.servesMesh && plans.contains(where: gateway.serves) {
      healthy[gateway.address] = healthy[gateway.address] ?? false || gateway.healthy
    }
    return healthy.map { GatewayAddress(address: $0.key, port: port, healthy: $0.value) }.sorted()
  }
}

extension LocalGateway {
  fileprivate func serves(_ plan: GatewayPlan) -> Bool {
    namespace == plan.namespace && plan.labels.allSatisfy { labels[$0.key] == $0.value }
  }
}
