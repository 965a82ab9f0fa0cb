import Fleet
import FoundationEssentials
import Identity
import Storage

/// What a server keeps in its folder beside the database: its authority, and what the first
/// administrator needs.
struct ServerFolder {
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  let path: String

  private var authorityKey: KeyFile { KeyFile(path: "\(path)/authority-key.pem") }
  private var authorityCertificate: KeyFile { KeyFile(path: "\(path)/authority.pem") }
  var context: KeyFile { KeyFile(path: "\(path)/admin-context.yaml") }

  /// Makes the folder where there is none; only its owner may look into it.
  func create() throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  /// The organization that this server is for: named once, at the first start.
  func organization(asked name: String?, in store: Store) async throws -> String {
    if let known = try await store.value("organization") {
      let known = String(decoding: known, as: UTF8.self)
      guard name == nil || name == known else {
        throw Problem(description: "this server belongs to the organization \(known)")
      }
      return known
    }
    let chosen = name ?? "default"
    guard SPIFFEID(SPIFFEID.server(organization: chosen).text) != nil, !chosen.utf8.contains(0x2e)
    else { throw Problem(description: "\(chosen) is not a name for an organization") }
    try await store.setValue("organization", Array(chosen.utf8))
    return chosen
  }

  /// The server's authority, made at the first start. The key is written before the certificate, so
  /// an interrupted start leaves a key for which the next one makes the certificate.
  func identity(organization: String, now: Date) throws -> ManagementIdentity {
    let authority: CertificateAuthority
    if authorityCertificate.exists {
      guard
        let der = certificateDER(
          pem: String(decoding: try authorityCertificate.read(), as: UTF8.self))
      else { throw Problem(description: "\(authorityCertificate.path) is no certificate") }
      authority = try CertificateAuthority(certificate: der, key: try readKey())
    } else {
      let key = authorityKey.exists ? try readKey() : PrivateKey()
      if !authorityKey.exists { try authorityKey.write(Array(key.pem.utf8)) }
      authority = try .server(organization: organization, key: key, now: now)
      try authorityCertificate.write(Array(certificatePEM(authority.certificate).utf8))
    }
    guard authority.trustDomain == SPIFFEID.managementTrustDomain(organization: organization)
    else { throw Problem(description: "\(authorityCertificate.path) is another server's") }
    return ManagementIdentity(
      organization: organization, authority: authority, authorities: [authority.certificate])
  }

  private func readKey() throws -> PrivateKey {
    try PrivateKey(pem: String(decoding: try authorityKey.read(), as: UTF8.self))
  }
}
