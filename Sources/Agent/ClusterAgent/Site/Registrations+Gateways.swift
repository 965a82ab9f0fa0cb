import EnvoyConfig

/// A gateway of this cluster as others need to know it.
package struct PresentGateway: Hashable, Sendable {
  package var registration: Registration
  package var healthy: Bool

  /// As this cluster's own proxies reach it.
  var local: LocalGateway {
    LocalGateway(
      role: registration.identity.role, namespace: registration.identity.namespace,
      labels: registration.labels, address: registration.presence.address, healthy: healthy)
  }
}

extension Registrations {
  /// The server takes no more from one cluster.
  package static let gatewayLimit = 64

  /// The gateways that are here, sorted by node id; those that are well come first where there are
  /// more than `gatewayLimit`.
  ///
  /// A gateway whose stream ended is unhealthy at once, for callers must not wait until its lease
  /// has ended. After a start of the agent itself it is as it last said, until its lease ends.
  package var gateways: [PresentGateway] {
    let all = gatewayEntries.map { entry in
      PresentGateway(
        registration: entry.registration,
        healthy: entry.registration.presence.healthy && !entry.isLost)
    }
    guard all.count > Self.gatewayLimit else { return all }
    let kept = (all.filter(\.healthy) + all.filter { !$0.healthy }).prefix(Self.gatewayLimit)
    return kept.sorted { $0.registration.identity.nodeID < $1.registration.identity.nodeID }
  }
}
