import Blueprints
import Testing

@Suite struct CheckTests {
  private static func service(
    _ name: String = "orders", address: String = "240.240.0.1",
    _ change: (inout ServicePlan) -> Void = { _ in }
  ) -> ServicePlan {
    var plan = ServicePlan(
      namespace: "shop", name: name, host: "\(name).shop.mesh", address: address,
      ports: [PlannedPort(number: 8080, name: "http", protocolName: .http)],
      providers: [
        ServiceProvider(cluster: "east", trustDomain: "east.acme.mesh", serviceAccounts: ["a"])
      ],
      subsets: [PlannedSubset(name: "v1", labels: ["version": "v1"])],
      defaultDestinations: [WeightedDestination(subset: "v1", weight: 100)])
    change(&plan)
    return plan
  }

  private static func blueprint(_ items: [BlueprintItem]) -> Blueprint {
    let site = SitePlan(
      organization: "acme", cluster: "east", trustDomain: "east.acme.mesh", network: "n")
    var blueprint = Blueprint()
    for item in [.site(site)] + items {
      blueprint.items[item.key] = SourcedItem(item: item, sources: [])
    }
    return blueprint
  }

  private static func rule(_ destination: WeightedDestination) -> HTTPRouteRule {
    HTTPRouteRule(name: "r", matches: [], destinations: [destination])
  }

  private static func gateway(_ action: GatewayAction) -> BlueprintItem {
    let server = GatewayServer(
      name: "s", hostname: "*", port: 80, tls: .none,
      rules: [GatewayRule(matches: [], action: action)])
    return .gateway(GatewayPlan(fqn: "g", namespace: "edge", labels: [:], servers: [server]))
  }

  private static func connections(to target: ConnectionTarget) -> BlueprintItem {
    let server = ConnectionPlan(
      name: "c", hostname: "a.test", port: 443, entry: .passthrough, target: target)
    return .gateway(
      GatewayPlan(fqn: "g", namespace: "edge", labels: [:], servers: [], connections: [server]))
  }

  private static func peer(_ change: (inout PeerPlan) -> Void = { _ in }) -> PeerPlan {
    var plan = PeerPlan(
      cluster: "west", trustDomain: "west.acme.mesh", port: 15500, path: .direct,
      gateways: [GatewayAddress(address: "198.18.0.1", port: 15443)])
    change(&plan)
    return plan
  }

  private static func host(_ cluster: String) -> HostProvider {
    HostProvider(
      cluster: cluster, trustDomain: "\(cluster).acme.mesh", identities: ["a/b"], weight: 1,
      priority: 0, healthy: 1)
  }

  @Test func `a blueprint in which every name is defined has no defect`() {
    let items: [BlueprintItem] = [
      .service(
        Self.service { plan in
          plan.routes = [
            Self.rule(WeightedDestination(host: "cart.shop.mesh", port: 8080, weight: 100))
          ]
        }), .service(Self.service("cart", address: "240.240.0.2")),
      Self.gateway(
        .route(host: "cart.shop.mesh", port: 8080, rewritePath: nil, rewriteAuthority: nil)),
      .peer(Self.peer()),
    ]
    #expect(defects(in: Self.blueprint(items)) == [])
  }

  static let broken: [(String, BlueprintItem)] = [
    ("leads to gone", .service(service { $0.routes = [rule(.init(host: "gone", weight: 100))] })),
    ("no port 1", .service(service { $0.routes = [rule(.init(port: 1, weight: 100))] })),
    ("no subset v9", .service(service { $0.routes = [rule(.init(subset: "v9", weight: 100))] })),
    ("do not add up", .service(service { $0.defaultDestinations[0].weight = 99 })),
    (
      "leads nowhere",
      .service(service { $0.routes = [HTTPRouteRule(name: "r", matches: [], destinations: [])] })
    ),
    ("address 240.240.0 is none", .service(service { $0.address = "240.240.0" })),
    ("port 0 is none", .service(service { $0.ports[0].number = 0 })),
    ("subsets are not", .service(service { $0.subsets.append($0.subsets[0]) })),
    ("providers are not", .service(service { $0.providers.append($0.providers[0]) })),
    ("has the host x", .service(service { $0.host = "x" })),
    (
      "leads to gone.shop.mesh",
      gateway(.route(host: "gone.shop.mesh", port: 1, rewritePath: nil, rewriteAuthority: nil))
    ),
    (
      "no redirect",
      gateway(.redirect(scheme: nil, authority: nil, path: nil, port: nil, code: 200))
    ),
    ("port 0 is none", .peer(peer { $0.port = 0 })),
    ("gateways are none", .peer(peer { $0.gateways = [] })),
    ("gateway address x is none", .peer(peer { $0.gateways[0].address = "x" })),
    (
      "clusters are not sorted",
      gateway(
        .forward(
          clusters: [host("west"), host("east")], rewritePath: nil, rewriteAuthority: nil))
    ),
    (
      "gone.shop.mesh has no port 1 for connections",
      connections(to: .service(host: "gone.shop.mesh", port: 1))
    ),
    ("on which port", connections(to: .clusters([host("east")]))),
    ("no status", gateway(.respond(status: 99, body: nil))),
    ("is empty", .trust(TrustPlan(bundles: ["east.acme.mesh": []]))),
  ]

  @Test(arguments: broken) func `what no proxy could carry out is found`(
    message: String, item: BlueprintItem
  ) {
    let found = defects(in: Self.blueprint([item]))
    #expect(found.contains { $0.key == item.key && $0.message.contains(message) }, "\(found)")
  }

  @Test func `two services with one address are found`() {
    let items = [Self.service(), Self.service("cart")].map { BlueprintItem.service($0) }
    #expect(defects(in: Self.blueprint(items)).count == 1)
  }

  @Test func `an item under the key of another is found`() {
    var blueprint = Self.blueprint([])
    blueprint.items[.trust] = SourcedItem(item: .service(Self.service()), sources: [])
    #expect(defects(in: blueprint).contains { $0.key == .trust })
  }
}
