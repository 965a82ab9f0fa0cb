import ArgumentParser
import Documents
import Testing

@testable import ManagementClient
@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"
private let orders = "\(shop)/trafficgroups/all/serviceroutes/orders"

@Suite struct `Watch command` {
  private static func change(_ revision: Int64, _ fqn: String, _ action: String) -> Document {
    [
      "revision": .integer(revision), "actor": "ann", "committedAt": "2027-01-15T07:59:50.000Z",
      "objects": [["fqn": .string(fqn), "action": .string(action), "after": ["spec": [:]]]],
      "propagation": ["revision": .integer(revision), "isComplete": false, "clusters": []],
    ]
  }

  private static func event(_ name: String, _ id: Int64?, _ data: Document) -> String {
    "event: \(name)\n\(id.map { "id: \($0)\n" } ?? "")data: \(data.canonicalText)\n\n"
  }

  private static let complete: Document = [
    "revision": 8, "isComplete": true,
    "clusters": [["cluster": "east", "stages": ["completed": 35_200]]],
  ]

  /// Streams the pieces once, then says that the token is no longer good, which ends every watch.
  private static func server(_ pieces: [String]) -> FakeServer {
    let streams = Counter()
    return FakeServer(pieces: pieces) { call in
      switch call.target.split(separator: "?").first {
      case "/v2/watch":
        streams.next() == 1 ? .json([:]) : .problem(401, "RL2401", "the token has expired")
      case "/v2/changes/8": .json(change(8, orders, "updated"))
      case "/v2/changes/9": .json(change(9, shop, "deleted"))
      case "/v2/changes": .json(["items": [["revision": 7]]])
      default: .missing
      }
    }
  }

  private static let pieces = [
    event("agents", nil, ["agents": []]),
    event("change", 8, change(8, orders, "updated")),
    event("propagation", nil, complete) + event("change", 9, change(9, shop, "deleted")),
  ]

  private func run(_ arguments: [String], _ server: FakeServer) async throws -> Words {
    let (session, words) = server.session(sleep: { _ in })
    await #expect(throws: ClientError.self) {
      try await WatchCommand.asyncParse(arguments).run(in: session)
    }
    return words
  }

  @Test func `each object that changes is a line, and so is the end of its way`() async throws {
    let words = try await run([], Self.server(Self.pieces))
    #expect(
      words.data == """
        REVISION  TIME      ACTION    OBJECT                            DETAIL
        8         07:59:50  updated   serviceroute/orders               by ann
        8         07:59:50  complete  serviceroute/orders               after 35.2ms
        9         07:59:50  deleted   workspace/shop                    by ann

        """)
  }

  @Test(
    arguments: [
      (["sr"], "8 8"), (["ws"], "9"), (["ws", "shop"], "9"), ([orders], "8 8"),
      (["sr", "other"], ""), (["sr", "--workspace", "shop"], "8 8"),
      (["sr", "--workspace", "pay"], ""), (["all", "--tenant", "web"], "8 8 9"),
    ] as [([String], String)])
  func `a kind, an object or a part of the tree can be followed`(
    _ arguments: [String], _ revisions: String
  ) async throws {
    let words = try await run(arguments + ["-o", "jsonpath={.revision}"], Self.server(Self.pieces))
    #expect(words.data.split(separator: "\n").joined(separator: " ") == revisions)
  }

  @Test func `JSON is one line for each event, with what was written`() async throws {
    let words = try await run(["ws", "-o", "json"], Self.server(Self.pieces))
    let document = try JSONParser.document(from: Array(words.data.utf8))
    #expect(document["action"] == "deleted" && document["actor"] == "ann")
    #expect(document["objects"] == [.string(shop)] && document["after"] != nil)
  }

  @Test func `a stream that ends goes on from where it was`() async throws {
    let server = Self.server(Self.pieces)
    _ = try await run([], server)
    let watches = server.targets.filter { $0.hasPrefix("GET /v2/watch") }
    #expect(watches == ["GET /v2/watch?revision=7", "GET /v2/watch?revision=9"])
  }

  @Test func `it can begin in the past`() async throws {
    let server = Self.server([])
    _ = try await run(["--after", "3"], server)
    #expect(server.targets.first == "GET /v2/watch?revision=3")
  }

  @Test func `what is no longer held is said, and it goes on from now`() async throws {
    let streams = Counter()
    let server = FakeServer { call in
      guard call.target.hasPrefix("/v2/watch") else { return .json(["items": [["revision": 7]]]) }
      return streams.next() == 1
        ? .problem(410, "RL2410", "gone") : .problem(401, "RL2401", "the token has expired")
    }
    let words = try await run(["--after", "3"], server)
    #expect(words.notes == ["the server no longer knows what came before revision 7"])
    #expect(server.targets.last == "GET /v2/watch?revision=7")
  }

  @Test func `an Envoy's refusal ends a change, with its words`() {
    var feed = ChangeFeed(after: 7) { _ in true }
    _ = feed.written(Self.change(8, orders, "updated"))
    let refusal: Document = [
      "revision": 8, "isComplete": true,
      "clusters": [
        [
          "cluster": "east",
          "rejections": [["resourceName": "route/orders", "reason": "bad regex"]],
        ]
      ],
    ]
    let news = ServerEvent(name: "propagation", id: nil, data: refusal)
    let events = feed.progress(news)
    #expect(events.map(\.action) == [.rejected] && feed.progress(news).isEmpty)
    #expect(events.first?.detail == "east: route/orders: bad regex")
  }
}
