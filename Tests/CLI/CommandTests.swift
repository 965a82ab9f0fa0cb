import ArgumentParser
import Documents
import Foundation
import ManagementClient
import Manifests
import Model
import Synchronization
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"
private let orders = "\(shop)/trafficgroups/all/serviceroutes/orders"

/// A tree with two workspaces and one route.
private func tree() -> FakeServer {
  FakeServer { call in
    let path = call.target.split(separator: "?").first.map(String.init) ?? ""
    let items: [Document]? =
      switch path {
      case "/v2/organizations": [object("organizations/acme", kind: "Organization")]
      case "/v2/organizations/acme/tenants":
        [object("organizations/acme/tenants/web", kind: "Tenant")]
      case "/v2/organizations/acme/clusters":
        [object("organizations/acme/clusters/east", kind: "Cluster")]
      case "/v2/organizations/acme/tenants/web/workspaces":
        [
          object(shop, kind: "Workspace"),
          object(
            "organizations/acme/tenants/web/workspaces/pay", kind: "Workspace", state: "PARTIAL"),
        ]
      case "/v2/\(shop)/trafficgroups": [object("\(shop)/trafficgroups/all", kind: "Group")]
      case "/v2/\(shop)/trafficgroups/all/serviceroutes": [object(orders, kind: "ServiceRoute")]
      case "/v2/\(orders)": nil
      default: []
      }
    guard let items else { return .json(object(orders, kind: "ServiceRoute")) }
    return .json(["items": .list(items)])
  }
}

