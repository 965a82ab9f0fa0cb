import ArgumentParser
import Documents
import Foundation
import ManagementClient
import Manifests
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"

@Suite struct `Apply command` {
  private static let workspace = """
    apiVersion: api.rialto.mesh/v2
    kind: Workspace
    metadata: {name: shop, organization: acme, tenant: web, etag: "7"}
    spec:
      namespaceSelector:
        names: ["*/shop"]
    """

  private static let tenant = """
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: web, organization: acme}
    """

  private func read(_ path: String, isRecursive: Bool = false) throws -> ManifestFiles {
    try ManifestFiles.read([path], isRecursive: isRecursive, standardInput: { [] })
  }

  @Test func `all files are one change, and each object is a line`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.workspace, to: "b.yaml")
    try folder.write(Self.tenant, to: "a.yml")
    try folder.write("nonsense: [", to: "notes.txt")
    let server = FakeServer([
      "/v2/apply": [
        "revision": 12, "changed": true,
        "results": [
          ["fqn": "organizations/acme/tenants/web", "action": "created"],
          ["fqn": .string(shop), "action": "unchanged"],
        ],
      ]
    ])
    let (session, words) = server.session()
    let command = try await ApplyCommand.asyncParse(["-f", folder.path])
    try await command.apply(try read(folder.path), in: session)
    #expect(words.data == "tenant/web created\nworkspace/shop unchanged\n")
    #expect(words.notes == ["revision 12"])
    let body = try JSONParser.document(from: server.recorded[0].body)
    #expect(body["kind"] == "List" && body["items"]?.list?.count == 2)
    #expect(body["items"]?.list?[1][["metadata", "etag"]] == "7")
  }

  @Test func `folders inside folders count when asked for`() throws {
    let folder = try TemporaryFolder()
    try folder.makeFolder("inner")
    try folder.write(Self.tenant, to: "inner/a.yaml")
    #expect(throws: Failure.self) { try read(folder.path) }
    #expect(try read(folder.path, isRecursive: true).manifests.count == 1)
  }

  @Test func `everything wrong in any file is reported and nothing is sent`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.workspace.replacingOccurrences(of: "names:", with: "nams:"), to: "a.yaml")
    try folder.write("{", to: "b.json")
    let failure = #expect(throws: Failure.self) { try read(folder.path) }
    let reasons = failure?.reasons ?? []
    #expect(reasons.contains { $0.contains("a.yaml:6:5") && $0.contains("did you mean 'names'?") })
    #expect(reasons.contains { $0.contains("b.json:1:2") && $0.contains("RL1001") })
    #expect(failure?.status == .failed)
  }

  @Test func `one object in two files is refused`() throws {
    let folder = try TemporaryFolder()
    try folder.write(Self.tenant, to: "a.yaml")
    try folder.write(Self.tenant, to: "b.yaml")
    #expect(throws: Failure.self) { try read(folder.path) }
  }

  @Test func `what the server finds wrong is shown where it was written`() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.workspace, to: "a.yaml")
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
    let (session, _) = server.session()
    do {
      try await ApplyCommand.asyncParse(["-f", path]).apply(try read(path), in: session)
      Issue.record("it was not refused")
    } catch {
      let failure = try #require(Failure(error))
      #expect(
        failure.reasons == [
          "\(path):6:13: workspace/shop: spec.namespaceSelector.names[0]: owned (RL1060)"
        ])
    }
  }

  @Test func `a dry run at the server stores nothing and says so`() async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Self.tenant, to: "a.yaml")
    let server = FakeServer([
      "/v2/apply?dryRun=true": [
        "revision": 12,
        "results": [["fqn": "organizations/acme/tenants/web", "action": "created"]],
      ]
    ])
    let (session, words) = server.session()
    try await ApplyCommand.asyncParse(["-f", path, "--dry-run", "server"]).apply(
      try read(path), in: session)
    #expect(words.data == "tenant/web created (server dry run)\n" && words.notes.isEmpty)
  }

  @Test func `standard input is a file like others`() throws {
    let read = try ManifestFiles.read(
      ["-"], isRecursive: false, standardInput: { Array(Self.tenant.utf8) })
    #expect(read.manifests.map(\.file) == ["standard input"])
  }
}
