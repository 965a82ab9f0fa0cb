/// A server of a gateway that passes connections on, and reads nothing of what they carry.
package struct ConnectionPlan: Hashable, Sendable {
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

package enum ConnectionTarget: Hashable, Sendable {
  /// A port of a service of the mesh that is no HTTP; its own split over subsets applies.
  case service(host: String, port: Int)
  /// The clusters whose own gateways serve this host name; empty means that none does.
  case clusters([HostProvider])
}

extension ConnectionPlan {
  /// Whether its connections are passed on to other clusters.
  package var forwards: Bool { if case .clusters? = target { true } else { false } }
}

// MARK: In bytes

extension ConnectionPlan: Codable {
  private enum Key: String, CodingKey { case name, hostname, port, entry, target, clusters }

  private struct Service: Codable {
    var host: String
    var port: Int
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    name = try values.decode(String.self, forKey: .name)
    hostname = try values.decode(String.self, forKey: .hostname)
    port = try values.decode(Int.self, forKey: .port)
    entry = try values.decode(EntryTLS.self, forKey: .entry)
    if let clusters = try values.decodeIfPresent([HostProvider].self, forKey: .clusters) {
      target = .clusters(clusters)
    } else {
      let service = try values.decodeIfPresent(Service.self, forKey: .target)
      target = service.map { .service(host: $0.host, port: $0.port) }
    }
  }

  /// An agent that knows of services only takes what goes to clusters for a server without target:
  /// it closes the connections, and serves the rest.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: Key.self)
    try values.encode(name, forKey: .name)
    try values.encode(hostname, forKey: .hostname)
    try values.encode(port, forKey: .port)
    try values.encode(entry, forKey: .entry)
    switch target {
    case .service(let host, let port):
      try values.encode(Service(host: host, port: port), forKey: .target)
    case .clusters(let clusters): try values.encode(clusters, forKey: .clusters)
    case nil: break
    }
  }
}
