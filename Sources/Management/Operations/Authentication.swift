package import Access
import Crypto
import Storage

/// An API token in full: `rlt_<id>_<secret>_<checksum>`. The beginning and the checksum let
/// scanners find lost tokens and people find typing errors; only a hash of the secret is stored.
package struct APIKey: Sendable, CustomStringConvertible {
  let id: String
  let secret: String

  package static let beginning = "rlt_"
  private static let secretSize = 32
  private static let checksumDigits = 8

  /// A new one.
  init() {
    id = Operations.randomBytes(8).hex
    secret = Operations.randomBytes(Self.secretSize).hex
  }

  /// The key that `text` is, or nil when it cannot be one.
  package init?(text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 4 + 16 + 1 + Self.secretSize * 2 + 1 + Self.checksumDigits else {
      return nil
    }
    let parts = bytes.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0].elementsEqual("rlt".utf8), parts[1].count == 16,
      parts[2].count == Self.secretSize * 2
    else { return nil }
    id = String(decoding: parts[1], as: UTF8.self)
    secret = String(decoding: parts[2], as: UTF8.self)
    guard Array(parts[3]).equalsInConstantTime(Array(checksum.utf8)) else { return nil }
  }

  /// Secret.
  package var text: String { "\(body)_\(checksum)" }

  package var description: String { "API token \(id) (redacted)" }

  private var body: String { "\(Self.beginning)\(id)_\(secret)" }

  private var checksum: String {
    String(SHA256.hash(data: Array(body.utf8)).hex.prefix(Self.checksumDigits))
  }

  var secretHash: [UInt8] { Array(SHA256.hash(data: Array(secret.utf8))) }
}

extension Operations {
  /// Who holds the key that `text` is.
  ///
  /// - Throws: `OperationError.unauthenticated`, the same for everything that is wrong with it.
  package func principal(bearing text: String) throws -> Principal {
    guard let key = APIKey(text: text), let token = store.apiToken(id: key.id),
      token.secretHash.equalsInConstantTime(key.secretHash), now() < token.expiresAt ?? .max
    else { throw OperationError.unauthenticated }
    return .administrator(name: token.principal)
  }

  /// A new key for an administrator; its text is told only here.
  package func issueAdministratorKey(
    name: String = "administrator", expiresAt: Int64? = nil
  ) async throws -> APIKey {
    let key = APIKey()
    try await store.addAPIToken(
      Store.APIToken(
        id: key.id, principal: name, secretHash: key.secretHash, expiresAt: expiresAt))
    return key
  }
}
