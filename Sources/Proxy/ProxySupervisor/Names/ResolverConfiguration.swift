package import Documents

/// The machine's resolvers, as `/etc/resolv.conf` names them.
package struct ResolverConfiguration: Hashable, Sendable {
  /// As many as the C library asks.
  private static let maximumServers = 3

  /// IPv4 addresses, in order.
  package var servers: [IPv4Address]

  package init(servers: [IPv4Address]) { self.servers = servers }

  package init(parsing text: [UInt8]) {
    servers = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == 13 }
      guard words.count >= 2, words[0].elementsEqual("nameserver".utf8),
        let address = IPv4Address(String(decoding: words[1], as: UTF8.self))
      else { continue }
      servers.append(address)
    }
    servers = Array(servers.prefix(Self.maximumServers))
  }

  package static func isLoopback(_ address: IPv4Address) -> Bool { address.bytes[0] == 127 }
}
