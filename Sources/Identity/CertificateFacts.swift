private import FoundationEssentials
private import SwiftASN1
internal import X509

extension Certificate {
  func der() throws -> [UInt8] {
    var serializer = DER.Serializer()
    try serializer.serialize(self)
    return serializer.serializedBytes
  }

  /// Says so in its basic constraints, and may sign certificates.
  var isAuthority: Bool {
    guard let basic = try? extensions.basicConstraints,
      case .isCertificateAuthority = basic,
      let usage = try? extensions.keyUsage
    else { return false }
    return usage.keyCertSign
  }

  /// The trust domain that the name constraint permits, when it permits one URI host and nothing
  /// else.
  var permittedTrustDomain: String? {
    guard let constraints = try? extensions.nameConstraints,
      constraints.permittedSubtrees.count == 1, constraints.excludedSubtrees.isEmpty,
      case .uniformResourceIdentifier(let host)? = constraints.permittedSubtrees.first,
      SPIFFEID.isTrustDomain(host.utf8)
    else { return nil }
    return host
  }

  /// Every URI among the alternative names; nil when they cannot be read.
  var uris: [String]? {
    let names: SubjectAlternativeNames?
    do { names = try extensions.subjectAlternativeNames } catch { return nil }
    return (names ?? SubjectAlternativeNames()).compactMap {
      if case .uniformResourceIdentifier(let uri) = $0 { uri } else { nil }
    }
  }

  var isSelfIssued: Bool { issuer == subject }
}

/// What is wrong with the certificate `der` (DER) as the authority of a cluster with `trustDomain`,
/// nil when nothing is: it must be able to name that trust domain's members and nobody else.
package func nameConstraintViolation(ofAuthority der: [UInt8], trustDomain: String) -> String? {
  guard der.count <= TrustBundle.maximumCertificateLength,
    let certificate = try? Certificate(derEncoded: der)
  else { return "the certificate cannot be read" }
  guard certificate.publicKey.isP256 else { return "the authority's key is not P-256" }
  guard certificate.isAuthority else { return "the certificate is not a certificate authority's" }
  guard let basic = try? certificate.extensions.basicConstraints,
    case .isCertificateAuthority(maxPathLength: 0) = basic
  else { return "the authority may issue authorities: its path length must be 0" }
  let constraints = certificate.extensions.filter { $0.oid == .X509ExtensionID.nameConstraints }
  guard constraints.count == 1 else { return "the authority has no name constraint" }
  guard constraints.allSatisfy(\.critical) else { return "the name constraint is not critical" }
  guard let permitted = certificate.permittedTrustDomain,
    permitted.utf8.elementsEqual(trustDomain.utf8)
  else { return "the name constraint permits something else than the URI host \(trustDomain)" }
  if certificate.isSelfIssued,
    !certificate.publicKey.isValidSignature(certificate.signature, for: certificate)
  {
    return "the signature of the certificate is wrong"
  }
  return nil
}

/// Lower-case hexadecimal digits.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// A certificate (DER) as PEM.
package func certificatePEM(_ der: [UInt8]) -> String {
  let text = Array(Data(der).base64EncodedString().utf8)
  let lines = stride(from: 0, to: text.count, by: 64).map {
    String(decoding: text[$0..<min($0 + 64, text.count)], as: UTF8.self)
  }
  return (["-----BEGIN CERTIFICATE-----"] + lines + ["-----END CERTIFICATE-----", ""])
    .joined(separator: "\n")
}

/// The first certificate in a PEM text, DER; nil when there is none.
package func certificateDER(pem text: String) -> [UInt8]? {
  try? Certificate(pemEncoded: text).der()
}
