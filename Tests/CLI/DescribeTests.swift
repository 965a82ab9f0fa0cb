import ManagementClient
import ArgumentParser
import Documents
import Testing

@testable import rialto

private let shop = "organizations/acme/tenants/web/workspaces/shop"
private let orders = "\(shop)/trafficgroups/all/serviceroutes/orders"

@Suite struct `Describe command` {
  private static let route: Document = [
    "apiVersion": "traffic.rialto.mesh/v2", "kind": "ServiceRoute",
    "metadata": [
      "name": "orders", "fqn": .string(orders), "etag": "7", "created": 3,
      "createdAt": "2027-01-15T06:00:00.000Z", "updatedAt": "2027-01-15T07:57:00.000Z",
      "labels": ["team": "web"],
    ],
    "spec": [
      "service": "shop/orders",
      "subsets": [["name": "v1", "labels": ["version": "v1"], "weight": 100]],
    ],
  ]

  private static let answers: [String: Document] = [
    "/v2/\(orders)": route,
    "/v2/\(orders)/status": [
      "fqn": .string(orders), "revision": 7, "state": "READY",
      "clusters": [
        [
          "cluster": "east", "state": "complete", "connected": true, "told": 1, "acknowledged": 1,
          "rejected": 0, "stages": ["completed": 12_345],
        ]
      ],
      "problems": [["detail": "the service runs nowhere", "code": "RL1063"]],
      "notYetEffective": ["spec.stickySession"],
      "events": [["at": "2027-01-15T07:57:00.000Z", "type": "APPLIED", "cluster": "east"]],
      "aggregated": ["state": "READY", "counts": ["READY": 1], "children": []],
    ],
    "/v2/changes?limit=5&object=\(orders.split(separator: "/").joined(separator: "%2F"))": [
      "items": [
        [
          "revision": 7, "actor": "ann", "committedAt": "2027-01-15T07:57:00.000Z",
          "objects": [["fqn": .string(orders), "action": "updated"]],
          "propagation": ["isComplete": true],
        ]
      ]
    ],
    "/v2/changes/7": [
      "propagation": [
        "clusters": [
          [
            "cluster": "east",
            "proxies": [
              [
                "nodeID": "web-1", "namespace": "shop", "service": "web", "state": "acknowledged",
              ]
            ],
          ]
        ]
      ]
    ],
    "/v2/lookup/service?service=shop%2Forders": [
      "service": "shop/orders", "clusters": ["east", "west"],
      "items": [["fqn": .string(orders)], ["fqn": .string(shop)]],
    ],
  ]

  @Test func `it shows the object, its way to every proxy, and where it matters`() async throws {
    let (session, words) = FakeServer(Self.answers).session()
    try await DescribeCommand.asyncParse([orders]).run(in: session)
    #expect(
      words.data == """
        name      orders
        kind      ServiceRoute
        fqn       \(orders)
        state     READY
        revision  7, 3m ago (last change by ann)
        created   at revision 3, 2h ago
        labels    team=web

        spec:
          service: shop/orders
          subsets:
          - labels:
              version: v1
            name: v1
            weight: 100

        warnings:
          ! the service runs nowhere (RL1063)
          ! spec.stickySession is understood and kept, and changes nothing yet

        CLUSTER  STATE     AGENT      TOLD  ACKNOWLEDGED  REJECTED  TOOK
        east     complete  connected  1     1             0         12.3ms

        PROXY  CLUSTER  SERVICE   STATE
        web-1  east     shop/web  acknowledged

        service shop/orders:
          runs in east,west
          is configured by \(shop)

        AGE  EVENT    CLUSTER  MESSAGE
        3m   APPLIED  east     -

        REVISION  AGE  ACTOR  PROGRESS  OBJECTS
        7         3m   ann    complete  serviceroute/orders updated

        """)
  }

  @Test func `a workspace shows which namespaces it has now`() async throws {
    let workspace: Document = [
      "apiVersion": "api.rialto.mesh/v2", "kind": "Workspace",
      "metadata": ["name": "shop", "fqn": .string(shop), "etag": "7"],
      "spec": ["namespaceSelector": ["names": ["*/shop"]]],
    ]
    let server = FakeServer { call in
      switch call.target {
      case "/v2/\(shop)": .json(workspace)
      case "/v2/\(shop)/status":
        .json([
          "state": "PARTIAL",
          "aggregated": [
            "counts": ["FAILED": 1, "READY": 2],
            "children": [["fqn": .string(orders), "state": "FAILED", "message": "bad regex"]],
          ],
        ])
      case "/v2/lookup/selector?names=%2A%2Fshop":
        .json([
          "items": [
            [
              "cluster": "east", "namespace": "shop", "services": ["orders", "web"],
              "owners": [.string(shop)],
            ]
          ]
        ])
      default: .json(["items": []])
      }
    }
    let (session, words) = server.session()
    try await DescribeCommand.asyncParse([shop]).run(in: session)
    #expect(
      words.data.contains(
        """
        NAMESPACE  CLUSTER  SERVICES    OWNER
        shop       east     orders,web  workspace/shop
        """))
    #expect(
      words.data.contains(
        "with all below it:\n  1 FAILED, 2 READY\n  ! \(orders) is FAILED: bad regex"))
  }

  @Test func `several are described one after the other`() async throws {
    let (session, words) = FakeServer(Self.answers).session()
    let failure = await #expect(throws: Failure.self) {
      try await DescribeCommand.asyncParse([orders, shop, "-o", "json"]).run(in: session)
    }
    let document = try JSONParser.document(from: Array(words.data.utf8))
    #expect(document["items"]?.list?.map { $0["object"] } == [Self.route])
    #expect(failure?.reasons.first?.contains(shop) == true)
  }

  @Test func `a secret is not described`() async throws {
    let fqn = "organizations/acme/oidcs/company"
    let server = FakeServer { call in
      call.target == "/v2/\(fqn)"
        ? .json([
          "apiVersion": "api.rialto.mesh/v2", "kind": "OIDC",
          "metadata": ["name": "company", "organization": "acme", "etag": "7"],
          "spec": ["secret": "hush"],
        ]) : .json(["items": []])
    }
    for format in ["table", "json", "yaml"] {
      let (session, words) = server.session()
      try await DescribeCommand.asyncParse([fqn, "-o", format]).run(in: session)
      #expect(words.data.contains("(redacted)") && !words.data.contains("hush"))
    }
  }

  @Test func `JSON has all of it in one object`() async throws {
    let (session, words) = FakeServer(Self.answers).session()
    try await DescribeCommand.asyncParse([orders, "-o", "json"]).run(in: session)
    let document = try JSONParser.document(from: Array(words.data.utf8))
    #expect(document["object"] == Self.route && document[["service", "service"]] == "shop/orders")
  }
}
