import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"
private let orders = "\(shop)/trafficgroups/all/serviceroutes/orders"

@Suite struct `Status and wait commands` {
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
    try await StatusCommand.asyncParse([orders]).run(in: session)
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
    try await WaitCommand.asyncParse([orders, "--for", "condition=Ready"]).run(in: session)
    #expect(words.data == "serviceroute/orders ready\n")
  }

  @Test func `programs are told what was waited for, and several can be`() async throws {
    let server = FakeServer { _ in .json(["state": "READY", "revision": 7]) }
    let (session, words) = server.session()
    try await WaitCommand.asyncParse([orders, shop, "-o", "json"]).run(in: session)
    let told = try JSONParser.document(from: Array(words.data.utf8))
    #expect(told == ["condition": "ready", "objects": [.string(orders), .string(shop)]])
    let (other, names) = server.session()
    try await WaitCommand.asyncParse([orders, shop, "-o", "name"]).run(in: other)
    #expect(names.data == "serviceroute/orders\nworkspace/shop\n")
  }

  @Test(arguments: [[orders], [], ["--change", "7"]])
  func `a server that ends its streams is asked again after a pause`(
    _ arguments: [String]
  ) async throws {
    let (asked, pauses) = (Counter(), Counter())
    let server = FakeServer { call in
      if call.target.hasPrefix("/v2/watch") { return .json([:]) }
      if call.target == "/v2/agents" { return .json(["items": [], "rejections": []]) }
      let isOver = pauses.value >= 3
      _ = asked.next()
      return .json([
        "state": isOver ? "READY" : "PARTIAL", "revision": 7,
        "propagation": ["isComplete": .bool(isOver)],
        "items": [["propagation": ["isComplete": .bool(isOver)]]],
      ])
    }
    let (session, _) = server.session(sleep: { duration in
      guard duration >= .seconds(1) else {
        _ = pauses.next()
        return
      }
      try await Task.sleep(for: duration)
    })
    try await WaitCommand.asyncParse(arguments).run(in: session)
    #expect(pauses.value == 3 && asked.value >= 4)
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
    try await WaitCommand.asyncParse([orders]).run(in: session)
    #expect(words.data == "serviceroute/orders ready\n")
  }

  @Test func `waiting ends with the timeout`() async throws {
    let server = FakeServer(staysOpen: true) { call in
      call.target.hasPrefix("/v2/watch") ? .json([:]) : .json(["state": "ACCEPTED", "revision": 7])
    }
    let (session, _) = server.session(sleep: { _ in })
    let failure = await #expect(throws: Failure.self) {
      try await WaitCommand.asyncParse([orders, "--timeout", "5s"]).run(in: session)
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
      try await WaitCommand.asyncParse([orders]).run(in: session)
    }
    #expect(failure?.status == .failed && failure?.reasons.contains("east: bad regex\n") == true)
  }

  @Test func `what is deleted can be waited for`() async throws {
    let (session, words) = FakeServer([:]).session()
    try await WaitCommand.asyncParse([orders, "--for", "deleted"]).run(in: session)
    #expect(words.data == "serviceroute/orders deleted\n")
  }
}
