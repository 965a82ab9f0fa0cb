import ArgumentParser
import Documents
import ManagementClient
import Testing

@testable import rialto

private let route =
  "organizations/acme/tenants/web/workspaces/shop/trafficgroups/all/serviceroutes/orders"

@Suite struct `Proxies commands` {
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
    try await ProxiesStatusCommand.asyncParse([]).run(in: session)
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
    try await ProxiesConfigCommand.asyncParse([node, "-o", "json"]).run(in: session)
    #expect(words.data.contains("resources"))
  }

  @Test(arguments: [("ab", "RL3007"), ("zz", "RL3008")] as [(String, String)])
  func `a beginning that means none or several is refused`(_ node: String, _ code: String)
    async throws
  {
    let (session, _) = FakeServer(Self.proxies).session()
    let failure = await #expect(throws: Failure.self) {
      try await ProxiesConfigCommand.asyncParse([node]).run(in: session)
    }
    #expect(failure?.code == code)
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
    let text =
      ProxyConfigurationTable(isWide: false).table(of: Self.configuration)
      .text(hidesHeadings: false)
      + ProxyConfigurationTable.quarantined(in: Self.configuration)
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
    #expect(table.table(of: Self.configuration).rows.count == count)
  }
}
