package import Blueprints
package import Model

// What the compiler holds at the moment, for who compares two of them.
extension IncrementalCompiler {
  /// What a cluster has, in no order.
  package func items(in cluster: String) -> [SourcedItem] {
    outputs.values.compactMap { $0[cluster] }
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
