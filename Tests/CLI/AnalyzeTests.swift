import ArgumentParser
import Documents
import ManagementClient
import Model
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"

@Suite struct `Analyze command` {
  private func reading(_ text: String) throws -> ManifestFiles.Reading {
    try ManifestFiles.reading(
      ["-"], isRecursive: false, standardInput: { Array(text.utf8) })
  }

  private static let good = """
    apiVersion: api.rialto.mesh/v2
    kind: Workspace
    metadata: {name: shop, organization: acme, tenant: web}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    """

  private func status(
    _ arguments: [String], _ found: [ProblemDetails.Item], _ words: Words = Words()
  ) async throws -> Int32 {
    do {
      try await AnalyzeCommand.asyncParse(arguments).report(found, to: words.terminal)
      return 0
    } catch let code as ExitCode { return code.rawValue }
  }

  @Test func `what is wrong in files is found without a server`() async throws {
    let found = try reading(Self.good.replacing("names:", with: "nams:"))
    #expect(found.files == nil)
    let words = Words()
    #expect(try await status(["-f", "-", "--offline"], found.findings, words) == 3)
    #expect(words.data.contains("error") && words.data.contains("standard input:4:28"))
    #expect(try reading(Self.good).findings.isEmpty)
  }

  @Test func `the server adds what it alone knows, and each thing is said once`() async throws {
    let warning: Document = [
      "severity": "warning", "code": "RL1063", "subject": .string(shop),
      "detail": "no such service",
    ]
    let server = FakeServer([
      "/v2/apply?dryRun=true": ["warnings": [warning], "plan": ["problems": [warning]]]
    ])
    let found = try await Analysis.files(try reading(Self.good), server.session().session.client)
    #expect(found.map(\.code) == ["RL1063"])
    #expect(try await status([], found) == 0)
    #expect(try await status(["--fail-on", "warning"], found) == 3)
    #expect(try await status(["--fail-on", "warning", "--suppress", "rl1063"], found) == 0)
  }

  @Test func `a refusal is a finding where it was written`() async throws {
    let server = FakeServer { _ in
      .json(
        [
          "status": 422, "code": "RL1060", "detail": "no",
          "errors": [
            [
              "severity": "error", "code": "RL1060", "subject": .string(shop),
              "path": "spec.namespaceSelector.names[0]", "detail": "owned",
            ]
          ],
        ], status: 422)
    }
    let found = try await Analysis.files(try reading(Self.good), server.session().session.client)
    #expect(found.first?.line == 4 && found.first?.file == "standard input")
  }

  @Test func `without files everything there is is looked at`() async throws {
    let server = FakeServer { call in
      guard call.target.hasPrefix("/v2/organizations?") else {
        return ServerAnswer.noOnlyObject(at: call.target) ?? .json(["items": []])
      }
      return .json([
        "items": [
          [
            "metadata": ["name": "acme", "fqn": "organizations/acme"],
            "status": [
              "state": "FAILED", "notYetEffective": ["spec.x"],
              "problems": [["severity": "error", "code": "RL3101", "detail": "held back"]],
            ],
          ]
        ]
      ])
    }
    let session = server.session().session
    let found = try await Analysis.live(session, CommandWords([]).parents())
    #expect(found.map(\.severity) == ["error", "warning"])
    #expect(found.map(\.place) == ["organizations/acme", "organizations/acme: spec.x"])
  }

  @Test func `several kinds are named at once`() throws {
    #expect(try Targets.kinds("sr,ws") == [.workspace, .serviceRoute])
    #expect(throws: Failure.self) { try Targets.kinds("sr,nothing") }
  }
}
