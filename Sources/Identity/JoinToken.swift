private import Documents
private import FoundationEssentials

/// What somebody who joins is handed: `rlt1.` and the base64url of a JSON object. It names where to
/// go, by whom to be received, and a secret that works once.
package enum JoinToken: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  case agent(Agent)
  case workload(Workload)

  /// Redeemed at the management server.
  package struct Agent: Hashable, Sendable {
    package var id: String
    /// 32 bytes.
    package var secret: [UInt8]
    package var organization: String
    package var cluster: String
    package var trustDomain: String
    /// SHA-256 of the public key of the server's authority.
    package var pin: [UInt8]

    package init(
      id: String, secret: [UInt8], organization: String, cluster: String, trustDomain: String,
      pin: [UInt8]
    ) {
      self.id = id
      self.secret = secret
      self.organization = organization
      self.cluster = cluster
      self.trustDomain = trustDomain
      self.pin = pin
    }
  }

  /// Redeemed at a cluster's agent.
  package struct Workload: Hashable, Sendable {
    package var id: String
    /// 32 bytes.
    package var secret: [UInt8]
    package var cluster: String
    package var trustDomain: String
    /// SHA-256 of the public key of the cluster's authority.
    package var pin: [UInt8]

    package init(
      id: String, secret: [UInt8], cluster: String, trustDomain: String, pin: [UInt8]
    ) {
      self.id = id
      self.secret = secret
      self.cluster = cluster
      self.trustDomain = trustDomain
      self.pin = pin
    }
  }

  /// The text is no token; it is not repeated in the error.
  package struct Unreadable: Error, Hashable, CustomStringConvertible {
    package var description: String { "not a join token" }
  }

  private static let prefix = "rlt1."

  /// 32 bytes that nobody can guess.
  package static func newSecret() -> [UInt8] { randomBytes(32) }

  /// Names a token in lists and audit entries; not secret.
  package static func newID() -> String { hexadecimal(randomBytes(8)) }

  package var text: String {
    let members: [String: Document] =
      switch self {
      case .agent(let token):
        [
          "for": "agent", "id": .string(token.id), "secret": encoded(token.secret),
          "organization": .string(token.organization), "cluster": .string(token.cluster),
          "trustDomain": .string(token.trustDomain), "pin": encoded(token.pin),
        ]
      case .workload(let token):
        [
          "for": "workload", "id": .string(token.id), "secret": encoded(token.secret),
          "cluster": .string(token.cluster), "trustDomain": .string(token.trustDomain),
          "pin": encoded(token.pin),
        ]
      }
    return Self.prefix + base64url(Document.object(members).canonicalJSON)
  }

  /// Reads a token; white space around it is ignored. Throws `Unreadable`.
  package init(text: String) throws {
    let trimmed = text.utf8.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    let prefix = Array(Self.prefix.utf8)
    guard trimmed.count <= 4096, trimmed.starts(with: prefix),
      let bytes = base64urlBytes(trimmed.dropFirst(prefix.count)),
      let document = try? JSONParser.document(from: bytes),
      let id = document["id"]?.string, let cluster = document["cluster"]?.string,
      let trustDomain = document["trustDomain"]?.string,
      let secret = decoded(document["secret"]), let pin = decoded(document["pin"])
    else { throw Unreadable() }
    switch document["for"]?.string {
    case "agent":
      guard let organization = document["organization"]?.string else { throw Unreadable() }
      self = .agent(
        Agent(
          id: id, secret: secret, organization: organization, cluster: cluster,
          trustDomain: trustDomain, pin: pin))
    case "workload":
      self = .workload(
        Workload(id: id, secret: secret, cluster: cluster, trustDomain: trustDomain, pin: pin))
    default: throw Unreadable()
    }
  }

  package var description: String { "JoinToken(redacted)" }
  package var debugDescription: String { description }
}

/// From the system's generator, which is made for secrets.
package func randomBytes(_ count: Int) -> [UInt8] {
  var generator = SystemRandomNumberGenerator()
  return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

private func encoded(_ bytes: [UInt8]) -> Document { .string(base64url(bytes)) }

/// Exactly 32 bytes, or nil.
private func decoded(_ member: Document?) -> [UInt8]? {
  guard let text = member?.string, let bytes = base64urlBytes(text.utf8), bytes.count == 32 else {
    return nil
  }
  return bytes
}

/// Without padding (RFC 4648, section 5).
package func base64url(_ bytes: [UInt8]) -> String {
  let text = Data(bytes).base64EncodedString().utf8.compactMap { byte -> UInt8? in
    switch byte {
    case UInt8(ascii: "+"): UInt8(ascii: "-")
    case UInt8(ascii: "/"): UInt8(ascii: "_")
    case UInt8(ascii: "="): nil
    default: byte
    }
  }
  return String(decoding: text, as: UTF8.self)
}

/// nil: not base64url, or padded.
package func base64urlBytes(_ text: some Sequence<UInt8>) -> [UInt8]? {
  var standard: [UInt8] = []
  for byte in text {
    switch byte {
    case UInt8(ascii: "-"): standard.append(UInt8(ascii: "+"))
    case UInt8(ascii: "_"): standard.append(UInt8(ascii: "/"))
    case UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): return nil
    default: standard.append(byte)
    }
  }
  let padding = (4 - standard.count % 4) % 4
  guard padding < 3 else { return nil }
  standard += Array(repeating: UInt8(ascii: "="), count: padding)
  return Data(base64Encoded: Data(standard)).map(Array.init)
}
