/// What a server takes of a port of a proxy.
package struct PortClaim: Hashable, Sendable {
  package enum Share: Hashable, Sendable {
    /// The name in the TLS handshake chooses among several.
    case byName
    /// The host of each request does, in plaintext.
    case byHost
    /// Nothing tells its connections from others.
    case whole
  }
  package var port: Int
  package var hostname: String
  package var share: Share

  /// Whether both cannot be on one proxy: one host twice, or a port that is used in two ways.
  package func contends(with other: PortClaim) -> Bool {
    port == other.port
      && (share != other.share || share == .whole || hostname == other.hostname)
  }
}

extension HTTPServer {
  /// nil when no gateway serves it.
  package var claim: PortClaim? {
    switch tls {
    case .unserved: nil
    case .disabled: PortClaim(port: port, hostname: hostname, share: .byHost)
    case .simple, .mutual: PortClaim(port: port, hostname: hostname, share: .byName)
    }
  }
}

extension ConnectionServer {
  /// nil when no gateway serves it.
  package var claim: PortClaim? {
    guard reasonNotServed == nil else { return nil }
    return PortClaim(
      port: port, hostname: hostname, share: entry == .terminated(.disabled) ? .whole : .byName)
  }

  /// Why no gateway serves it; nil when some do.
  package var reasonNotServed: String? {
    if case .unserved(let reason) = destination { return reason }
    if case .terminated(.unserved(let reason)) = entry { return reason }
    return nil
  }
}

extension Gateway {
  /// What the servers take that gateways serve.
  package var claims: [PortClaim] {
    http.compactMap(\.claim) + tls.compactMap(\.claim) + tcp.compactMap(\.claim)
  }
}
