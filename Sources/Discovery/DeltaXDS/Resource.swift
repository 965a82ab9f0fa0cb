/// A type of resources, by its type URL. The types with a fixed place in the order of a flush are
/// named; others come between secrets and listeners.
package struct ResourceType: Hashable, Sendable {
  package var url: String
  package init(_ url: String) { self.url = url }

  package static let cluster = ResourceType("type.googleapis.com/envoy.config.cluster.v3.Cluster")
  package static let endpoints = ResourceType(
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment")
  package static let secret = ResourceType(
    "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret")
  package static let listener = ResourceType(
    "type.googleapis.com/envoy.config.listener.v3.Listener")
  package static let scopedRoutes = ResourceType(
    "type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration")
  package static let routes = ResourceType(
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration")
}

package struct ResourceName: Hashable, Sendable {
  package var type: ResourceType
  package var name: String

  package init(_ type: ResourceType, _ name: String) {
    self.type = type
    self.name = name
  }
}

/// An opaque resource, framed once for every subscriber that gets it.
package struct Resource: Hashable, Sendable {
  package var name: ResourceName
  /// Made from the content: sixteen hexadecimal digits.
  package var version: String
  /// The serialized message inside the `Any`.
  package var body: [UInt8]

  package init(name: ResourceName, version: String, body: [UInt8]) {
    self.name = name
    self.version = version
    self.body = body
  }
}
