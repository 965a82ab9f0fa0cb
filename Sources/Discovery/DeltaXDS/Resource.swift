/// A type of resources, by its type URL. The types with a fixed place in the order of a flush are
/// named; others come between secrets and listeners.
package struct ResourceType: Hashable, Sendable {
  package var url: String
  package init(_ url: String) { self.url = url }

  /// A type is looked up all the time, and hardly two of those that there are have the same length.
  package func hash(into hasher: inout Hasher) { hasher.combine(url.utf8.count) }

  package static let cluster = ResourceType("type.googleapis.com/envoy.config.cluster.v3.Cluster")
  package static let endpoints = ResourceType(
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment")
  package static let secret = ResourceType(
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret")
  /// The names that the resolver of `rialto proxy` answers; no Envoy asks for them.
  package static let names = ResourceType("type.googleapis.com/rialto.workload.v1.NameRecord")
  package static let listener = ResourceType(
    "type.googleapis.com/envoy.config.listener.v3.Listener")
  package static let scopedRoutes = ResourceType(
    "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration")
  package static let routes = ResourceType(
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration")

  /// Every type that a relay subscribes to, in the order of a flush.
  package static let all: [ResourceType] = [
    .cluster, .endpoints, .secret, .names, .listener, .scopedRoutes, .routes,
  ]

  /// Refers to clusters, so it goes out only after them.
  var refersToClusters: Bool { self == .listener || self == .scopedRoutes || self == .routes }

  /// Empty names in the first request of these types mean all resources.
  var isWildcardByDefault: Bool {
    self == .cluster || self == .listener || self == .scopedRoutes
  }

  /// The place in a flush; equal ranks go by URL.
  var rank: Int {
    switch self {
    case .cluster: 0
    case .endpoints: 1
    case .secret: 2
    case .listener: 4
    case .scopedRoutes: 5
    case .routes: 6
    default: 3
    }
  }

  static func precedes(_ left: ResourceType, _ right: ResourceType) -> Bool {
    (left.rank, left.url) < (right.rank, right.url)
  }
}

package struct ResourceName: Hashable, Sendable {
  package var type: ResourceType
  package var name: String

  package init(_ type: ResourceType, _ name: String) {
    self.type = type
    self.name = name
  }
}

/// An opaque resource, encoded once for every subscriber that gets it.
///
/// The endpoints of a cluster are named like the cluster.
package struct Resource: Hashable, Sendable {
  package var name: ResourceName
  /// Made from the content; short, as everybody who has the resource keeps it.
  package var version: String
  /// The serialized message inside the `Any`.
  package var body: [UInt8]

  package init(name: ResourceName, version: String, body: [UInt8]) {
    self.name = name
    self.version = version
    self.body = body
  }
}
