package import Foundation
package import Identity
import SwiftASN1
package import X509

/// Makes certificates that the product does not make, with a key that was stolen or made up.
package struct Forger: Sendable {
  /// A certificate (DER) and its key, with which others are signed.
  package struct Issuer: Sendable {
    package var certificate: [UInt8]
    package var key: PrivateKey

    package init(certificate: [UInt8], key: PrivateKey) {
      self.certificate = certificate
      self.key = key
    }

    package init(_ authority: CertificateAuthority) {
      self.init(certificate: authority.certificate, key: authority.key)
    }
  }

  package var key: PrivateKey
  /// nil: the certificate is signed with its own key.
  package var issuer: Issuer?
  package var uris: [String]
  package var usages: [ExtendedKeyUsage.Usage]
  package var isAuthority: Bool
  package var notBefore: Date
  package var notAfter: Date

  package init(
    key: PrivateKey = PrivateKey(), issuer: Issuer?, uris: [String] = [],
    usages: [ExtendedKeyUsage.Usage] = [.clientAuth, .serverAuth], isAuthority: Bool = false,
    notBefore: Date = Date() - 60, notAfter: Date = Date() + 3600
  ) {
    self.key = key
    self.issuer = issuer
    self.uris = uris
    self.usages = usages
    self.isAuthority = isAuthority
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  package init(
    key: PrivateKey = PrivateKey(), authority: CertificateAuthority? = nil, uris: [String] = [],
    usages: [ExtendedKeyUsage.Usage] = [.clientAuth, .serverAuth], isAuthority: Bool = false
  ) {
    self.init(
      key: key, issuer: authority.map(Issuer.init), uris: uris, usages: usages,
      isAuthority: isAuthority)
  }

  /// DER, leaf first, with the issuer behind it.
  package func chain() throws -> [[UInt8]] {
    let own = try Certificate.PrivateKey(pemEncoded: key.pem)
    let subject = try DistinguishedName { CommonName("forged") }
    let leaf = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: own.publicKey, notValidBefore: notBefore,
      notValidAfter: notAfter,
      issuer: try issuer.map { try Certificate(derEncoded: $0.certificate).subject } ?? subject,
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
      issuerPrivateKey: try issuer.map { try Certificate.PrivateKey(pemEncoded: $0.key.pem) } ?? own
    )
    return [try der(leaf)] + (issuer.map { [$0.certificate] } ?? [])
  }

  /// An authority's certificate (DER) with these extensions instead of the product's.
  package static func authority(
    key: PrivateKey, constraint: NameConstraints?, critical: Bool = true, pathLength: Int? = 0
  ) throws -> [UInt8] {
    try authority(
      key: key, named: DistinguishedName { CommonName("forged authority") },
      constraint: constraint, critical: critical, pathLength: pathLength)
  }

  /// A certificate of the same authority, under the same name and of the same key, that names
  /// whomever it likes: what the holder of a stolen key would rather have.
  package static func twin(of stolen: Issuer) throws -> Issuer {
    let name = try Certificate(derEncoded: stolen.certificate).subject
    return Issuer(
      certificate: try authority(
        key: stolen.key, named: name, constraint: nil, critical: true, pathLength: nil),
      key: stolen.key)
  }

  /// An authority without a constraint below the stolen one.
  package static func subordinate(of stolen: Issuer) throws -> Issuer {
    let forger = Forger(issuer: stolen, usages: [], isAuthority: true)
    guard let certificate = try forger.chain().first else { return stolen }
    return Issuer(certificate: certificate, key: forger.key)
  }

  private static func authority(
    key: PrivateKey, named subject: DistinguishedName, constraint: NameConstraints?, critical: Bool,
    pathLength: Int?
  ) throws -> [UInt8] {
    let signer = try Certificate.PrivateKey(pemEncoded: key.pem)
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: signer.publicKey,
      notValidBefore: Date() - 60, notValidAfter: Date() + 86_400, issuer: subject,
      subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: pathLength))
        Critical(KeyUsage(keyCertSign: true))
        if let constraint { try Certificate.Extension(constraint, critical: critical) }
        SubjectKeyIdentifier(hash: signer.publicKey)
      },
      issuerPrivateKey: signer)
    return try der(certificate)
  }
}

private func der(_ certificate: Certificate) throws -> [UInt8] {
  var serializer = DER.Serializer()
  try serializer.serialize(certificate)
  return serializer.serializedBytes
}
