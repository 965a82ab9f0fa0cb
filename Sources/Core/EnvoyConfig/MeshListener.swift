import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// What gateways serve to gateways elsewhere: their host names, each with the rules that it has for
/// clients, and their servers of connections, to callers with a mesh identity.
func meshResources(of profile: ProxyProfile, in site: Site) -> [EnvoyResource] {
  guard profile.role.servesMesh else { return [] }
  let hosts = site.meshServers(of: profile).map { plan, server in
    GatewayHost(server, of: plan, in: site, forMesh: true)
  }
  let connections = MeshConnections(of: profile, in: site)
  guard !hosts.isEmpty || !connections.isEmpty else { return [] }
  let authorities = TrustBundle.all(in: site.trust)
  let routes = RouteConfiguration.with {
    $0.name = EnvoyName.meshRoutes
    $0.ignorePortInHostMatching = true
    if let deny = AuthorizationMatchers(requests: .open, trust: site.trust).deny {
      $0.typedPerFilterConfig[HTTPFilter.deny.rawValue] = .requests(statPrefix: "deny", deny)
    }
    $0.virtualHosts = hosts.map(\.virtualHost)
  }
  let listener = Listener.with {
    $0.name = EnvoyName.meshListener
    $0.address = Address("0.0.0.0", port: MeshPort.hostnames)
    $0.trafficDirection = .inbound
    $0.listenerFiltersTimeout = .init(milliseconds: 3000)
    $0.listenerFilters = [.tlsInspector]
    $0.filterChains = connections.chains(accepting: authorities?.name)
    guard !hosts.isEmpty else { return }
    $0.filterChains.append(
      .with {
        $0.name = "mesh"
        $0.filterChainMatch.transportProtocol = EnvoyName.transportTLS
        $0.transportSocket = .mutualTLS(accepting: authorities?.name, protocols: ALPN.server)
        $0.transportSocketConnectTimeout = .init(milliseconds: 5000)
        $0.filters = [NetworkFilter(.mesh(routes: EnvoyName.meshRoutes))]
      })
  }
  let origins = hosts.reduce(into: Set<ItemKey>([.trust])) { $0.formUnion($1.origins) }
  let usesUnavailable = hosts.contains(where: \.usesUnavailable) || connections.usesUnavailable
  return [
    EnvoyResource(.listener, listener.name, listener, from: connections.origins.union([.trust]))
  ] + (hosts.isEmpty ? [] : [EnvoyResource(.routes, routes.name, routes, from: origins)])
    + (authorities.map { [$0.resource] } ?? []) + (usesUnavailable ? [Cluster.unavailable] : [])
}

extension Site {
  /// One server per host name that `profile` answers for: with TLS before plaintext, because
  /// plaintext often only redirects, and else the first.
  fileprivate func meshServers(of profile: ProxyProfile) -> [(GatewayPlan, GatewayServer)] {
    var chosen: [String: (GatewayPlan, GatewayServer)] = [:]
    for plan in gateways(for: profile) {
      for server in plan.servers where server.answers {
        if let known = chosen[server.hostname]?.1, known.tls != .none || server.tls == .none {
          continue
        }
        chosen[server.hostname] = (plan, server)
      }
    }
    return chosen.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map(\.value)
  }
}
