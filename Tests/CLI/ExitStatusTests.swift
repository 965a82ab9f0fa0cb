import Manifests
import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"

/// One test for each line of `rialto help exit-codes`.
@Suite struct `Exit status` {
  private static let tenant = """
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: web, organization: acme}
    """

  private func read() throws -> ManifestFiles {
    try ManifestFiles.read(["-"], isRecursive: false, standardInput: { Array(Self.tenant.utf8) })
  }

  /// What a command exits with.
  private func status(_ command: () async throws -> Void) async throws -> Int32 {
    do {
      try await Failure.reported(doing: "do it", to: Words().terminal, command)
      return 0
    } catch let code as ExitCode {
      return code.rawValue
    }
  }

  @Test func `0: it worked`() async throws {
    let session = FakeServer(["/v2/\(shop)": object(shop, kind: "Workspace")]).session().session
    #expect(
      try await status { try await GetCommand.asyncParse([shop, "-o", "name"]).run(in: session) }
        == 0)
  }

  @Test func `1: the operation failed`() async throws {
    let session = FakeServer([:]).session().session
    #expect(try await status { try await StatusCommand.asyncParse([shop]).run(in: session) } == 1)
  }

  @Test func `2: differences, with --exit-code`() async throws {
    let answer: Document = [
      "changed": true, "results": [["fqn": .string(shop), "action": "created"]],
    ]
    let session = FakeServer(["/v2/plan": answer]).session().session
    let read = try read()
    #expect(
      try await status { try await PlanCommand.asyncParse(["-f", "-"]).plan(read, in: session) }
        == 0)
    #expect(
      try await status {
        try await PlanCommand.asyncParse(["-f", "-", "--exit-code"]).plan(read, in: session)
      } == 2)
  }

  private static func installation(connected: Bool, state: String = "READY") -> FakeServer {
    FakeServer { call in
      switch call.target.split(separator: "?").first {
      case "/readyz": .json(["status": "ok"])
      case "/v2/agents":
        .json([
          "items": [
            [
              "cluster": "east", "connected": .bool(connected),
              "since": "2027-01-15T07:57:00.000Z", "generation": 4, "acknowledgedGeneration": 4,
            ]
          ]
        ])
      case "/v2/organizations":
        .json(["items": [object("organizations/acme", kind: "Organization", state: state)]])
      default: ServerAnswer.noOnlyObject(at: call.target) ?? .json(["items": []])
      }
    }
  }

  @Test func `3: a check found something at or above --fail-on`() async throws {
    func run(_ server: FakeServer, _ arguments: [String] = []) async throws -> Int32 {
      try await status {
        try await CheckCommand.asyncParse(arguments).run(in: server.session().session)
      }
    }
    let (good, away) = (Self.installation(connected: true), Self.installation(connected: false))
    let partial = Self.installation(connected: true, state: "PARTIAL")
    #expect(try await run(good, ["--fail-on", "warning"]) == 0)
    #expect(try await run(away) == 3)
    #expect(try await run(away, ["--fail-on", "none"]) == 0)
    #expect(try await run(partial) == 0)
    #expect(try await run(partial, ["--fail-on", "warning"]) == 3)
  }

  @Test func `4: waiting took longer than the timeout`() async throws {
    let server = FakeServer(staysOpen: true) { call in
      call.target.hasPrefix("/v2/watch") ? .json([:]) : .json(["state": "ACCEPTED", "revision": 7])
    }
    let session = server.session(sleep: { _ in }).session
    #expect(
      try await status {
        try await WaitCommand.asyncParse([shop, "--timeout", "1s"]).run(in: session)
      } == 4)
  }

  @Test func `5: conflict, because somebody else has written`() async throws {
    let server = FakeServer { _ in .problem(412, "RL2412", "it has revision 8") }
    let session = server.session().session
    let read = try read()
    #expect(
      try await status {
        try await ApplyCommand.asyncParse(["-f", "-", "--if-match", "7"]).apply(read, in: session)
      } == 5)
    let sent = try JSONParser.document(from: server.recorded[0].body)
    #expect(sent["items"]?.list?.first?[["metadata", "etag"]] == "7")
    #expect(
      try await status {
        let command = try await DeleteCommand.asyncParse([shop, "--if-match", "7"])
        try await command.delete(read.manifests.map(\.ref), in: session)
      } == 5)
    #expect(server.recorded[1].headers["if-match"] == "\"7\"")
  }

  @Test(arguments: [(401, "RL2401"), (403, "RL2403")])
  func `6: not authenticated, or not allowed`(_ code: Int, _ name: String) async throws {
    let session = FakeServer { _ in .problem(code, name, "no") }.session().session
    #expect(try await status { try await ChangesCommand.asyncParse([]).run(in: session) } == 6)
  }

  @Test func `7: the server cannot be reached`() async throws {
    var session = FakeServer([:]).session().session
    session.client = ManagementClient(
      exchange: Exchange(
        send: { _ in throw ClientError.unreachable(server: "s", reason: "refused") },
        stream: { _, _ in nil }))
    let away = session
    #expect(try await status { try await StatusCommand.asyncParse([]).run(in: away) } == 7)
  }

  @Test func `64: the command line makes no sense`() async throws {
    #expect(UnknownCommand.failure(in: ["aply"])?.status.rawValue == 64)
    #expect(Rialto.exitCode(for: ValidationError("x")).rawValue == 64)
    let session = FakeServer(["/v2/agents": ["items": []]]).session().session
    #expect(
      try await status {
        try await ClusterListCommand.asyncParse(["--columns", "nothing", "--org", "acme"])
          .run(in: FakeServer { _ in .json(["items": []]) }.session().session)
      } == 64)
    #expect(
      try await status { try await GetCommand.asyncParse(["ws/a", "b"]).run(in: session) } == 64)
  }
}
