package import Blueprints
package import Documents

/// The types of resources that proxies get, by their type URLs.
package enum EnvoyResourceType: String, CaseIterable, Hashable, Sendable {
  case cluster = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
  case endpoints = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
  case secret = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
  case listener = "type.googleapis.com/envoy.config.listener.v3.Listener"
  case scopedRoutes = "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration"
  case routes = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
  /// For the resolver of `rialto proxy`, not for Envoy.
  case name = "type.googleapis.com/rialto.workload.v1.NameRecord"

  fileprivate var rank: Int {
    switch self {
    case .cluster: 0
    case .endpoints: 1
    case .secret: 2
    case .listener: 3
    case .scopedRoutes: 4
    case .routes: 5
    case .name: 6
    }
  }
}

package struct EnvoyResourceName: Hashable, Sendable, Comparable {
  package var type: EnvoyResourceType
  package var name: String

  package init(_ type: EnvoyResourceType, _ name: String) {
    self.type = type
    self.name = name
  }

  /// By type, in the order of `EnvoyResourceType`, then by name.
  package static func < (left: EnvoyResourceName, right: EnvoyResourceName) -> Bool {
    if left.type != right.type { return left.type.rank < right.type.rank }
    return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
  }
}

/// One resource, encoded once and shared by every proxy that gets it.
package struct EnvoyResource: Hashable, Sendable {
  package var name: EnvoyResourceName
  /// The hash of `bytes`.
  package var version: StableHash
  /// The serialized message, with deterministic ordering.
  package var bytes: [UInt8]
  /// The items it was made from, sorted: the way back to the objects.
  package var origins: [ItemKey]

  package init(name: EnvoyResourceName, bytes: [UInt8], origins: [ItemKey]) {
    self.name = name
    self.version = StableHash(bytes)
    self.bytes = bytes
    self.origins = origins
  }
}

/// Which service, in endpoint tables.
package struct ServiceKey: Hashable, Sendable, Comparable {
  package var namespace: String
  package var name: String

  package init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }

  package static func < (left: ServiceKey, right: ServiceKey) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }
}

/// A gateway of this cluster, as its own workloads reach it.
package struct LocalGateway: Hashable, Sendable {
  package var role: ProxyRole
  package var namespace: String
  package var labels: [String: String]
  /// Dotted IPv4.
  package var address: String
  package var healthy: Bool

  package init(
    role: ProxyRole, namespace: String, labels: [String: String], address: String, healthy: Bool
  ) {
    self.role = role
    self.namespace = namespace
    self.labels = labels
    self.address = address
    self.healthy = healthy
  }
}

/// One instance of a service in this cluster.
package struct LocalEndpoint: Hashable, Sendable {
  /// Dotted IPv4; service ports are served at their own numbers.
  package var address: String
  /// The port numbers that this instance serves, sorted.
  package var ports: [Int]
  package var labels: [String: String]
  package var healthy: Bool

  package init(address: String, ports: [Int], labels: [String: String], healthy: Bool) {
    self.address = address
    self.ports = ports
    self.labels = labels
    self.healthy = healthy
  }
}
