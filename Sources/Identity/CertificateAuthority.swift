package import FoundationEssentials
private import SwiftASN1
internal import X509

/// A certificate that signs others, with its key.
package struct CertificateAuthority: Sendable {
  package enum Problem: Error, Hashable, CustomStringConvertible {
    case notATrustDomain(String)
    case notAnAuthority
    case keyMismatch
    case outsideTrustDomain(String)
    case notAnIdentity(String)
    case notAnAddress(String)

    package var description: String {
      switch self {
      case .notATrustDomain(let text): "\(text) is not a trust domain"
      case .notAnAuthority: "the certificate is not a certificate authority's"
      case .keyMismatch: "the key does not belong to the authority's certificate"
      case .outsideTrustDomain(let text): "\(text) is outside the authority's trust domain"
      case .notAnIdentity(let text): "\(text) is not an identity"
      case .notAnAddress(let text): "\(text) is not an IPv4 or IPv6 address"
      }
    }
  }

  /// DER.
  package let certificate: [UInt8]
  package let key: PrivateKey
  /// The one trust domain that the name constraint permits.
  package let trustDomain: String
  private let parsed: Certificate

  package var publicKeyHash: [UInt8] { key.publicKeyHash }
  package var lifespan: Lifespan { Lifespan(parsed) }

  /// A cluster's authority, good for a year and for names of `trustDomain` only.
  package static func cluster(trustDomain: String, key: PrivateKey, now: Date) throws
    -> CertificateAuthority
  {
    try make(
      name: "Rialto cluster authority", trustDomain: trustDomain, key: key, now: now, days: 365)
  }

  /// The management server's authority, good for ten years.
  package static func server(organization: String, key: PrivateKey, now: Date) throws
    -> CertificateAuthority
  {
    try make(
      name: "Rialto server authority",
      trustDomain: SPIFFEID.managementTrustDomain(organization: organization), key: key, now: now,
      days: 3650)
  }

  /// Takes up an authority from its certificate (DER) and key. Throws `Problem`.
  package init(certificate der: [UInt8], key: PrivateKey) throws {
    let parsed = try Certificate(derEncoded: der)
    guard parsed.isAuthority, let domain = parsed.permittedTrustDomain else {
      throw Problem.notAnAuthority
    }
    guard parsed.publicKey.spkiHash == key.publicKeyHash else { throw Problem.keyMismatch }
    certificate = der
    self.key = key
    self.parsed = parsed
    trustDomain = domain
  }

  private static func make(
    name: String, trustDomain: String, key: PrivateKey, now: Date, days: Double
  ) throws -> CertificateAuthority {
    guard SPIFFEID.isTrustDomain(trustDomain.utf8) else {
      throw Problem.notATrustDomain(trustDomain)
    }
    // Authorities that replace one another differ in name, so that chains are found by it.
    let subject = try DistinguishedName {
      CommonName("\(name) \(hexadecimal(key.publicKeyHash.prefix(8)))")
    }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key.signing.publicKey,
      notValidBefore: now - clockSkew, notValidAfter: now + days * 86_400,
      issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        Critical(NameConstraints(permittedURIDomains: [trustDomain]))
        SubjectKeyIdentifier(hash: key.signing.publicKey)
      },
      issuerPrivateKey: key.signing)
    return try CertificateAuthority(certificate: certificate.der(), key: key)
  }

  /// A certificate for the key of `request`, called `id` whatever the request says; good as client
  /// and as server. `dnsNames` and `addresses` are for clients that check host names.
  /// - Returns: the leaf and this authority, DER.
  /// - Throws: `Problem`.
  package func issue(
    _ request: CertificateRequest, as id: SPIFFEID, dnsNames: [String], addresses: [String],
    lifetime: Duration, now: Date
  ) throws -> [[UInt8]] {
    guard SPIFFEID(id.text) == id else { throw Problem.notAnIdentity(id.text) }
    guard id.trustDomain == trustDomain else { throw Problem.outsideTrustDomain(id.text) }
    var names: [GeneralName] = [.uniformResourceIdentifier(id.text)]
    names += dnsNames.map { .dnsName($0) }
    names += try addresses.map {
      .ipAddress(ASN1OctetString(contentBytes: try octets(of: $0)[...]))
    }
    let end = min(now + TimeInterval(lifetime / .seconds(1)), parsed.notValidAfter)
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: request.publicKey,
      notValidBefore: now - clockSkew, notValidAfter: end,
      issuer: parsed.subject,
      subject: try DistinguishedName { CommonName(String(id.path.prefix(64))) },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth, .clientAuth])
        SubjectAlternativeNames(names)
        AuthorityKeyIdentifier(
          keyIdentifier: SubjectKeyIdentifier(hash: parsed.publicKey).keyIdentifier)
      },
      issuerPrivateKey: key.signing)
    return [try leaf.der(), certificate]
  }

  /// What a joiner presents before anybody has named it: a certificate of its key alone, good for
  /// an hour.
  package static func selfSigned(for key: PrivateKey, now: Date) throws -> [[UInt8]] {
    let subject = try DistinguishedName { CommonName("unenrolled") }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: key.signing.publicKey,
      notValidBefore: now - clockSkew, notValidAfter: now + 3600,
      issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.clientAuth])
      },
      issuerPrivateKey: key.signing)
    return [try certificate.der()]
  }
}

/// How far back a certificate's life begins, in seconds, for peers whose clocks are late.
let clockSkew: TimeInterval = 300

/// How long certificates live.
package enum Lifetimes {
  package static let workload = Duration.seconds(86_400)
  package static let agent = Duration.seconds(30 * 86_400)
}
