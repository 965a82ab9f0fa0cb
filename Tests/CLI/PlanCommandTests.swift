import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let orders =
  "organizations/acme/tenants/web/workspaces/shop/trafficgroups/all/serviceroutes/orders"

@Suite struct `Planning commands` {
  private static let tenant = """
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: web, organization: acme}
    """

  private static let answer: Document = [
    "base": 7, "changed": true,
    "results": [
      [
        "fqn": .string(orders), "action": "updated",
        "diff": [
          ["op": "replace", "path": "/spec/subsets/0/weight", "before": 90, "value": 0]
        ],
      ]
    ],
    "plan": [
      "proxies": 2, "problems": [],
      "clusters": [
        [
          "cluster": "east", "proxies": 2,
          "items": [["item": "service/shop/orders", "action": "change"]],
          "groups": [
            [
              "nodeIDs": ["web-1", "web-2"],
              "resources": [
                [
                  "type": "routes", "name": "outbound", "action": "change",
                  "diff": [["op": "add", "path": "/a", "value": 1]],
                ]
              ],
            ]
          ],
        ]
      ],
    ],
  ]

  private func read() throws -> ManifestFiles {
    try ManifestFiles.read(
      ["-"], isRecursive: false, standardInput: { Array(Self.tenant.utf8) })
  }

  @Test func `a plan names objects, blueprints and proxies, and can be applied exactly`()
    async throws
  {
    let server = FakeServer([
      "/v2/plan": Self.answer, "/v2/apply?revision=7": ["revision": 8, "results": []],
    ])
    let (session, words) = server.session()
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/shop.plan"
    try await PlanCommand.asyncParse(["-f", "-", "--out", path]).plan(try read(), in: session)
    #expect(
      words.data == """
        ~ serviceroute/orders
            ~ /spec/subsets/0/weight: 90 -> 0

        cluster east
          ~ service/shop/orders
          proxies web-1, web-2
            ~ routes outbound
                + /a: 1

        0 to create, 1 to change, 0 to delete; 2 proxies concerned

        """)
    try await ApplyCommand.asyncParse(["--plan", path]).apply(try SavedPlan.read(path), in: session)
    #expect(server.targets.last == "POST /v2/apply?revision=7")
    let sent = try JSONParser.document(from: server.recorded[1].body)
    #expect(sent["items"]?.list?.count == 1)
    #expect(throws: Failure.self) { try SavedPlan.read("\(folder.path)/none") }
    await #expect(throws: (any Error).self) {
      try await ApplyCommand.asyncParse(["--plan", path, "-f", "x"])
    }
  }

  @Test func `a plan that would change something can say so by its exit code`() async throws {
    let (session, _) = FakeServer(["/v2/plan": Self.answer]).session()
    let code = await #expect(throws: ExitCode.self) {
      try await PlanCommand.asyncParse(["-f", "-", "--exit-code"]).plan(try read(), in: session)
    }
    #expect(code?.rawValue == 2)
  }

  @Test func `a difference is shown field by field`() async throws {
    let (session, words) = FakeServer(["/v2/plan": Self.answer]).session()
    #expect(try await DiffCommand.asyncParse(["-f", "-"]).differs(try read(), in: session))
    #expect(words.data.contains("/spec/subsets/0/weight: 90 -> 0"))
    let (same, nothing) = FakeServer([
      "/v2/plan": ["changed": false, "results": [["fqn": .string(orders), "action": "unchanged"]]]
    ]).session()
    #expect(try await !DiffCommand.asyncParse(["-f", "-"]).differs(try read(), in: same))
    #expect(nothing.data.isEmpty)
  }

  @Test func `a rollback asks for the revision and the part of the tree`() async throws {
    let server = FakeServer { _ in
      .json(["revision": 9, "results": [["fqn": .string(orders), "action": "updated"]]])
    }
    let (session, words) = server.session()
    try await RollbackCommand.asyncParse(["7"]).run(in: session)
    #expect(server.targets == ["POST /v2/changes/7/rollback"])
    #expect(words.data == "serviceroute/orders updated\n" && words.notes == ["revision 9"])
    await #expect(throws: (any Error).self) { try await RollbackCommand.asyncParse(["0"]) }
  }

  @Test func `one change can be waited for`() async throws {
    let (session, words) = FakeServer([
      "/v2/changes/7": ["propagation": ["isComplete": true]]
    ]).session()
    try await WaitCommand.asyncParse(["--for=ready", "--change", "7"]).run(in: session)
    #expect(words.data == "change/7 ready\n")
  }

  @Test(
    arguments: [
      ("{.items[*].metadata.name}", "a b"), (".items[0].metadata.name", "a"),
      ("{.items[-1].n}{\"\\n\"}", "2\n"), ("{.none}", ""), ("x={.items[0]['n']}", "x=1"),
    ])
  func `a JSONPath picks values`(_ template: String, _ text: String) throws {
    let document: Document = [
      "items": [["n": 1, "metadata": ["name": "a"]], ["n": 2, "metadata": ["name": "b"]]]
    ]
    #expect(try #require(JSONPath(template)).text(of: document) == text)
  }

  @Test(arguments: ["{.a", "{.a[}", "{.a[x]}", "{.a..b}"])
  func `a JSONPath that makes no sense is none`(_ template: String) {
    #expect(JSONPath(template) == nil)
    #expect(OutputFormat(argument: "jsonpath=\(template)") == nil)
  }

  @Test func `tables sort by a column, and are CSV when asked`() throws {
    var table = Table(headings: ["NAME", "AGE"])
    table.rows = [["b", "10"], ["a,\"x\"", "9"]]
    let options = try OutputOptions.parse(["-o", "csv", "--sort-by", "age"])
    #expect(try options.text(of: table) == "NAME,AGE\n\"a,\"\"x\"\"\",9\nb,10\n")
  }
}
