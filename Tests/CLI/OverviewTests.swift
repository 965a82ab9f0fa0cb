import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Testing

@testable import rialto

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
    try await StatusCommand.asyncParse([]).run(in: session)
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
    try await StatusCommand.asyncParse([]).run(in: session)
    #expect(words.data.contains(line) && !words.data.contains("everything is in force"))
  }

  @Test func `waiting without a name is for all changes`() async throws {
    let (session, words) = mesh(Self.answers()).session()
    try await WaitCommand.asyncParse(["--for=ready"]).run(in: session)
    #expect(words.data == "everything is in force\n")
  }

  @Test func `a refusal ends it as a failure, and time as a timeout`() async throws {
    let refused = mesh(Self.answers(rejections: [Self.refusal])).session().session
    let failure = await #expect(throws: Failure.self) {
      try await WaitCommand.asyncParse([]).run(in: refused)
    }
    #expect(failure?.status == .failed && failure?.code == "RL3010")
    let late = FakeServer(staysOpen: true) { call in
      call.target.hasPrefix("/v2/watch")
        ? .json([:]) : .json(Self.answers(isComplete: false)["/v2/changes"] ?? .null)
    }
    let (session, _) = late.session(sleep: { _ in })
    let timeout = await #expect(throws: Failure.self) {
      try await WaitCommand.asyncParse([]).run(in: session)
    }
    #expect(timeout?.status == .timedOut)
  }
}
