import Blueprints
import EnvoyConfig
import Testing

@Suite struct `A cluster that is believed, and no more` {
  private static let profile = ProxyProfile(
    role: .sidecar, namespace: "shop", serviceAccount: "orders",
    ports: [
      InboundPort(number: 8080, name: "http", protocolName: "http", applicationPort: 8080),
      InboundPort(number: 9000, name: "raw", protocolName: "tcp", applicationPort: 9000),
    ], capture: .redirect)

  private func listener(trusting domains: [String], withdrawals: Int = 0) throws -> EnvoyResource {
    let bundles = Dictionary(uniqueKeysWithValues: domains.map { ($0, ["AAAA"]) })
    let resources = snapshot(
      items: [.trust: .trust(TrustPlan(bundles: bundles, withdrawals: withdrawals))],
      endpoints: [:], profile: Self.profile)
    return try #require(resources.first { $0.name.type == .listener && $0.name.name == "inbound" })
  }

  @Test func `one more leaves open what is connected`() throws {
    let one = try listener(trusting: ["east.acme.mesh"])
    #expect(try listener(trusting: ["east.acme.mesh", "west.acme.mesh"]) == one)
  }

  @Test func `one less closes it, because a handshake is not repeated`() throws {
    let both = try listener(trusting: ["east.acme.mesh", "west.acme.mesh"])
    let one = try listener(trusting: ["east.acme.mesh"], withdrawals: 1)
    #expect(one != both)
    // The one that comes back does not close anything again.
    #expect(
      try listener(trusting: ["east.acme.mesh", "west.acme.mesh"], withdrawals: 1) == one)
  }

  /// The listener of a gateway that does with its requests what `action` says.
  private func gatewayListener(
    _ action: GatewayAction, withdrawals: Int, role: ProxyRole = .ingress
  ) throws -> EnvoyResource {
    let plan = GatewayPlan(
      fqn: "organizations/acme/gateways/edge", namespace: "gateways", labels: [:],
      servers: [
        GatewayServer(
          name: "orders", hostname: "orders.example.com", port: 8080, tls: .none,
          rules: [GatewayRule(matches: [], action: action)])
      ])
    let resources = snapshot(
      items: [
        .trust: .trust(TrustPlan(bundles: ["east.acme.mesh": ["AAAA"]], withdrawals: withdrawals)),
        .gateway(plan.fqn): .gateway(plan),
      ], endpoints: [:],
      profile: ProxyProfile(
        role: role, namespace: "gateways", serviceAccount: "edge",
        capture: .bind(address: "127.0.0.1")))
    return try #require(
      resources.first { $0.name.type == .listener && $0.name.name == "gateway_8080" })
  }

  @Test func `one less ends what a gateway passes on for clients, and nothing else`() throws {
    let forward = GatewayAction.forward(clusters: [], rewritePath: nil, rewriteAuthority: nil)
    #expect(
      try gatewayListener(forward, withdrawals: 0) != gatewayListener(forward, withdrawals: 1))
    let respond = GatewayAction.respond(status: 200, body: nil)
    #expect(
      try gatewayListener(respond, withdrawals: 0) == gatewayListener(respond, withdrawals: 1))
  }

  @Test func `one less ends whatever an edge lets through, because it goes there directly`() throws
  {
    let route = GatewayAction.route(
      host: "orders.shop.mesh", port: nil, rewritePath: nil, rewriteAuthority: nil)
    func changes(_ role: ProxyRole) throws -> Bool {
      try gatewayListener(route, withdrawals: 0, role: role)
        != gatewayListener(route, withdrawals: 1, role: role)
    }
    #expect(try changes(.edge))
    #expect(try !changes(.ingress))
  }
}
