import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let route =
  "organizations/acme/tenants/web/workspaces/shop/trafficgroups/all/serviceroutes/orders"

@Suite struct `What is typed first` {
  @Test(
    arguments: [
      (["stat"], "Did you mean 'rialto status'?"), (["aply"], "Did you mean 'rialto apply'?"),
      (["patch", "sr", "orders"], "rialto edit KIND NAME"), (["edti"], "'rialto edit'"),
      (["proxy-status"], "rialto proxies status"),
      (["proxies", "confg", "web"], "Did you mean 'rialto proxies config'?"),
      (["xyzzy"], "'rialto --help' lists the commands."),
    ] as [([String], String)])
  func `an unknown command comes with the one that is meant`(
    _ arguments: [String], _ advice: String
  ) throws {
    let failure = try #require(UnknownCommand.failure(in: arguments))
    #expect(failure.status == .usage && failure.advice.contains(advice))
  }

  @Test(
    arguments: [
      [], ["--help"], ["get", "pods"], ["history"], ["describe", "sr", "orders"], ["proxies"],
      ["proxies", "-o", "wide"], ["clusters", "ls"], ["help", "nonsense"],
      ["config", "get-contexts"],
    ])
  func `a known command is left to its parser`(_ arguments: [String]) {
    #expect(UnknownCommand.failure(in: arguments) == nil)
  }

  @Test(arguments: Rialto.configuration.subcommands.map { $0.configuration.commandName ?? "" })
  func `help has examples`(_ name: String) throws {
    let children = try #require(
      Rialto.configuration.subcommands.first { $0.configuration.commandName == name }
    ).configuration.subcommands
    for words in children.isEmpty
      ? [[name]] : children.map({ [name, $0.configuration.commandName ?? ""] })
    {
      #expect(try HelpTopicCommand.text(words).contains("Example"), "\(words)")
    }
  }

  @Test(
    arguments: [
      ("pods", "rialto get workloads"), ("deploy", "rialto get workloads"),
      ("trafficsplits", "rialto get serviceroutes"), ("NetPol", "rialto get securitysettings"),
      ("ns", "rialto get workspaces"), ("events", "rialto changes"),
      ("servicerout", "Did you mean 'serviceRoute'?"),
    ])
  func `other systems' kinds lead to ours`(_ word: String, _ advice: String) async throws {
    let failure = await #expect(throws: Failure.self) {
      try await GetCommand.asyncParse([word]).run(in: mesh().session().session)
    }
    #expect(failure?.advice.contains(advice) == true)
  }

  @Test(
    arguments: [
      (["sr", "order"], "Did you mean 'orders'?"),
      (["sr", "--workspace", "shp"], "Did you mean 'shop'?"),
      (["sr", "orders", "--group", "al"], "Did you mean 'all'?"),
      (["workloads", "ordrs"], "Did you mean 'orders'?"),
      (["sr", "-n", "shop"], "Use --workspace"),
    ] as [([String], String)])
  func `a wrong name comes with the nearest one`(
    _ arguments: [String], _ advice: String
  ) async throws {
    let server = mesh([
      "/v2/workloads": ["items": [["service": "orders", "namespace": "shop", "nodeID": "n1"]]]
    ])
    let failure = await #expect(throws: Failure.self) {
      try await GetCommand.asyncParse(arguments).run(in: server.session().session)
    }
    #expect(failure?.advice.contains(advice) == true)
  }

  @Test func `all namespaces is what get shows anyway`() async throws {
    let (session, words) = mesh().session()
    try await GetCommand.asyncParse(["sr", "-A", "-o", "name"]).run(in: session)
    #expect(words.data == "serviceroute/orders\n")
  }

  @Test func `files need no flag of their own each`() async throws {
    let command = try await ApplyCommand.asyncParse(["-f", "a.yaml", "b.yaml"])
    #expect(command.named == ["a.yaml"] && command.more == ["b.yaml"])
    await #expect(throws: (any Error).self) { try await ApplyCommand.asyncParse([]) }
  }

  @Test func `two objects of one name are told apart by their groups`() async throws {
    let groups = "organizations/acme/tenants/web/workspaces/shop/securitygroups"
    let server = FakeServer([
      "/v2/apply": [
        "revision": 12,
        "results": [
          ["fqn": .string("\(groups)/a/settings/callers"), "action": "created"],
          ["fqn": .string("\(groups)/b/settings/callers"), "action": "unchanged"],
        ],
      ]
    ])
    let folder = try TemporaryFolder()
    let path = try folder.write(
      """
      apiVersion: api.rialto.mesh/v2
      kind: Tenant
      metadata: {name: web, organization: acme}
      """, to: "a.yaml")
    let (session, words) = server.session()
    let read = try ManifestFiles.read([path], isRecursive: false, standardInput: { [] })
    try await ApplyCommand.asyncParse(["-f", path]).apply(read, in: session)
    #expect(
      words.data == """
        securitysetting/callers in securitygroup/a created
        securitysetting/callers in securitygroup/b unchanged

        """)
  }
}
