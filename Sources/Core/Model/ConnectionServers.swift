/// A server of a gateway that passes connections on, and reads nothing of what they carry.
package struct ConnectionServer: Hashable, Sendable {
  package var name: String
  /// The name in the handshake that it is for; without TLS it says nothing.
  package var hostname: String
  package var port: Int
  package var entry: ConnectionEntry
  package var destination: ConnectionDestination

  package init(
    name: String, hostname: String, port: Int, entry: ConnectionEntry,
    destination: ConnectionDestination
  ) {
    self.name = name
    self.hostname = hostname
    self.port = port
    self.entry = entry
    self.destination = destination
  }
}

/// What clients speak, and what becomes of it.
package enum ConnectionEntry: Hashable, Sendable {
  /// TLS that the service itself terminates.
  case passthrough
  /// Anything; with TLS that ends at the gateway, or none.
  case terminated(ServerTLS)
}

package enum ConnectionDestination: Hashable, Sendable {
  /// Port nil: the only port of the service.
  case service(ServiceName, port: Int?)
  /// To the clusters whose own gateways serve the host; empty means all of them.
  case clusters([ClusterDestination])
  /// What gateways cannot do yet.
  case unserved(reason: String)
}
