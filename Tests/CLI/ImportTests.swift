import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Testing

@testable import rialto

@Suite struct `Import command` {
  private static let files = """
    apiversion: api.tsb.tetrate.io/v2
    kind: Workspace
    metadata: {name: w, organization: acme, tenant: Team_A}
    spec: {namespaceSelector: {names: ["*/$NS"]}}
    ---
    apiVersion: tsb.tetrate.io/v2
    kind: Tenant
    metadata: {name: t, annotations: {tsb.tetrate.io/organization: acme}}
    ---
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
    """

  private func run(
    _ arguments: [String],
    _ answer: @escaping @Sendable (ServerCall) -> ServerAnswer = { _ in
      .json(["items": [], "results": []])
    }
  ) async throws -> (server: FakeServer, words: Words, status: Int32) {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.files, to: "a.yaml")
    let server = FakeServer(answer)
    let (session, words) = server.session()
    do {
      try await ImportCommand.asyncParse(["-f", path] + arguments).run(in: session)
    } catch let code as ExitCode { return (server, words, code.rawValue) }
    return (server, words, 0)
  }

  @Test func `every object is reported, and what was added too`() async throws {
    let (server, words, status) = try await run(
      ["--report", "--skip-unknown", "--var", "NS=shop"])
    #expect(status == 0)
    let heads = words.data.split(separator: "\n").filter { !$0.hasPrefix(" ") }.map {
      String($0.prefix { $0 != "(" })
    }
    #expect(
      heads == [
        "converted: workspace/w ", "taken: tenant/t ", "skipped: Namespace shop ",
        "converted: organizationsetting/imported", "4 objects: 1 taken, 2 converted, 1 skipped",
      ])
    #expect(words.data.contains("'Team_A' is called 'team-a' here (RL1052)"))
    let body = try JSONParser.document(from: try #require(server.recorded.last).body)
    #expect(server.targets.last == "POST /v2/apply")
    #expect(body["items"]?.list?.count == 3)
  }

  @Test func `what is refused keeps everything from being written`() async throws {
    let (server, words, status) = try await run(["--report"])
    #expect(status == 1)
    #expect(words.data.contains("refused: Namespace shop"))
    #expect(words.data.contains("${NS}"))
    #expect(server.targets.allSatisfy { $0 != "POST /v2/apply" })
  }

  @Test func `what the server refuses is told of its object`() async throws {
    let (_, words, status) = try await run(["--skip-unknown", "--var", "NS=shop"]) { call in
      guard call.target == "/v2/apply" else { return .json(["items": []]) }
      return .json(
        [
          "status": 422, "code": "RL1064", "title": "No", "detail": "no",
          "errors": [
            [
              "severity": "error", "code": "RL1064", "detail": "Tenant team-a does not exist",
              "subject": "organizations/acme/tenants/team-a/workspaces/w",
            ]
          ],
        ], status: 422)
    }
    #expect(status == 1)
    #expect(words.data.contains("Tenant team-a does not exist (RL1064)"))
    #expect(words.data.contains("1 refused"))
  }

  @Test func `a file of variables may come from any system`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("# site\r\nNS=shop\r\n\r\n\t\nURL=a=b\n", to: "site.env")
    let options = try ReadingArguments.parse(["--var-file", file, "--var", "X=1"]).options()
    #expect(options.variables == ["NS": "shop", "URL": "a=b", "X": "1"])
  }

  @Test func `a dry run is one`() async throws {
    let (server, words, _) = try await run(
      ["--dry-run", "--skip-unknown", "--var", "NS=shop", "-o", "json"])
    #expect(server.targets.last == "POST /v2/apply?dryRun=true")
    let report = try JSONParser.document(from: Array(words.data.utf8))
    #expect(report["counts"]?["skipped"] == 1 && report["items"]?.list?.count == 4)
  }
}
