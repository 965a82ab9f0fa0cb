package import AgentStore
import Crypto
import EnvoyConfig
import FoundationEssentials
import GRPCCore
import Identity

/// The cluster's own authority: it names workloads and the agent itself, mints their join tokens and
/// redeems them, with or without the server. Its key is made here and never leaves.
package struct WorkloadAuthority: Sendable {
  let authority: CertificateAuthority
  let site: SiteIdentity
  let store: AgentStore
  let clock: SiteClock

  /// How long a workload's join token is good, in milliseconds.
  static let tokenLife: Int64 = 15 * 60 * 1000

  package struct BadRequest: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  // MARK: Tokens

  /// A token for one workload of that kind; what it says is decided now, whoever brings it.
  package func mint(_ grant: WorkloadGrant) async throws -> (token: String, expires: Int64) {
    let grant = try Self.checked(grant)
    let now = clock.wall()
    let token = JoinToken.Workload(
      id: JoinToken.newID(), secret: JoinToken.newSecret(), cluster: site.cluster,
      trustDomain: site.trustDomain, pin: authority.publicKeyHash)
    try await store.add(
      token: token.id, secretHash: sha256(token.secret), grant: grant,
      expires: now + Self.tokenLife, now: now)
    return (JoinToken.workload(token).text, now + Self.tokenLife)
  }

  /// Names and labels as they may go into identities, hosts and configuration.
  package static func checked(_ grant: WorkloadGrant) throws -> WorkloadGrant {
    var grant = grant
    if grant.role.isEmpty { grant.role = ProxyRole.sidecar.rawValue }
    if grant.serviceAccount.isEmpty { grant.serviceAccount = grant.service }
    for (field, value) in [
      ("namespace", grant.namespace), ("service", grant.service),
      ("service account", grant.serviceAccount),
    ] where !isName(value) {
      throw BadRequest(
        description: "the \(field) must be a name of lower-case letters, digits and hyphens, "
          + "at most 63")
    }
    guard ProxyRole(rawValue: grant.role) != nil else {
      let known = ProxyRole.allCases.map(\.rawValue).joined(separator: ", ")
      throw BadRequest(description: "the role must be one of \(known)")
    }
    try checkLabels(grant.labels)
    return grant
  }

  // MARK: Certificates

  /// Redeems a token for the holder of `keyHash`. Throws `TokenRefusal`.
  func redeem(
    id: String, secret: [UInt8], keyHash: [UInt8]
  ) async throws -> StoredIdentity {
    let presented = SHA256.hash(data: secret)
    return try await store.redeem(
      token: id, isSecret: { presented == $0 }, keyHash: keyHash, now: clock.wall(),
      nodeID: { "\($0.service)-\(hexadecimal(randomBytes(6)))" })
  }

  /// A certificate for a workload that joined, leaf first.
  func certify(_ identity: StoredIdentity, _ request: CertificateRequest) throws -> [[UInt8]] {
    try authority.issue(
      request,
      as: .workload(
        trustDomain: site.trustDomain, namespace: identity.grant.namespace,
        serviceAccount: identity.grant.serviceAccount),
      dnsNames: [], addresses: [], lifetime: Lifetimes.workload, now: clock.date())
  }

  /// The agent's own certificate for its port.
  func certifyAgent(_ key: PrivateKey, advertise: [String]) throws -> [[UInt8]] {
    try authority.issue(
      try CertificateRequest(der: try CertificateRequest.make(for: key)),
      as: .agent(trustDomain: site.trustDomain),
      dnsNames: advertise.filter { !isAddress($0) }, addresses: advertise.filter(isAddress),
      lifetime: Lifetimes.agent, now: clock.date())
  }

  var trust: TrustBundle { TrustBundle(authorities: [site.trustDomain: site.authorities]) }
}

/// A DNS label: what namespaces, services and accounts are called.
func isName(_ text: String) -> Bool {
  let bytes = Array(text.utf8)
  guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
    bytes.last != UInt8(ascii: "-")
  else { return false }
  return bytes.allSatisfy { byte in
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
  }
}

/// Few, short, and of characters that need no quoting anywhere.
func checkLabels(_ labels: [String: String]) throws {
  guard labels.count <= 64 else {
    throw WorkloadAuthority.BadRequest(description: "more than 64 labels")
  }
  for (key, value) in labels {
    guard (1...253).contains(key.utf8.count), value.utf8.count <= 63,
      (Array(key.utf8) + Array(value.utf8)).allSatisfy(isLabelByte)
    else {
      throw WorkloadAuthority.BadRequest(
        description: "a label has a key or value that is too long or not of letters, digits, "
          + "'-', '_', '.', '/'")
    }
  }
}

private func isLabelByte(_ byte: UInt8) -> Bool {
  let lower = byte | 0x20
  return (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower)
    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    || byte == UInt8(ascii: "/")
}
