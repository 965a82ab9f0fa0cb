import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

@Suite struct `Cluster commands` {
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
    try await ClusterAddCommand.asyncParse(["east", "--network", "lab"]).run(in: session)
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
    try await ClusterAddCommand.asyncParse(["east"]).run(in: session)
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
    try await ClusterListCommand.asyncParse([]).run(in: session)
    #expect(
      words.data == """
        NAME  NETWORK  AGENT         SINCE  GATEWAYS  PROXIES  GENERATION  VERSION
        east  east     connected     60m    1/2       4/5      8/9         0.1.0
        west  west     never joined  -      -         -        -           -

        """)
  }
}
