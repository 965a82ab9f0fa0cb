import ArgumentParser
import Documents
import Foundation
import ManagementClient
import Synchronization
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"

@Suite struct `Edit command` {
  private static let workspace: Document = [
    "apiVersion": "api.rialto.mesh/v2", "kind": "Workspace",
    "metadata": [
      "name": "shop", "organization": "acme", "tenant": "web", "fqn": .string(shop), "etag": "7",
      "createdAt": "2027-01-15T07:57:00.000Z",
    ],
    "spec": ["namespaceSelector": ["names": ["*/shop"]]],
  ]

  /// A server with one workspace, which answers writes in turn.
  private static func server(_ answers: ServerAnswer...) -> FakeServer {
    let count = Counter()
    return FakeServer { call in
      call.method == .get ? .json(workspace) : answers[min(count.next(), answers.count) - 1]
    }
  }

  private static let written = ServerAnswer.json([
    "revision": 8, "results": [["fqn": .string(shop), "action": "updated"]],
  ])

  /// An editor that replaces texts, one pair in each turn, and remembers what it was shown.
  private final class Hand: Sendable {
    private let turns = Mutex<[(String, String)]>([])
    private let seen = Mutex<[String]>([])

    init(_ turns: (String, String)...) { self.turns.withLock { $0 = turns } }

    var shown: [String] { seen.withLock { $0 } }

