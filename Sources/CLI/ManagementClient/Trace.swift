import Documents
import Manifests

/// What is told of the calls to the server: nothing, their lines, or their bodies too; never secrets.
package struct Trace: Sendable {
  private let level: Int
  private let note: @Sendable (String) -> Void

  /// - Parameter level: 0 nothing, 1 each request and its status, 2 bodies as well.
  package init(level: Int, note: @escaping @Sendable (String) -> Void) {
    self.level = level
    self.note = note
  }

  /// The same exchange, whose calls are told of.
  func around(_ exchange: Exchange, to server: String) -> Exchange {
    guard level > 0 else { return exchange }
    var traced = exchange
    traced.send = { call in
      tell(call, to: server)
      let answer = try await exchange.send(call)
      note("< \(answer.status), \(answer.body.count) bytes")
      tell(answer.body)
      return answer
    }
    traced.stream = { call, receive in
      tell(call, to: server)
      return try await exchange.stream(call) { bytes in
        if level > 1 { note("< \(bytes.count) bytes of the stream") }
        return try await receive(bytes)
      }
    }
    return traced
  }

  private func tell(_ call: ServerCall, to server: String) {
    note("> \(call.method.rawValue) \(server)\(call.target)")
    guard level > 1 else { return }
    for (name, value) in call.headers.sorted(by: { $0.key < $1.key }) {
      note("> \(name): \(value)")
    }
    tell(call.body)
  }

  private func tell(_ body: [UInt8]) {
    guard level > 1, !body.isEmpty else { return }
    // What is no JSON may be anything.
    guard let document = try? JSONParser.document(from: body) else {
      return note("  (\(body.count) bytes that are no JSON)")
    }
    note(Self.redacted(document).prettyJSON)
  }

  /// Without the values of members whose names say that they are secret, nor what a difference says
  /// of such members.
  static func redacted(_ document: Document) -> Document {
    switch document {
    case .object(let members):
      let place = members["path"]?.string?.split(separator: "/").last.map(String.init)
      let isAboutSecret = place.map(isSecret) ?? false
      return .object(
        Dictionary(
          uniqueKeysWithValues: members.map { key, value in
            let isHidden = isSecret(key) || isAboutSecret && ["before", "value"].contains(key)
            return (key, isHidden ? .string(Manifests.secretMask) : redacted(value))
          }))
    case .list(let elements): return .list(elements.map(redacted))
    default: return document
    }
  }

  /// `command` is the line with a join token in it.
  private static func isSecret(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["token", "secret", "password", "privatekey", "clientsecret", "command"].contains(name)
      || name.hasSuffix("token") || name.hasSuffix("secret") || name.hasSuffix("password")
  }
}
