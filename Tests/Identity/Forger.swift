import Foundation
import Identity
import SwiftASN1
import X509

/// Makes certificates that the product does not make.
struct Forger {
  var key = PrivateKey()
  var authority: CertificateAuthority?
  var uris: [String] = []
  var usages: [ExtendedKeyUsage.Usage] = [.clientAuth, .serverAuth]
  var isAuthority = false
  var notBefore = now - 60
  var notAfter = now + 3600

  /// DER, leaf first, with the authority behind it.
  func chain() throws -> [[UInt8]] {
    let publicKey = try Certificate.PrivateKey(pemEncoded: key.pem)
    let issuer = try authority.map { try Certificate(derEncoded: $0.certificate) }
    let issuerKey = try authority.map { try Certificate.PrivateKey(pemEncoded: $0.key.pem) }
    let subject = try DistinguishedName { CommonName("forged") }
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: publicKey.publicKey,
      notValidBefore: notBefore, notValidAfter: notAfter, issuer: issuer?.subject ?? subject,
      subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        if isAuthority {
          Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
          Critical(KeyUsage(digitalSignature: true, keyCertSign: true))
        } else {
          Critical(BasicConstraints.notCertificateAuthority)
          Critical(KeyUsage(digitalSignature: true))
        }
        if !usages.isEmpty { try ExtendedKeyUsage(usages) }
        if !uris.isEmpty {
          SubjectAlternativeNames(uris.map { .uniformResourceIdentifier($0) })
        }
      },
      issuerPrivateKey: issuerKey ?? publicKey)
    return [try der(leaf)] + (authority.map { [$0.certificate] } ?? [])
  }

  private func der(_ certificate: Certificate) throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}

extension Forger {
  /// An authority's certificate with these extensions instead of the product's.
  static func authority(
    key: PrivateKey, constraint: NameConstraints?, critical: Bool = true, pathLength: Int? = 0
  ) throws -> [UInt8] {
    let signer = try Certificate.PrivateKey(pemEncoded: key.pem)
    let subject = try DistinguishedName { CommonName("forged authority") }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: signer.publicKey, notValidBefore: now - 60,
      notValidAfter: now + 86_400, issuer: subject, subject: subject,
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength))
        Critical(KeyUsage(keyCertSign: true))
        if let constraint {
          try Certificate.Extension(constraint, critical: critical)
        }
      },
      issuerPrivateKey: signer)
    var serializer = DER.Serializer()
    try serializer.serialize(certificate)
    return serializer.serializedBytes
  }
}

/// The present, once: certificates of the product are checked against the real clock in handshakes.
let now = Date()

func authority(_ trustDomain: String) throws -> CertificateAuthority {
  try .cluster(trustDomain: trustDomain, key: PrivateKey(), now: now)
}

func issue(
  from authority: CertificateAuthority, to key: PrivateKey, as id: SPIFFEID,
  lifetime: Duration = .seconds(3600), at date: Date = now
) throws -> [[UInt8]] {
  try authority.issue(
    CertificateRequest(der: CertificateRequest.make(for: key)), as: id, dnsNames: [],
    addresses: [], lifetime: lifetime, now: date)
}
