import ArgumentParser
import Documents
import Testing

@testable import rialto

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
    try await PathCommand.asyncParse(["web.shop@east", "orders.shop@west"]).run(in: session)
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
