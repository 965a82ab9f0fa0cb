package import Access
import Crypto
package import Model
import Storage

/// What of a join token its text form is made of.
package struct JoinTokenContent: Sendable {
  package var id: String
  /// 32 random bytes; only their hash is stored.
  package var secret: [UInt8]
  package var cluster: ResourceRef
  package var trustDomain: String

  package var organization: String { cluster.names[0] }
}

/// How a site joins this server: made where identity and addresses are known.
package struct JoinInstructions: Sendable {
  /// The token as text; carries the pin of the server's authority.
  let text: @Sendable (JoinTokenContent) throws -> String
  /// Where agents find the server: `https://HOST:9443`.
  let serverURL: String

  package init(
    serverURL: String, text: @escaping @Sendable (JoinTokenContent) throws -> String
  ) {
    self.serverURL = serverURL
    self.text = text
  }
}

/// A token with which an agent joins as one cluster, once.
package struct IssuedJoinToken: Sendable, CustomStringConvertible {
  /// Secret.
  package var text: String
  package var cluster: ResourceRef
  /// Milliseconds since 1970.
  package var expiresAt: Int64
  /// Runs unedited on the site. Holds the token.
  package var commandLine: String

  package var description: String { "a join token for \(cluster.name) (redacted)" }
}

extension Operations {
  /// How long a join token may be redeemed. Milliseconds.
  package static let lifeOfJoinTokens: Int64 = 15 * 60_000

  /// Mints a token for a cluster that exists, and audits that.
  package func issueJoinToken(
    _ principal: Principal, cluster ref: ResourceRef
  ) async throws -> IssuedJoinToken {
    let cluster = try await checkJoining(principal, cluster: ref)
    let content = JoinTokenContent(
      id: Self.randomBytes(8).hex, secret: Self.randomBytes(32), cluster: ref,
      trustDomain: cluster.trustDomain)
    let token = Store.JoinToken(
      id: content.id, cluster: ref, secretHash: Array(SHA256.hash(data: content.secret)),
      expiresAt: now() + Self.lifeOfJoinTokens)
    try await store.addJoinToken(
      token,
      auditing: AuditEvent(
        event: "join_token.issued", actor: principal.name, subject: ref.fqn, detail: token.id))
    let text = try joining.text(content)
    return IssuedJoinToken(
      text: text, cluster: ref, expiresAt: token.expiresAt,
      commandLine: commandLine(token: text))
  }

  /// Everything about a token but the token: whether the principal may, and for what.
  @discardableResult
  package func checkJoining(
    _ principal: Principal, cluster ref: ResourceRef
  ) async throws -> Cluster {
    try authorize(principal, to: .issueJoinToken, on: ref)
    guard ref.kind == .cluster else {
      throw OperationError.malformed("\(ref.fqn) is no cluster")
    }
    guard let object = try await store.object(ref) else {
      throw OperationError.missing(what: ref.text)
    }
    guard case .cluster(let cluster) = CurrentObjects.resource(of: object)?.spec else {
      throw OperationError.malformed("\(ref.text) cannot be read")
    }
    return cluster
  }

  /// `printf` is built into every shell, so the token is in no process's arguments.
  private func commandLine(token: String) -> String {
    "printf '%s\\n' '\(token)' | rialto agent --data /var/lib/rialto/agent "
      + "--server \(joining.serverURL) --token-file - --listen 0.0.0.0:15012 "
      + "--advertise \"${RIALTO_ADVERTISE:-$(hostname -I | cut -d ' ' -f 1)}\""
  }

  /// From the system's cryptographic generator.
  static func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}

extension Sequence<UInt8> {
  /// Lower-case hexadecimal digits.
  var hex: String {
    flatMap { byte in
      let digits = String(byte, radix: 16)
      return digits.utf8.count == 1 ? "0\(digits)" : digits
    }.reduce(into: "") { $0.append($1) }
  }
}
