import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let route =
  "organizations/acme/tenants/web/workspaces/shop/trafficgroups/all/serviceroutes/orders"

/// One of everything on the way to one route.
private func mesh(_ more: [String: Document] = [:]) -> FakeServer {
  FakeServer { call in
    let path = call.target.split(separator: "?").first.map(String.init) ?? ""
    if let document = more[path] { return .json(document) }
    let items: [Document] =
      switch path {
      case "/v2/organizations": [object("organizations/acme", kind: "Organization")]
      case "/v2/organizations/acme/tenants":
        [object("organizations/acme/tenants/web", kind: "Tenant")]
      case "/v2/organizations/acme/tenants/web/workspaces":
        [object("organizations/acme/tenants/web/workspaces/shop", kind: "Workspace")]
      case "/v2/organizations/acme/tenants/web/workspaces/shop/trafficgroups":
        [
          object(
            "organizations/acme/tenants/web/workspaces/shop/trafficgroups/all", kind: "Group")
        ]
      case "/v2/organizations/acme/tenants/web/workspaces/shop/trafficgroups/all/serviceroutes":
        [object(route, kind: "ServiceRoute")]
      default: []
      }
    return .json(["items": .list(items)])
  }
}

@Suite struct `What is typed first` {
  @Test(
    arguments: [
      (["stat"], "Did you mean 'rialto status'?"), (["aply"], "Did you mean 'rialto apply'?"),
      (["edit", "sr", "orders"], "rialto get KIND NAME -o yaml"),
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
      try await GetCommand.parse([word]).run(in: mesh().session().session)
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
      try await GetCommand.parse(arguments).run(in: server.session().session)
    }
    #expect(failure?.advice.contains(advice) == true)
  }

  @Test func `all namespaces is what get shows anyway`() async throws {
    let (session, words) = mesh().session()
    try await GetCommand.parse(["sr", "-A", "-o", "name"]).run(in: session)
    #expect(words.data == "serviceroute/orders\n")
  }

  @Test func `files need no flag of their own each`() throws {
    let command = try ApplyCommand.parse(["-f", "a.yaml", "b.yaml"])
    #expect(command.named == ["a.yaml"] && command.more == ["b.yaml"])
    #expect(throws: (any Error).self) { try ApplyCommand.parse([]) }
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
    try await ApplyCommand.parse(["-f", path]).apply(read, in: session)
    #expect(
      words.data == """
        securitysetting/callers in securitygroup/a created
        securitysetting/callers in securitygroup/b unchanged

        """)
  }
}

@Suite struct `The whole mesh` {
  private static func answers(
    connected: Bool = true, inSync: Bool = true, isComplete: Bool = true,
    rejections: [Document] = []
  ) -> [String: Document] {
    [
      "/v2/agents": [
        "items": [
          [
            "cluster": "east", "connected": .bool(connected), "since": "2027-01-15T07:57:00.000Z",
          ]
        ], "rejections": .list(rejections),
      ],
      "/v2/proxies": [
        "items": [
          [
            "cluster": "east", "nodeID": "orders-1", "role": "sidecar", "connected": true,
            "healthy": true, "inSync": .bool(inSync),
          ]
        ]
      ],
      "/v2/changes": [
        "items": [
          [
            "revision": 7, "actor": "ann", "committedAt": "2027-01-15T07:58:00.000Z",
            "propagation": ["isCompiled": true, "isComplete": .bool(isComplete)],
          ]
        ]
      ],
    ]
  }

  private static let refusal: Document = [
    "cluster": "east", "nodeIDs": ["orders-1"], "resourceName": "inbound", "reason": "bad\u{1b}",
  ]

  @Test func `good is one page`() async throws {
    let (session, words) = mesh(Self.answers()).session()
    try await StatusCommand.parse([]).run(in: session)
    #expect(
      words.data == """
        server       https://localhost:8443 (context test)
        sites        1 of 1 connected
        proxies      1 of 1 connected, 1 current
        workloads    1 of 1 healthy
        objects      5 of 5 ready
        last change  revision 7 by ann, 2m ago: complete

        everything is in force

        """)
  }

  @Test(
    arguments: [
      (Self.answers(connected: false), "! site east: its agent is away"),
      (Self.answers(inSync: false), "! proxy orders-1 in east is behind"),
      (Self.answers(rejections: [Self.refusal]), "! orders-1 refuses inbound: bad\\u{1b}"),
    ])
  func `what is not good is named`(_ answers: [String: Document], _ line: String) async throws {
    let (session, words) = mesh(answers).session()
    try await StatusCommand.parse([]).run(in: session)
    #expect(words.data.contains(line) && !words.data.contains("everything is in force"))
  }

  @Test func `waiting without a name is for all changes`() async throws {
    let (session, words) = mesh(Self.answers()).session()
    try await WaitCommand.parse(["--for=ready"]).run(in: session)
    #expect(words.data == "everything is in force\n")
  }

  @Test func `a refusal ends it as a failure, and time as a timeout`() async throws {
    let refused = mesh(Self.answers(rejections: [Self.refusal])).session().session
    let failure = await #expect(throws: Failure.self) {
      try await WaitCommand.parse([]).run(in: refused)
    }
    #expect(failure?.status == .failed && failure?.code == "RL3010")
    let late = FakeServer(staysOpen: true) { call in
      call.target.hasPrefix("/v2/watch")
        ? .json([:]) : .json(Self.answers(isComplete: false)["/v2/changes"] ?? .null)
    }
    let (session, _) = late.session(sleep: { _ in })
    let timeout = await #expect(throws: Failure.self) {
      try await WaitCommand.parse([]).run(in: session)
    }
    #expect(timeout?.status == .timedOut)
  }
}

@Suite struct `A proxy's configuration` {
  private static let configuration: Document = [
    "resources": [
      [
        "type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": "outbound_orders",
        "state": "acknowledged", "version": "v", "bytes": 5,
        "from": [
          [
            "item": "service/shop/orders",
            "sources": [
              ["fqn": .string(route), "revision": 4], ["fqn": .string(route), "revision": 4],
            ],
          ]
        ],
      ],
      [
        "type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "name": "outbound_orders", "state": "sent",
        "from": [["item": "service/shop/orders", "sources": []]],
      ],
    ],
    "quarantined": [["item": "service/shop/bad", "resourceName": "inbound", "reason": "no"]],
  ]

  @Test func `each resource leads back to its objects`() {
    let text = ProxyConfigurationTable(isWide: false).text(
      of: Self.configuration, hidesHeadings: false)
    #expect(
      text == """
        TYPE                   NAME             STATE         FROM
        Cluster                outbound_orders  acknowledged  serviceroute/orders@4
        ClusterLoadAssignment  outbound_orders  sent          service/shop/orders
        left out: service/shop/bad, because this Envoy refuses inbound: no

        """)
  }

  @Test(arguments: [("clusters", 1), ("endpoint", 1), ("eds", 1), ("listener", 0), ("cluster", 1)])
  func `types have istioctl's names`(_ type: String, _ count: Int) {
    var table = ProxyConfigurationTable(isWide: true)
    table.type = type
    let lines = table.text(of: Self.configuration, hidesHeadings: true).split(separator: "\n")
    #expect(lines.count == count + 1)
  }
}