@Suite struct `Get command` {
  @Test func `a table has the parents, the state and the age`() async throws {
    let (session, words) = tree().session()
    try await GetCommand.parse(["serviceroutes"]).run(in: session)
    #expect(
      words.data == """
        NAME    TENANT  WORKSPACE  GROUP  STATE  REVISION  AGE
        orders  web     shop       all    READY  7         3m

        """)
  }

  @Test(
    arguments: [
      ["sr"], ["ServiceRoutes"], ["sr", "--org", "acme"],
      ["sr", "--tenant", "web", "--workspace", "shop"],
      ["sr", "orders"], ["sr/orders"], [orders], ["sr", orders],
      ["serviceroute", "orders", "--group", "all"],
    ])
  func `what kubectl's and tctl's users type finds the route`(_ arguments: [String]) async throws {
    let (session, words) = tree().session()
    try await GetCommand.parse(arguments + ["-o", "name"]).run(in: session)
    #expect(words.data == "serviceroute/orders\n")
  }

  @Test func `known parents make one request of one object`() async throws {
    let server = tree()
    let (session, _) = server.session(organization: "acme", tenant: "web")
    try await GetCommand.parse([
      "sr", "orders", "--workspace", "shop", "--group", "all", "-o", "json",
    ])
    .run(in: session)
    #expect(server.targets == ["GET /v2/\(orders)"])
  }

  @Test func `all is everything, with its kind`() async throws {
    let (session, words) = tree().session()
    try await GetCommand.parse(["all", "--no-headers"]).run(in: session)
    let kinds = words.data.split(separator: "\n").map { $0.prefix { $0 != " " } }
    #expect(
      kinds == [
        "organization", "cluster", "tenant", "workspace", "workspace", "trafficGroup",
        "serviceRoute",
      ])
  }

  @Test func `YAML can be applied again`() async throws {
    let (session, words) = tree().session()
    try await GetCommand.parse(["sr", "orders", "-o", "yaml"]).run(in: session)
    #expect(
      words.data == """
        apiVersion: traffic.rialto.mesh/v2
        kind: ServiceRoute
        metadata:
          name: orders
          organization: acme
        spec: {}

        """)
  }

  @Test func `JSON of several is a list, of one the object as it came`() async throws {
    let (session, words) = tree().session()
    try await GetCommand.parse(["sr", "orders", "-o", "json"]).run(in: session)
    #expect(
      try JSONParser.document(from: Array(words.data.utf8)) == object(orders, kind: "ServiceRoute"))
    let (second, list) = tree().session()
    try await GetCommand.parse(["ws", "-o", "json"]).run(in: second)
    #expect(try JSONParser.document(from: Array(list.data.utf8))["items"]?.list?.count == 2)
  }

  @Test func `a name that several objects have is ambiguous`() async throws {
    let server = FakeServer { call in
      switch call.target.split(separator: "?").first {
      case "/v2/organizations/acme/tenants":
        .json([
          "items": .list(
            ["a", "b"].map { object("organizations/acme/tenants/\($0)", kind: "Tenant") })
        ])
      case let path?:
        .json([
          "items": [
            object("\(path.dropFirst("/v2/".count))/shop", kind: "Workspace")
          ]
        ])
      case nil: .missing
      }
    }
    let (session, _) = server.session(organization: "acme")
    let failure = await #expect(throws: Failure.self) {
      try await GetCommand.parse(["ws", "shop"]).run(in: session)
    }
    #expect(failure?.code == "RL3007" && failure?.reasons.count == 3)
  }

  @Test(
    arguments: [
      (["ws", "none"], "RL3008"), (["nothing"], "RL3006"), (["workspce", "x"], "RL3006"),
      (["a", "b", "c"], "RL3006"),
      (["tenant", orders], "RL3008"),
    ] as [([String], String)])
  func `what is not there is named`(_ arguments: [String], _ code: String) async throws {
    let (session, _) = tree().session()
    let failure = await #expect(throws: Failure.self) {
      try await GetCommand.parse(arguments).run(in: session)
    }
    #expect(failure?.code == code)
  }

  @Test func `a watch shows what has changed since`() async throws {
    let lists = Counter()
    let server = FakeServer(
      pieces: ["event: agents\ndata: {}\n\n", "event: change\nid: 8\ndata: {}\n\n"]
    ) { call in
      if call.target.hasPrefix("/v2/watch") { return .json([:]) }
      let organization = object(
        "organizations/acme", kind: "Organization", revision: 6 + lists.next())
      return .json(["items": [organization]])
    }
    let (session, words) = server.session()
    try await GetCommand.parse(["org", "--watch", "--no-headers"]).run(in: session)
    #expect(words.data == "acme  READY  7  3m\nacme  READY  8  3m\n")
  }

  @Test func `workloads are a table of their own`() async throws {
    let server = FakeServer([
      "/v2/workloads": [
        "items": [
          [
            "cluster": "east", "nodeID": "n1", "service": "orders", "namespace": "shop",
            "connected": true, "kind": "vm",
            "healthy": false, "labels": ["version": "v1"], "hostName": "a\u{1b}[31m",
          ]
        ]
      ]
    ])
    let (session, words) = server.session()
    try await GetCommand.parse(["workloads", "-o", "wide"]).run(in: session)
    #expect(words.data.contains("orders   shop       east     vm    connected  unhealthy  n1"))
    #expect(words.data.contains("version=v1") && !words.data.utf8.contains(0x1b))
  }
}

@Suite struct `Path command` {
  @Test func `it shows the hops and says why`() async throws {
    func gateway(_ address: String, healthy: Bool = true) -> Document {
      ["address": .string(address), "port": 15443, "healthy": .bool(healthy)]
    }
    let server = FakeServer([
      "/v2/path?from=web.shop%40east&to=orders.shop%40west": [
        "from": ["cluster": "east", "service": "web.shop"],
        "to": ["cluster": "west", "service": "orders.shop"],
        "routes": [
          [
            "cluster": "west", "path": "edge", "edges": ["edge"], "reasons": ["a reason"],
            "hops": [
              ["kind": "workload", "cluster": "east", "names": ["web.shop"], "gateways": []],
              ["kind": "gateway", "cluster": "east", "names": ["gw-1"], "gateways": []],
              [
                "kind": "edge", "cluster": "edge", "names": [],
                "gateways": .list([gateway("192.0.2.1"), gateway("192.0.2.2", healthy: false)]),
              ],
            ],
          ]
        ],
        "reach": ["verdict": "notInReach", "clusters": [], "reasons": ["not in reach"]],
      ]
    ])
    let (session, words) = server.session()
    try await PathCommand.parse(["web.shop@east", "orders.shop@west"]).run(in: session)
    #expect(
      words.data == """
        web.shop@east -> orders.shop@west: through edge edge
        HOP  KIND      CLUSTER  WHAT
        1    workload  east     web.shop
        2    gateway   east     gw-1
        3    edge      edge     192.0.2.1:15443, 192.0.2.2:15443 (unhealthy)
          - a reason
        orders.shop@west cannot be called from web.shop@east: notInReach
          - not in reach

        """)
  }
}

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
    let command = try ApplyCommand.parse(["-f", folder.path])
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
      try await ApplyCommand.parse(["-f", path]).apply(try read(path), in: session)
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
    try await ApplyCommand.parse(["-f", path, "--dry-run", "server"]).apply(
      try read(path), in: session)
    #expect(words.data == "tenant/web created (server dry run)\n" && words.notes.isEmpty)
  }

  @Test func `standard input is a file like others`() throws {
    let read = try ManifestFiles.read(
      ["-"], isRecursive: false, standardInput: { Array(Self.tenant.utf8) })
    #expect(read.manifests.map(\.file) == ["standard input"])
  }
}

