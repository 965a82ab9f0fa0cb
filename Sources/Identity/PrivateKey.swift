private import Crypto
private import SwiftASN1
internal import X509

/// A P-256 key. It never prints itself.
package struct PrivateKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  /// The text is no P-256 key in PEM; it is not repeated in the error.
  package struct Unreadable: Error, Hashable, CustomStringConvertible {
    package var description: String { "not a P-256 private key in PEM" }
  }

  private let key: P256.Signing.PrivateKey

  /// A new key.
  package init() { key = P256.Signing.PrivateKey() }

  package init(pem: String) throws {
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else { throw Unreadable() }
    self.key = key
  }

  /// PKCS #8. For key files and for TLS, nothing else.
  package var pem: String { key.pemRepresentation }

  /// SHA-256 of the public key, as SubjectPublicKeyInfo in DER.
  package var publicKeyHash: [UInt8] { Array(SHA256.hash(data: key.publicKey.derRepresentation)) }

  package var description: String { "PrivateKey(redacted)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }

  var signing: Certificate.PrivateKey { Certificate.PrivateKey(key) }
}

extension Certificate.PublicKey {
  /// SHA-256 of SubjectPublicKeyInfo, nil when it cannot be written again.
  var spkiHash: [UInt8]? {
    var serializer = DER.Serializer()
    guard (try? serializer.serialize(self)) != nil else { return nil }
    return Array(SHA256.hash(data: serializer.serializedBytes))
  }

  var isP256: Bool { P256.Signing.PublicKey(self) != nil }
}

/// SHA-256, for secrets that are stored as their digest.
package func sha256(_ bytes: some Sequence<UInt8>) -> [UInt8] {
  Array(SHA256.hash(data: Array(bytes)))
}
