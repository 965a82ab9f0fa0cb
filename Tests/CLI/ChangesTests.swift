import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"
private let orders = "\(shop)/trafficgroups/all/serviceroutes/orders"

@Suite struct `Changes command` {
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
    try await ChangesCommand.asyncParse([]).run(in: session)
    #expect(
      words.data == """
        REVISION  AGE  ACTOR  PROGRESS      OBJECTS
        12        10s  admin  1/2 clusters  serviceroute/orders updated

        """)
    try await ChangesCommand.asyncParse(["12"]).run(in: session)
    #expect(words.data.contains("object:   serviceroute/orders updated"))
  }
}
