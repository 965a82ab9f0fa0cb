import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"
private let orders = "\(shop)/trafficgroups/all/serviceroutes/orders"

/// A tree with two workspaces and one route.
private func tree() -> FakeServer {
  FakeServer { call in
    let path = call.target.split(separator: "?").first.map(String.init) ?? ""
    if let nothing = ServerAnswer.noOnlyObject(at: path) { return nothing }
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
    try await GetCommand.asyncParse(["serviceroutes"]).run(in: session)
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
    try await GetCommand.asyncParse(arguments + ["-o", "name"]).run(in: session)
    #expect(words.data == "serviceroute/orders\n")
  }

  // MARK: Several

  private static let pay = "organizations/acme/tenants/web/workspaces/pay"

  /// The same tree, whose objects can be asked for one by one too.
  private static func whole() -> FakeServer {
    let inner = tree()
    return FakeServer { call in
      switch call.target.split(separator: "?").first.map({ $0.dropFirst("/v2/".count) }) {
      case .some(let fqn) where [shop, pay].contains(String(fqn)):
        .json(object(String(fqn), kind: "Workspace"))
      case .some("\(shop)/trafficgroups/all"):
        .json(object("\(shop)/trafficgroups/all", kind: "Group"))
      default: inner.answered(call)
      }
    }
  }

  @Test(
    arguments: [
      ["ws", "shop", "pay"], ["ws/shop", "ws/pay"], ["workspaces", shop, pay], [shop, "ws/pay"],
      ["ws", "shop", "pay", "shop"],
    ])
  func `several of a kind are one table`(_ arguments: [String]) async throws {
    let (session, words) = Self.whole().session()
    try await GetCommand.asyncParse(arguments + ["--columns", "name,tenant"]).run(in: session)
    #expect(words.data == "NAME  TENANT\nshop  web\npay   web\n")
  }

  @Test func `several kinds are one list`() async throws {
    let (session, words) = Self.whole().session()
    try await GetCommand.asyncParse(["ws/shop", "tg/all", "sr/orders", "-o", "name"])
      .run(in: session)
    #expect(words.data == "workspace/shop\ntrafficgroup/all\nserviceroute/orders\n")
  }

  @Test func `those that are there are shown, and the others are said`() async throws {
    let (session, words) = Self.whole().session()
    let failure = await #expect(throws: Failure.self) {
      try await GetCommand.asyncParse(["ws", "shp", "shop", "none", "-o", "name"]).run(in: session)
    }
    #expect(words.data == "workspace/shop\n")
    #expect(failure?.status == .failed && failure?.reasons.count == 2)
    #expect(failure?.advice.contains("Did you mean 'shop'?") == true)
  }

  @Test(
    arguments: [
      ["ws/shop", "pay"], ["ws", "tg/all"], ["ws", "shop", "-l", "a=b"],
      ["ws", "shop", "pay", "--effective"],
    ])
  func `what makes no sense together is a usage error`(_ arguments: [String]) async throws {
    let (session, _) = Self.whole().session()
    let failure = await #expect(throws: Failure.self) {
      try await GetCommand.asyncParse(arguments).run(in: session)
    }
    #expect(failure?.status == .usage)
  }

  @Test func `known parents make one request of one object`() async throws {
    let server = tree()
    let (session, _) = server.session(organization: "acme", tenant: "web")
    try await GetCommand.asyncParse([
      "sr", "orders", "--workspace", "shop", "--group", "all", "-o", "json",
    ])
    .run(in: session)
    #expect(server.targets == ["GET /v2/\(orders)"])
  }

  @Test func `all is everything, with its kind`() async throws {
    let (session, words) = tree().session()
    try await GetCommand.asyncParse(["all", "--no-headers"]).run(in: session)
    let kinds = words.data.split(separator: "\n").map { $0.prefix { $0 != " " } }
    #expect(
      kinds == [
        "organization", "cluster", "tenant", "workspace", "workspace", "trafficGroup",
        "serviceRoute",
      ])
  }

  @Test func `YAML can be applied again`() async throws {
    let (session, words) = tree().session()
    try await GetCommand.asyncParse(["sr", "orders", "-o", "yaml"]).run(in: session)
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
    try await GetCommand.asyncParse(["sr", "orders", "-o", "json"]).run(in: session)
    #expect(
      try JSONParser.document(from: Array(words.data.utf8)) == object(orders, kind: "ServiceRoute"))
    let (second, list) = tree().session()
    try await GetCommand.asyncParse(["ws", "-o", "json"]).run(in: second)
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
      try await GetCommand.asyncParse(["ws", "shop"]).run(in: session)
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
      try await GetCommand.asyncParse(arguments).run(in: session)
    }
    #expect(failure?.code == code)
  }

  /// A server whose one organization changes, and is gone in the end.
  private func changing() -> FakeServer {
    let (lists, streams) = (Counter(), Counter())
    let event = "event: change\nid: 8\ndata: {}\n\n"
    return FakeServer(pieces: ["event: agents\ndata: {}\n\n", event, event]) { call in
      if call.target.hasPrefix("/v2/watch") {
        return streams.next() == 1 ? .json([:]) : .problem(401, "RL2401", "the token has expired")
      }
      if call.target.hasPrefix("/v2/changes") { return .json(["items": [["revision": 7]]]) }
      let list = lists.next()
      let organization = object(
        "organizations/acme", kind: "Organization", revision: 6 + list)
      if call.target.hasPrefix("/v2/organizations/acme") {
        return list < 3 ? .json(organization) : .missing
      }
      return .json(["items": list < 3 ? [organization] : []])
    }
  }

  @Test(arguments: [["org"], ["org", "acme"], ["organizations/acme"]])
  func `a watch shows what has changed since, and goes on where it was interrupted`(
    _ words: [String]
  ) async throws {
    let server = changing()
    let (session, shown) = server.session(sleep: { _ in })
    await #expect(throws: ClientError.self) {
      try await GetCommand.asyncParse(words + ["--watch"]).run(in: session)
    }
    #expect(
      shown.data == """
        NAME  STATE     REVISION  AGE
        acme  READY     7         3m
        acme  READY     8         3m
        acme  DELETED   8         3m

        """)
    let watches = server.targets.filter { $0.hasPrefix("GET /v2/watch") }
    #expect(watches == ["GET /v2/watch?revision=7", "GET /v2/watch?revision=8"])
  }

  @Test func `everything is asked for once, and what there is one of where it stands`()
    async throws
  {
    let server = tree()
    let (session, _) = server.session()
    try await GetCommand.asyncParse(["all"]).run(in: session)
    #expect(Set(server.targets).count == server.targets.count)
    #expect(
      server.targets.contains("GET /v2/organizations/acme/clusters/east/onboarding?view=full"))
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
    try await GetCommand.asyncParse(["workloads", "-o", "wide"]).run(in: session)
    #expect(words.data.contains("orders   shop       east     vm    connected  unhealthy  n1"))
    #expect(words.data.contains("version=v1") && !words.data.utf8.contains(0x1b))
  }
}
