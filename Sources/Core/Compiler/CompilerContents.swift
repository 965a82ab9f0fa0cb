package import Blueprints
package import Model

// What the compiler holds at the moment, for who compares two of them.
extension IncrementalCompiler {
  /// What a cluster has, in no order.
  package func items(in cluster: String) -> [SourcedItem] {
    outputs.values.compactMap { $0[cluster] }
  }

  /// What a cluster has that is no service, in no order.
  package func itemsBesideServices(in cluster: String) -> [SourcedItem] {
    (unitsBesideServices[cluster] ?? []).compactMap { outputs[$0]?[cluster] }
  }

  /// The keys under which services and gateways are that send requests to a service, wherever.
  package func keys(sendingTo service: ServiceName) -> [ItemKey] {
    (world.mentions[service] ?? []).compactMap { ref in
      switch world.resources[ref]?.spec {
      case .serviceRoute(let route)?:
        .service(namespace: route.service.namespace, name: route.service.name)
      case .gateway?: .gateway(ref.fqn)
      default: nil
      }
    }
  }

  /// A service as a cluster provides it.
  package func observed(_ service: ServiceName, in cluster: String) -> ObservedService? {
    world.services[service]?[cluster]
  }

  /// The gateway proxies of a cluster, sorted by node.
  package func observedGateways(in cluster: String) -> [ObservedGateway] {
    world.proxies[cluster] ?? []
  }
}
