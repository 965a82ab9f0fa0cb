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

/// The clusters of what gateways here serve of host names, for gateways elsewhere.
func servedHosts(in site: Site) -> [EnvoyResource] {
  guard let cluster = site.plan?.cluster else { return [] }
  let entries = site.plansByMeshEntry.map { ($0.name(in: cluster), $1) }
  return entries.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }.flatMap { name, plans in
    let origins = plans.map { ItemKey.gateway($0.fqn) } + [.site]
    return [
      EnvoyResource(.cluster, name, Cluster.passing(name, connectTimeout: 500), from: origins),
      .assignment(name, to: site.addresses(of: plans, port: MeshPort.hostnames), from: origins),
    ]
  }
}

extension EnvoyResource {
  /// Gateways behind a cluster; none where none of them is healthy.
  static func assignment(
    _ name: String, to gateways: [GatewayAddress], from origins: [ItemKey]
  ) -> EnvoyResource {
    let assignment = ClusterLoadAssignment.with {
      $0.clusterName = name
      if gateways.contains(where: \.healthy) {
        $0.endpoints = [.with { $0.lbEndpoints = gateways.map { LbEndpoint($0) } }]
      }
    }
    return EnvoyResource(.endpoints, name, assignment, from: origins)
  }
}
