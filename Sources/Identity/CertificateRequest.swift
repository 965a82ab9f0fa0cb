private import SwiftASN1
internal import X509

/// A PKCS #10 request whose sender has proved to hold the key. Only the key is read from it: who
/// signs decides the name.
package struct CertificateRequest: Sendable {
  package enum Refusal: Error, Hashable, CustomStringConvertible {
    case tooLong, unreadable, notP256, badSignature

    package var description: String {
      switch self {
      case .tooLong: "the certificate request is longer than \(maximumLength) bytes"
      case .unreadable: "the certificate request cannot be read"
      case .notP256: "the key of the certificate request is not P-256"
      case .badSignature: "the certificate request is not signed with its own key"
      }
    }
  }

  package static let maximumLength = 4096

  let publicKey: Certificate.PublicKey
  /// SHA-256 of SubjectPublicKeyInfo.
  package let publicKeyHash: [UInt8]

  /// PKCS #10 in DER, with an empty subject.
  package static func make(for key: PrivateKey) throws -> [UInt8] {
    let request = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName(), privateKey: key.signing,
      attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA256)
    var serializer = DER.Serializer()
    try serializer.serialize(request)
    return serializer.serializedBytes
  }

  /// Reads and checks a request. Throws `Refusal`.
  package init(der: [UInt8]) throws {
    guard der.count <= Self.maximumLength else { throw Refusal.tooLong }
    guard let request = try? CertificateSigningRequest(derEncoded: der) else {
      throw Refusal.unreadable
    }
    guard request.publicKey.isP256, let hash = request.publicKey.spkiHash else {
      throw Refusal.notP256
    }
    guard request.publicKey.isValidSignature(request.signature, for: request) else {
      throw Refusal.badSignature
    }
    publicKey = request.publicKey
    publicKeyHash = hash
  }
}
