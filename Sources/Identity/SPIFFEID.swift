/// The name in a certificate: `spiffe://<trust domain>/<path>`.
///
/// Text that comes from elsewhere is parsed byte by byte and in one spelling only, so that equal
/// identities have equal bytes. The functions that build an id trust their arguments to be names;
/// `CertificateAuthority.issue` refuses an id that does not survive being parsed.
package struct SPIFFEID: Hashable, Sendable, CustomStringConvertible {
  package let trustDomain: String
  /// Without the leading slash.
  package let path: String

  private static let scheme = "spiffe://"

  private init(trustDomain: String, path: String) {
    self.trustDomain = trustDomain
    self.path = path
  }

  /// nil: not an id, or not in the one spelling that is accepted.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    let scheme = Array(Self.scheme.utf8)
    guard bytes.count <= 1024, bytes.starts(with: scheme) else { return nil }
    let parts = bytes.dropFirst(scheme.count).split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard let domain = parts.first, parts.count > 1, Self.isTrustDomain(domain),
      parts.dropFirst().allSatisfy(Self.isSegment)
    else { return nil }
    trustDomain = String(decoding: domain, as: UTF8.self)
    path = String(decoding: bytes.dropFirst(scheme.count + domain.count + 1), as: UTF8.self)
  }

  package var text: String { Self.scheme + trustDomain + "/" + path }
  package var description: String { text }

  // MARK: Ours

  package static func workload(trustDomain: String, namespace: String, serviceAccount: String)
    -> SPIFFEID
  {
    SPIFFEID(trustDomain: trustDomain, path: "ns/\(namespace)/sa/\(serviceAccount)")
  }

  /// A cluster's agent, as the server that its proxies dial.
  package static func agent(trustDomain: String) -> SPIFFEID {
    SPIFFEID(trustDomain: trustDomain, path: "rialto/agent")
  }

  /// A cluster's agent, as the client of the management server.
  package static func clusterAgent(organization: String, cluster: String) -> SPIFFEID {
    SPIFFEID(
      trustDomain: managementTrustDomain(organization: organization),
      path: "cluster/\(cluster)/agent")
  }

  package static func server(organization: String) -> SPIFFEID {
    SPIFFEID(trustDomain: managementTrustDomain(organization: organization), path: "server")
  }

  /// The trust domain of the management server's own authority.
  package static func managementTrustDomain(organization: String) -> String {
    "rialto.\(organization).mesh"
  }

  /// What a workload's id says, nil when this is another's.
  package var workload: (namespace: String, serviceAccount: String)? {
    let parts = path.split(separator: "/").map(String.init)
    guard parts.count == 4, parts[0] == "ns", parts[2] == "sa" else { return nil }
    return (parts[1], parts[3])
  }

  /// The cluster of an agent's client id, nil when this is another's.
  package var agentCluster: String? {
    let parts = path.split(separator: "/").map(String.init)
    guard parts.count == 3, parts[0] == "cluster", parts[2] == "agent" else { return nil }
    return parts[1]
  }

  // MARK: Spelling

  /// Lower-case labels joined by dots: also valid as the host of a name constraint.
  static func isTrustDomain(_ bytes: some Collection<UInt8>) -> Bool {
    guard (1...255).contains(bytes.count) else { return false }
    return bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      .allSatisfy { label in
        guard let first = label.first, let last = label.last, label.count <= 63 else {
          return false
        }
        let hyphen = UInt8(ascii: "-")
        return first != hyphen && last != hyphen
          && label.allSatisfy { isLower($0) || isDigit($0) || $0 == hyphen }
      }
  }

  private static func isSegment(_ segment: some Collection<UInt8>) -> Bool {
    let dot = UInt8(ascii: ".")
    guard !segment.isEmpty, !segment.elementsEqual([dot]), !segment.elementsEqual([dot, dot])
    else { return false }
    return segment.allSatisfy {
      isLower($0 | 0x20) || isDigit($0) || $0 == dot || $0 == UInt8(ascii: "-")
        || $0 == UInt8(ascii: "_")
    }
  }

  private static func isLower(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