    var editor: Editor {
      Editor { [self] path in
        let url = URL(filePath: path)
        let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
        seen.withLock { $0.append(text) }
        let turn = turns.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        guard let (old, new) = turn else { return }
        try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: url)
      }
    }
  }

  @Test func `what was changed is sent, if nobody else has written meanwhile`() async throws {
    let server = Self.server(Self.written)
    let (session, words) = server.session()
    let hand = Hand(("*/shop", "*/store"))
    try await EditCommand.asyncParse([shop]).run(in: session, hand.editor)
    #expect(hand.shown[0].contains("#: \(shop)\n") && !hand.shown[0].contains("etag"))
    let call = try #require(server.recorded.last)
    #expect(call.method == .put && call.headers["if-match"] == "\"7\"")
    let sent = try JSONParser.document(from: call.body)
    #expect(sent[["spec", "namespaceSelector", "names"]] == ["*/store"])
    #expect(words.data == "workspace/shop updated\n")
  }

  // MARK: Secrets

  private static let provider = "organizations/acme/oidcs/company"
  private static let secret = "hush: \"quoted\" # text"

  private static func providers() -> FakeServer {
    let object: Document = [
      "apiVersion": "api.rialto.mesh/v2", "kind": "OIDC",
      "metadata": ["name": "company", "organization": "acme", "etag": "7"],
      "spec": [
        "secret": .string(secret),
        "config": [
          "clientId": "rialto", "redirectUri": "https://rialto.example.com/callback",
          "providerConfig": ["dynamic": ["configurationUri": "https://id.example.com"]],
        ],
      ],
    ]
    return FakeServer { call in
      call.method == .get
        ? .json(object)
        : .json(["revision": 8, "results": [["fqn": .string(provider), "action": "updated"]]])
    }
  }

  private func sent(_ hand: Hand, to server: FakeServer) async throws -> Document? {
    let (session, words) = server.session()
    try await EditCommand.asyncParse([Self.provider]).run(in: session, hand.editor)
    #expect(!hand.shown.joined().contains("hush") && !words.data.contains("hush"))
    let call = server.recorded.last { $0.method == .put }
    return try call.map { try JSONParser.document(from: $0.body) }
  }

  @Test func `a secret is not shown, and stays what it is`() async throws {
    let untouched = try await sent(Hand(), to: Self.providers())
    #expect(untouched == nil)
    // However it is written.
    for written in [
      "(redacted 1)", "\"(redacted 1)\"", "'(redacted 1)' # kept", "|\n    (redacted 1)",
    ] {
      let server = Self.providers()
      let (session, _) = server.session()
      let editor = Editor { path in
        let text = try String(contentsOfFile: path, encoding: .utf8)
          .replacing("clientId: rialto", with: "clientId: other")
        let lines = text.split(separator: "\n").map { line in
          line.hasPrefix("  secret: ") ? "  secret: \(written)" : String(line)
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path))
      }
      try await EditCommand.asyncParse([Self.provider]).run(in: session, editor)
      let body = try JSONParser.document(from: try #require(server.recorded.last).body)
      #expect(body[["spec", "secret"]] == .string(Self.secret))
      #expect(body[["spec", "config", "clientId"]] == "other")
    }
  }

  @Test func `another text takes the place of a secret`() async throws {
    let body = try await sent(Hand(("(redacted 1)", "bmV3")), to: Self.providers())
    #expect(body?[["spec", "secret"]] == "bmV3")
  }

  @Test func `the file is its owner's alone, and gone afterwards`() async throws {
    let seen = Mutex("")
    let editor = Editor { path in
      seen.withLock { $0 = path }
      let manager = FileManager.default
      let file = try manager.attributesOfItem(atPath: path)[.posixPermissions] as? Int
      let folder = URL(filePath: path).deletingLastPathComponent().path()
      let around = try manager.attributesOfItem(atPath: folder)[.posixPermissions] as? Int
      #expect(file == 0o600 && around == 0o700)
    }
    let (session, _) = Self.server(Self.written).session()
    try await EditCommand.asyncParse([shop]).run(in: session, editor)
    let path = seen.withLock { $0 }
    #expect(!path.isEmpty && !FileManager.default.fileExists(atPath: path))
    // An editor that fails leaves nothing behind either.
    let broken = Editor { path in
      seen.withLock { $0 = path }
      throw Failure(.failed, .editor, "no", advice: "Set EDITOR.")
    }
    await #expect(throws: Failure.self) {
      try await EditCommand.asyncParse([shop]).run(in: session, broken)
    }
    #expect(!FileManager.default.fileExists(atPath: seen.withLock { $0 }))
  }

  @Test(arguments: ["", "# a remark of one's own\n"])
  func `nothing is sent when nothing was changed`(_ remark: String) async throws {
    let server = Self.server(Self.written)
    let (session, words) = server.session()
    try await EditCommand.asyncParse([shop]).run(
      in: session, Hand(("apiVersion:", "\(remark)apiVersion:")).editor)
    #expect(server.recorded.allSatisfy { $0.method == .get })
    #expect(words.notes == ["nothing was changed"])
  }

  @Test func `a mistake is a comment above its line, and the editor opens again`() async throws {
    let (session, words) = Self.server(Self.written).session()
    let hand = Hand(("names:", "nams:"), ("nams:", "names:"), ("*/shop", "*/store"))
    try await EditCommand.asyncParse([shop]).run(in: session, hand.editor)
    // The second turn undoes the mistake, which leaves nothing to do.
    #expect(hand.shown.count == 2 && words.notes == ["nothing was changed"])
    let lines = hand.shown[1].split(separator: "\n")
    let place = try #require(lines.firstIndex { $0.contains("nams:") })
    #expect(lines[place - 1].hasPrefix("    #: error: ") && lines[place - 1].contains("names"))
  }

  @Test func `what the server refuses is a comment too`() async throws {
    let refusal = ServerAnswer.json(
      [
        "status": 422, "code": "RL1060", "detail": "no",
        "errors": [
          [
            "severity": "error", "code": "RL1060", "subject": .string(shop),
            "path": "spec.namespaceSelector.names[0]", "detail": "owned by another",
          ]
        ],
      ], status: 422)
    let (session, words) = Self.server(refusal, Self.written).session()
    let hand = Hand(("*/shop", "*/pay"), ("*/pay", "*/store"))
    try await EditCommand.asyncParse([shop]).run(in: session, hand.editor)
    #expect(hand.shown[1].contains("owned by another (RL1060)\n"))
    #expect(words.data == "workspace/shop updated\n")
  }

  @Test func `leaving a refused text as it is ends it, and the text is kept`() async throws {
    let (session, _) = Self.server(Self.written).session()
    let failure = await #expect(throws: Failure.self) {
      try await EditCommand.asyncParse([shop]).run(in: session, Hand(("names:", "nams:")).editor)
    }
    let path = try #require(failure?.advice.split(separator: " ").last).dropLast()
    #expect(try String(contentsOfFile: String(path), encoding: .utf8).contains("nams:"))
    try FileManager.default.removeItem(
      at: URL(filePath: String(path)).deletingLastPathComponent())
  }

  @Test func `another object is not what was asked for`() async throws {
    let (session, _) = Self.server(Self.written).session()
    let hand = Hand(("name: shop", "name: other"), ("name: other", "name: shop"))
    try await EditCommand.asyncParse([shop]).run(in: session, hand.editor)
    #expect(hand.shown[1].contains("#: error: this has to be \(shop)"))
  }

  @Test func `who comes second is told so`() async throws {
    let (session, words) = Self.server(.problem(412, "RL2412", "it has revision 8")).session()
    await #expect(throws: ClientError.self) {
      try await EditCommand.asyncParse([shop]).run(in: session, Hand(("*/shop", "*/store")).editor)
    }
    let path = try #require(words.notes.first?.split(separator: " ").last)
    try FileManager.default.removeItem(
      at: URL(filePath: String(path)).deletingLastPathComponent())
  }

  @Test(
    arguments: [
      (["EDITOR": "sed -i s/a/b/"], true), (["VISUAL": "sed -i s/a/b/", "EDITOR": "false"], true),
      (["EDITOR": "false"], false), (["EDITOR": "/nowhere/at-all"], false),
    ] as [([String: String], Bool)])
  func `the editor is that of the environment, with its arguments`(
    _ environment: [String: String], _ works: Bool
  ) async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a", to: "it's a file.yaml")
    if works {
      try await Editor.of(environment).edit(path)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "b")
    } else {
      await #expect(throws: Failure.self) { try await Editor.of(environment).edit(path) }
    }
  }
}
