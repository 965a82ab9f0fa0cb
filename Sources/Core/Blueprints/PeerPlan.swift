/// Another cluster as this one reaches it. A cluster that cannot be reached has no plan.
package struct PeerPlan: Hashable, Sendable, Codable {
  package var cluster: String
  package var trustDomain: String
  /// The port at which this cluster's own gateways take what is meant for the other cluster; the
  /// same everywhere, allocated once by the server.
  package var port: Int
  package var path: PeerPath
  /// Where connections to the other cluster go from here; sorted by address and port, at least one.
  package var gateways: [GatewayAddress]

  package init(
    cluster: String, trustDomain: String, port: Int, path: PeerPath, gateways: [GatewayAddress]
  ) {
    self.cluster = cluster
    self.trustDomain = trustDomain
    self.port = port
    self.path = path
    self.gateways = gateways
  }
}

package enum PeerPath: Hashable, Sendable, Codable {
  /// `gateways` are those of the other cluster.
  case direct
  /// `gateways` are edge proxies, of the clusters named here (sorted), which pass connections on.
  case edge(clusters: [String])
}

package struct GatewayAddress: Hashable, Sendable, Codable, Comparable {
  /// Dotted IPv4.
  package var address: String
  package var port: Int
  /// Whether its own agent finds it healthy.
  package var healthy: Bool

  package init(address: String, port: Int, healthy: Bool = true) {
    self.address = address
    self.port = port
    self.healthy = healthy
  }

  package static func < (left: GatewayAddress, right: GatewayAddress) -> Bool {
    (left.address, left.port) < (right.address, right.port)
  }
}
