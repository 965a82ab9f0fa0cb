import Documents

/// What a TLS handshake between proxies of the mesh asks for (SNI): the one thing about a call that a
/// gateway between clusters reads. The form is Istio's, so that proxies of both understand each
/// other; whatever carries a blueprint out uses these names.
package enum ServerName {
  /// A port of a service within a cluster.
  package static func service(_ host: String, port: Int, subset: String? = nil) -> String {
    // A service may be called `at` and its namespace like a cluster: it must not have the name of
    // a copy, because gateways let callers choose clusters by those.
    let host = host.utf8.starts(with: "at.".utf8) ? "at_\(host.utf8.dropFirst(2).text)" : host
    return "outbound_.\(port)_.\(subset ?? "")_.\(host)"
  }

  /// What `cluster` has of `host`. Names are compared in lower case, and have at most 255 bytes.
  package static func copy(
    of host: String, port: Int, subset: String? = nil, in cluster: String
  ) -> String {
    let service =
      host.utf8.suffix(5).elementsEqual(".mesh".utf8) ? host.utf8.dropLast(5).text : host
    let whole = "\(subset ?? "")_.\(service)"
    let name = "outbound_.\(port)_.\(whole)\(copySuffix(of: cluster))"
    guard name.utf8.count > 255 else { return name.lowercased() }
    return "outbound_.\(port)_.\(StableHash(whole).text)\(copySuffix(of: cluster))".lowercased()
  }

  /// What `cluster` serves of a host name of its gateways, to gateways elsewhere.
  package static func copy(ofHostname hostname: String, in cluster: String) -> String {
    copy(of: plain(hostname), port: MeshPort.hostnames, in: cluster)
  }

  /// What `cluster` serves of connections to a host name of its gateways, to gateways elsewhere:
  /// those with TLS for the host still in them, or what is inside.
  package static func copy(
    ofHostname hostname: String, port: Int, withTLS: Bool, in cluster: String
  ) -> String {
    copy(
      of: plain(hostname), port: MeshPort.hostnames, subset: "\(withTLS ? "tls" : "tcp")-\(port)",
      in: cluster)
  }

  /// A host name without what only patterns have.
  private static func plain(_ hostname: String) -> String {
    hostname.utf8.first == UInt8(ascii: "*") ? "_any\(hostname.utf8.dropFirst().text)" : hostname
  }

  /// How everything ends that `cluster` has, and nothing else.
  package static func copySuffix(of cluster: String) -> String {
    ".at.\(cluster.lowercased()).mesh"
  }
}

/// The ports of gateways that are the same in every cluster.
package enum MeshPort {
  /// Where gateways take what comes from other clusters.
  package static let eastWest = 15443
  /// Where gateways serve their host names to gateways elsewhere.
  package static let hostnames = 15444
}

extension Substring.UTF8View {
  fileprivate var text: String { String(Substring(self)) }
}
