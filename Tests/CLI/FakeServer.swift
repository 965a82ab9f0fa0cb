import Documents
import FoundationEssentials
import ManagementClient
import Model
import Synchronization

@testable import rialto

/// A server of closures: answers by the target of a call and remembers what it was asked.
final class FakeServer: Sendable {
  private let calls = Mutex<[ServerCall]>([])
  private let answer: @Sendable (ServerCall) -> ServerAnswer
  /// The pieces of the event stream; it ends after them unless it is to stay open.
  private let pieces: [String]
  private let staysOpen: Bool

  init(
    pieces: [String] = [], staysOpen: Bool = false,
    _ answer: @escaping @Sendable (ServerCall) -> ServerAnswer
  ) {
    self.answer = answer
    self.pieces = pieces
    self.staysOpen = staysOpen
  }

  /// Answers with the document of a target, and with 404 elsewhere.
  convenience init(_ documents: [String: Document]) {
    self.init { call in
      guard let document = documents[call.target] else { return .missing }
      return .json(document)
    }
  }

  var recorded: [ServerCall] { calls.withLock { $0 } }
  var targets: [String] { recorded.map { "\($0.method.rawValue) \($0.target)" } }

  /// For servers that are made of others.
  func answered(_ call: ServerCall) -> ServerAnswer { answer(call) }

  var exchange: Exchange {
    Exchange(
      send: { [self] call in
        calls.withLock { $0.append(call) }
        return answer(call)
      },
      stream: { [self] call, receive in
        calls.withLock { $0.append(call) }
        let first = answer(call)
        guard first.status == 200 else { return first }
        for piece in pieces { guard try await receive(Array(piece.utf8)) else { return nil } }
        guard staysOpen else { return nil }
        // Until somebody cancels it, as a quiet server would.
        for await _ in AsyncStream<Void>(unfolding: { try? await Task.sleep(for: .seconds(3600)) })
        {
          try Task.checkCancellation()
        }
        throw CancellationError()
      })
  }

  func session(
    organization: String? = nil, tenant: String? = nil,
    sleep: @escaping @Sendable (Duration) async throws -> Void = {
      try await Task.sleep(for: max($0, .seconds(60)))
    }
  ) -> (session: Session, words: Words) {
    let words = Words()
    let session = Session(
      client: ManagementClient(exchange: exchange),
      context: ClientContext(
        name: "test", server: "https://localhost:8443", certificateAuthority: "", token: "secret",
        organization: organization, tenant: tenant),
      terminal: words.terminal, now: { Date(timeIntervalSince1970: 1_800_000_000) }, sleep: sleep)
    return (session, words)
  }
}

/// What a command has said.
final class Words: Sendable {
  private let state = Mutex((data: "", notes: [String]()))

  var data: String { state.withLock { $0.data } }
  var notes: [String] { state.withLock { $0.notes } }

  var terminal: Terminal {
    Terminal(
      data: { text in self.state.withLock { $0.data += text } },
      note: { text in self.state.withLock { $0.notes.append(text) } })
  }
}

extension ServerAnswer {
  static func json(_ document: Document, status: Int = 200) -> ServerAnswer {
    ServerAnswer(status: status, body: document.canonicalJSON)
  }

  static var missing: ServerAnswer { problem(404, "RL2404", "there is none") }

  /// 404 where there could be one object only, and none is.
  static func noOnlyObject(at target: String) -> ServerAnswer? {
    let path = target.split(separator: "?").first.map { $0.dropFirst("/v2/".count) } ?? ""
    return ResourceRef(fqn: String(path))?.kind.isOnly == true ? missing : nil
  }

  static func problem(_ status: Int, _ code: String, _ detail: String) -> ServerAnswer {
    .json(
      [
        "status": .integer(Int64(status)), "code": .string(code), "title": "No",
        "detail": .string(detail),
      ], status: status)
  }
}

/// An object as the server prints it.
func object(_ fqn: String, kind: String, state: String = "READY", revision: Int = 7) -> Document {
  let name = fqn.split(separator: "/").last.map(String.init) ?? ""
  return [
    "apiVersion": "traffic.rialto.mesh/v2", "kind": .string(kind),
    "metadata": [
      "name": .string(name), "organization": "acme", "fqn": .string(fqn),
      "etag": .string(String(revision)), "created": 3, "createdAt": "2027-01-15T07:57:00.000Z",
      "updatedAt": "2027-01-15T07:58:00.000Z",
    ],
    "spec": [:], "status": ["state": .string(state)],
  ]
}

/// A folder that is gone when the test is over.
struct TemporaryFolder: ~Copyable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appending(path: "rialto-\(UUID().uuidString)")
      .path()
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ text: String, to name: String) throws -> String {
    let file = "\(path)/\(name)"
    try Data(text.utf8).write(to: URL(filePath: file))
    return file
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: "\(path)/\(name)", withIntermediateDirectories: true)
  }
}

/// Counts from 1.
final class Counter: Sendable {
  private let count = Mutex(0)

  var value: Int { count.withLock { $0 } }

  func next() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }
}
