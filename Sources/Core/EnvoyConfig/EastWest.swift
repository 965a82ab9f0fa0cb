import Blueprints
import EnvoyProtos
import SwiftProtobuf

// What the gateways of a cluster let other clusters call. They choose by server name and never
// terminate TLS: a copy of a service is added by its cluster alone, without a new filter chain.

/// Where gateways take what comes from other clusters; empty until it is known which cluster this
/// is.
func eastWestListener(in site: Site) -> [EnvoyResource] {
  guard let cluster = site.plan?.cluster else { return [] }
  let name = EnvoyName.eastWestListener
  let chain = FilterChain.with {
    $0.name = name
    $0.filterChainMatch.transportProtocol = EnvoyName.transportTLS
    // No others: a caller must not get at the clusters that the gateway itself calls.
    $0.filterChainMatch.serverNames = ["*\(EnvoyName.copySuffix(of: cluster))"]
    $0.filterChainMatch.applicationProtocols = ALPN.mesh
    $0.filters = [
      .serverNameCluster,
      NetworkFilter(TCPProxy.passing(statPrefix: name, to: EnvoyName.unavailableCluster)),
    ]
  }
  let listener = Listener.passing(name, port: MeshPort.eastWest, chains: [chain])
  return [EnvoyResource(.listener, name, listener, from: [.site]), Cluster.unavailable]
}

extension ServicePlan {
  /// The clusters of the copy of this service in `cluster`, which is this one.
  func exposedClusters(in cluster: String) -> [EnvoyResource] {
    callablePorts.map { port, subset in
      let name = EnvoyName.copy(of: host, port: port.number, subset: subset?.name, in: cluster)
      let made = Cluster.passing(name, connectTimeout: 500)
      return EnvoyResource(.cluster, name, made, from: [ServiceKey(self).item, .site])
    }
  }

  func exposedEndpoints(of instances: [LocalEndpoint], in cluster: String) -> [EnvoyResource] {
    let sorted = instances.sortedByAddress
    return callablePorts.map { port, subset in
      let name = EnvoyName.copy(of: host, port: port.number, subset: subset?.name, in: cluster)
      var groups = EndpointGroups()
      for instance in sorted where instance.serves(port, subset) {
        groups.add(instance, port: port.number, priority: 0)
      }
      return EnvoyResource(
        .endpoints, name, groups.assignment(name), from: [ServiceKey(self).item, .site])
    }
  }
}

/// The clusters of the host names that gateways here serve, for gateways elsewhere.
func servedHosts(in site: Site) -> [EnvoyResource] {
  guard let cluster = site.plan?.cluster else { return [] }
  return site.meshHostnames.sorted().flatMap { hostname -> [EnvoyResource] in
    let name = EnvoyName.copy(ofHostname: hostname, in: cluster)
    let origins = site.plansServing(hostname).map { ItemKey.gateway($0.fqn) } + [.site]
    let made = Cluster.passing(name, connectTimeout: 500)
    let assignment = ClusterLoadAssignment.with {
      $0.clusterName = name
      let gateways = site.gatewaysServing(hostname)
      if gateways.contains(where: \.healthy) {
        $0.endpoints = [.with { $0.lbEndpoints = gateways.map { LbEndpoint($0) } }]
      }
    }
    return [
      EnvoyResource(.cluster, name, made, from: origins),
      EnvoyResource(.endpoints, name, assignment, from: origins),
    ]
  }
}

extension ProxyRole {
  /// Whether gateways elsewhere may send requests to gateways of this role.
  var servesMesh: Bool { self == .ingress || self == .eastWest }
}

extension Site {
  /// The host names that gateways of this cluster answer for.
  var meshHostnames: Set<String> {
    Set(gateways.values.flatMap(\.servers).filter(\.answers).map(\.hostname))
  }

  /// By their FQNs.
  func plansServing(_ hostname: String) -> [GatewayPlan] {
    gateways.values
      .filter { $0.servers.contains { $0.answers && $0.hostname == hostname } }
      .sorted { $0.fqn.utf8.lexicographicallyPrecedes($1.fqn.utf8) }
  }

  /// Where the gateways of this cluster answer gateways elsewhere for `hostname`, sorted.
  func gatewaysServing(_ hostname: String) -> [GatewayAddress] {
    let plans = plansServing(hostname)
    var healthy: [String: Bool] = [:]
    for gateway in localGateways
    where gateway.role.servesMesh && plans.contains(where: gateway.serves) {
      healthy[gateway.address] = healthy[gateway.address] ?? false || gateway.healthy
    }
    return healthy.map {
      GatewayAddress(address: $0.key, port: MeshPort.hostnames, healthy: $0.value)
    }.sorted()
  }
}

extension LocalGateway {
  fileprivate func serves(_ plan: GatewayPlan) -> Bool {
    namespace == plan.namespace && plan.labels.allSatisfy { labels[$0.key] == $0.value }
  }
}