@Suite struct `Other commands` {
  @Test func `delete asks for what the flags say`() async throws {
    let server = FakeServer { _ in
      .json(["results": [["fqn": .string(orders), "action": "deleted"]]])
    }
    let (session, words) = server.session()
    let ref = try #require(ResourceRef(fqn: orders))
    try await DeleteCommand.parse([orders, "--cascade"]).delete([ref], in: session)
    #expect(server.targets == ["DELETE /v2/\(orders)?cascade=true"])
    #expect(words.data == "serviceroute/orders deleted\n")
  }

  @Test func `what is not there can be ignored`() async throws {
    let server = FakeServer([:])
    let (session, words) = server.session()
    let ref = try #require(ResourceRef(fqn: orders))
    try await DeleteCommand.parse([orders, "--ignore-not-found"]).delete([ref], in: session)
    #expect(words.notes == ["serviceroute/orders was not there"])
    await #expect(throws: ClientError.self) {
      try await DeleteCommand.parse([orders]).delete([ref], in: session)
    }
  }

  private static let failed: Document = [
    "fqn": .string(orders), "state": "FAILED", "revision": 7,
    "problems": [["path": "spec", "detail": "no such thing", "code": "RL1063"]],
    "clusters": [
      [
        "cluster": "east", "state": "complete", "connected": true, "told": 3, "acknowledged": 2,
        "rejected": 1,
        "stages": ["completed": 12_345],
        "rejections": [
          ["reason": "bad regex\n", "nodeIDs": ["n1"], "resourceName": "route/orders"]
        ],
      ]
    ],
  ]

  @Test func `a status shows every cluster and Envoy's words`() async throws {
    let (session, words) = FakeServer(["/v2/\(orders)/status": Self.failed]).session()
    try await StatusCommand.parse([orders]).run(in: session)
    #expect(
      words.data == """
        \(orders)
        state:    FAILED
        revision: 7
        problem:  spec: no such thing (RL1063)

        CLUSTER  STATE     AGENT      TOLD  ACKNOWLEDGED  REJECTED  TOOK
        east     complete  connected  3     2             1         12.3ms
        rejected in east by n1: route/orders: bad regex\\u{a}

        """)
  }

  @Test func `waiting ends when the object is ready`() async throws {
    let server = FakeServer(pieces: ["event: propagation\ndata: {}\n\n"]) { call in
      call.target.hasPrefix("/v2/watch") ? .json([:]) : .json(["state": "READY", "revision": 7])
    }
    let (session, words) = server.session()
    try await WaitCommand.parse([orders, "--for", "condition=Ready"]).run(in: session)
    #expect(words.data == "serviceroute/orders ready\n")
  }

  @Test func `waiting asks again with every event`() async throws {
    let count = Counter()
    let server = FakeServer(
      pieces: (0..<3).map { _ in "event: propagation\ndata: {}\n\n" }, staysOpen: true
    ) { call in
      if call.target.hasPrefix("/v2/watch") { return .json([:]) }
      return .json(["state": count.next() < 4 ? "PARTIAL" : "READY", "revision": 7])
    }
    let (session, words) = server.session()
    try await WaitCommand.parse([orders]).run(in: session)
    #expect(words.data == "serviceroute/orders ready\n")
  }

  @Test func `waiting ends with the timeout`() async throws {
    let server = FakeServer(staysOpen: true) { call in
      call.target.hasPrefix("/v2/watch") ? .json([:]) : .json(["state": "ACCEPTED", "revision": 7])
    }
    let (session, _) = server.session(sleep: { _ in })
    let failure = await #expect(throws: Failure.self) {
      try await WaitCommand.parse([orders, "--timeout", "5s"]).run(in: session)
    }
    #expect(failure?.status == .timedOut)
  }

  @Test func `a failure ends the waiting once it is that of this revision`() async throws {
    let server = FakeServer { call in
      if call.target == "/v2/changes/7" { return .json(["propagation": ["isCompiled": true]]) }
      return .json(Self.failed)
    }
    let (session, _) = server.session()
    let failure = await #expect(throws: Failure.self) {
      try await WaitCommand.parse([orders]).run(in: session)
    }
    #expect(failure?.status == .failed && failure?.reasons.contains("east: bad regex\n") == true)
  }

  @Test func `what is deleted can be waited for`() async throws {
    let (session, words) = FakeServer([:]).session()
    try await WaitCommand.parse([orders, "--for", "deleted"]).run(in: session)
    #expect(words.data == "serviceroute/orders deleted\n")
  }

  @Test func `adding a cluster makes it and prints the line`() async throws {
    let server = FakeServer { call in
      switch "\(call.method.rawValue) \(call.target)" {
      case "POST /v2/apply": .json(["results": []])
      case "POST /v2/organizations/acme/clusters/east/tokens":
        .json(["token": "rlt1.x", "command": "printf '%s\\n' 'rlt1.x' | rialto agent"])
      default: .missing
      }
    }
    let (session, words) = server.session(organization: "acme")
    try await ClusterAddCommand.parse(["east", "--network", "lab"]).run(in: session)
    #expect(
      words.data == """
        # east: run this on the site within 15 minutes
        printf '%s\\n' 'rlt1.x' | rialto agent

        """)
    let manifest = try JSONParser.document(from: server.recorded[1].body)
    #expect(manifest[["spec", "network"]] == "lab" && manifest[["metadata", "name"]] == "east")
  }

  @Test func `a cluster that exists is left as it is`() async throws {
    let server = FakeServer { call in
      call.method == .get
        ? .json(object("organizations/acme/clusters/east", kind: "Cluster"))
        : .json(["command": "x"])
    }
    let (session, _) = server.session(organization: "acme")
    try await ClusterAddCommand.parse(["east"]).run(in: session)
    #expect(
      server.targets == [
        "GET /v2/organizations/acme/clusters/east",
        "POST /v2/organizations/acme/clusters/east/tokens",
      ])
  }

  @Test func `clusters are listed with their agents`() async throws {
    let server = FakeServer([
      "/v2/organizations/acme/clusters?limit=500": [
        "items": .list(
          ["east", "west"].map { object("organizations/acme/clusters/\($0)", kind: "Cluster") })
      ],
      "/v2/agents": [
        "items": [
          [
            "cluster": "east", "connected": true, "version": "0.1.0", "generation": 9,
            "acknowledgedGeneration": 8, "since": "2027-01-15T07:00:00.000Z", "proxies": 5,
            "connectedProxies": 4, "gateways": 2, "healthyGateways": 1,
          ]
        ]
      ],
    ])
    let (session, words) = server.session(organization: "acme")
    try await ClusterListCommand.parse([]).run(in: session)
    #expect(
      words.data == """
        NAME  NETWORK  AGENT         SINCE  GATEWAYS  PROXIES  GENERATION  VERSION
        east  east     connected     60m    1/2       4/5      8/9         0.1.0
        west  west     never joined  -      -         -        -           -

        """)
  }

  private static let proxies: [String: Document] = [
    "/v2/agents": [
      "items": [["cluster": "east", "generation": 9]],
      "rejections": [
        ["cluster": "east", "nodeIDs": ["abc1"], "resourceName": "r", "reason": "no"]
      ],
    ],
    "/v2/proxies": [
      "items": [
        [
          "cluster": "east", "nodeID": "abc1", "role": "sidecar", "namespace": "shop",
          "service": "web",
          "connected": true, "acknowledgedGeneration": 9, "inSync": true,
        ],
        [
          "cluster": "east", "nodeID": "abd2", "role": "ingress", "namespace": "shop",
          "service": "front",
          "connected": false, "acknowledgedGeneration": 7, "inSync": false,
        ],
      ]
    ],
    "/v2/proxies/east/abc1/config": ["resources": []],
  ]

  @Test func `the state of proxies shows who is behind and who refuses`() async throws {
    let (session, words) = FakeServer(Self.proxies).session()
    try await ProxiesStatusCommand.parse([]).run(in: session)
    #expect(
      words.data == """
        NODE  CLUSTER  ROLE     SERVICE     STATE      CONFIGURATION  REJECTED
        abc1  east     sidecar  shop/web    connected  current        1
        abd2  east     ingress  shop/front  away       behind         0

        """)
    #expect(words.notes == ["abc1 refuses r: no"])
  }

  @Test(arguments: ["abc", "abc1", "east/abc1", "proxy/abc1"])
  func `a proxy is found by the beginning of its id`(_ node: String) async throws {
    let (session, words) = FakeServer(Self.proxies).session()
    try await ProxiesConfigCommand.parse([node, "-o", "json"]).run(in: session)
    #expect(words.data.contains("resources"))
  }

  @Test(arguments: [("ab", "RL3007"), ("zz", "RL3008")] as [(String, String)])
  func `a beginning that means none or several is refused`(_ node: String, _ code: String)
    async throws
  {
    let (session, _) = FakeServer(Self.proxies).session()
    let failure = await #expect(throws: Failure.self) {
      try await ProxiesConfigCommand.parse([node]).run(in: session)
    }
    #expect(failure?.code == code)
  }

  @Test func `changes are listed with their progress`() async throws {
    let change: Document = [
      "revision": 12, "committedAt": "2027-01-15T07:59:50.000Z", "actor": "admin",
      "objects": [["fqn": .string(orders), "action": "updated"]],
      "propagation": [
        "isCompiled": true, "isComplete": false,
        "clusters": [
          ["cluster": "east", "state": "complete"], ["cluster": "west", "state": "pending"],
        ],
      ],
    ]
    let server = FakeServer([
      "/v2/changes?limit=20": ["items": [change]], "/v2/changes/12": change,
    ])
    let (session, words) = server.session()
    try await ChangesCommand.parse([]).run(in: session)
    #expect(
      words.data == """
        REVISION  AGE  ACTOR  PROGRESS      OBJECTS
        12        10s  admin  1/2 clusters  serviceroute/orders updated

        """)
    try await ChangesCommand.parse(["12"]).run(in: session)
    #expect(words.data.contains("object:   serviceroute/orders updated"))
  }

  @Test func `contexts are shown without their secrets`() throws {
    let file = ContextFile(
      current: "a",
      contexts: [
        ClientContext(name: "a", server: "https://x", certificateAuthority: "pem", token: "secret")
      ])
    for format in ["table", "wide", "json", "yaml", "name"] {
      let words = Words()
      try ConfigViewCommand.parse(["-o", format]).print(file, path: "p", nil, to: words.terminal)
      #expect(!words.data.contains("secret") && words.data.contains("a"))
    }
  }

  @Test func `another context can be made the current one`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/config.yaml"
    let contexts = ["a", "b"].map {
      ClientContext(name: $0, server: "https://x", certificateAuthority: "pem", token: "t")
    }
    try ContextFile(current: "a", contexts: contexts).write(path: path)
    try ConfigUseContextCommand.parse(["b"]).use(path: path)
    #expect(try ContextFile.read(path: path).current == "b")
    #expect(throws: ContextSelection.Failure.self) {
      try ConfigUseContextCommand.parse(["c"]).use(path: path)
    }
  }

  @Test func `completion scripts know the commands`() {
    for shell in CompletionCommand.Shell.allCases {
      #expect(CompletionCommand.script(for: shell).contains("apply"))
    }
  }
}

/// Counts from 1.
private final class Counter: Sendable {
  private let value = Mutex(0)

  func next() -> Int {
    value.withLock { value in
      value += 1
      return value
    }
  }
}
