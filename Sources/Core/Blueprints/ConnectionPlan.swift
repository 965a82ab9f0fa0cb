/// A server of a gateway that passes connections on, and reads nothing of what they carry.
package struct ConnectionPlan: Hashable, Sendable, Codable {
  package var name: String
  /// `db.example.com`, `*.example.com` or `*`; without TLS every connection to the port is meant.
  package var hostname: String
  package var port: Int
  package var entry: EntryTLS
  /// nil where there is nothing to connect to: connections are closed.
  package var target: ConnectionTarget?

  package init(
    name: String, hostname: String, port: Int, entry: EntryTLS, target: ConnectionTarget?
  ) {
    self.name = name
    self.hostname = hostname
    self.port = port
    self.entry = entry
    self.target = target
  }
}

package enum EntryTLS: Hashable, Sendable, Codable {
  /// TLS for the host name, which the service itself terminates.
  case passthrough
  /// TLS for the host name, or none, that ends at the gateway.
  case terminated(tls: GatewayTLS)
}

/// A port of a service of the mesh that is no HTTP; its own split over subsets applies.
package struct ConnectionTarget: Hashable, Sendable, Codable {
  package var host: String
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }
}
