import Blueprints
import EnvoyConfig
import Testing

/// What may change, and what may not, when clusters come and go.
@Suite struct `The bridge, incrementally` {
  private static let sidecar = ProxyProfile(
    role: .sidecar, namespace: "shop", serviceAccount: "front", capture: .redirect)
  private static let eastWest = ProxyProfile(
    role: .eastWest, namespace: "mesh", serviceAccount: "gateway", capture: .bind(address: "a"))
  private static let edge = ProxyProfile(
    role: .edge, namespace: "mesh", serviceAccount: "edge", capture: .bind(address: "b"))

  /// A site with 50 services that both other clusters provide and 50 that only this one does, all of
  /// them exposed.
  private static func translator() -> SiteTranslator {
    var change = SiteChange()
    change.items[.site] = .some(
      .site(
        SitePlan(
          organization: "acme", cluster: "alpha", trustDomain: "alpha.acme.mesh",
          network: "alpha")))
    change.items[.trust] = .some(
      .trust(
        TrustPlan(bundles: [
          "alpha.acme.mesh": ["AAAA"], "beta.acme.mesh": ["BBBB"], "gamma.acme.mesh": ["CCCC"],
        ])))
    change.items[.namespace("shop")] = .some(
      .namespace(
        NamespacePlan(
          namespace: "shop", workspace: nil, reach: .everything,
          admission: Admission(traffic: .required, authorization: .open))))
    for index in 0..<50 {
      for name in ["here\(index)", "there\(index)"] {
        change.items[.service(namespace: "shop", name: name)] = .some(.service(service(name)))
      }
    }
    change.items[.peer("beta")] = .some(.peer(beta(.edge(clusters: ["hub"]))))
    change.items[.peer("gamma")] = .some(
      .peer(
        PeerPlan(
          cluster: "gamma", trustDomain: "gamma.acme.mesh", port: 15501, path: .direct,
          gateways: [GatewayAddress(address: "198.18.3.1", port: 15443)])))
    change.gateways = gateways(["198.18.1.250"])
    change.addedProfiles = [sidecar, eastWest, edge]
    var translator = SiteTranslator()
    _ = translator.update(change)
    return translator
  }

  private static func service(_ name: String, inBeta healthy: Int = 2) -> ServicePlan {
    let remote = ["beta", "gamma"].map { cluster in
      ServiceProvider(
        cluster: cluster, trustDomain: "\(cluster).acme.mesh", serviceAccounts: ["s"],
        priority: 1, remote: RemoteInstances(healthy: cluster == "beta" ? healthy : 2, ports: [80]))
    }
    return ServicePlan(
      namespace: "shop", name: name, host: "\(name).shop.mesh", address: "240.240.0.1",
      ports: [PlannedPort(number: 80, name: "http", protocolName: .http)],
      providers: [
        ServiceProvider(cluster: "alpha", trustDomain: "alpha.acme.mesh", serviceAccounts: ["s"])
      ] + (name.hasPrefix("there") ? remote : []), isExposed: true)
  }

  private static func beta(_ path: PeerPath) -> PeerPlan {
    PeerPlan(
      cluster: "beta", trustDomain: "beta.acme.mesh", port: 15500, path: path,
      gateways: [
        GatewayAddress(address: path == .direct ? "198.18.2.1" : "198.18.200.1", port: 15443)
      ])
  }

  private static func gateways(_ addresses: [String]) -> [LocalGateway] {
    addresses.map {
      LocalGateway(
        role: .eastWest, namespace: "mesh", labels: [:], address: $0, healthy: true)
    }
  }

  private func names(_ change: ViewChange?) -> Set<EnvoyResourceName> {
    Set((change?.upserts ?? []).map(\.name) + (change?.removals ?? []))
  }

  @Test func `a change of a service does not touch the edge`() {
    var translator = Self.translator()
    for plan in [Self.service("there7", inBeta: 1), Self.service("new")] {
      let changes = translator.update(
        SiteChange(items: [
          .service(namespace: "shop", name: plan.name): .service(plan)
        ]))
      #expect(Set(changes.keys).subtracting([Self.eastWest]) == [Self.sidecar])
    }
    let instance = LocalEndpoint(address: "198.18.1.2", ports: [80], labels: [:], healthy: true)
    let changes = translator.update(
      SiteChange(endpoints: [ServiceKey(namespace: "shop", name: "here7"): [instance]]))
    #expect(Set(changes.keys) == [Self.sidecar, Self.eastWest])
  }

  @Test func `healthy capacity elsewhere is a change of endpoints and nothing else`() {
    var translator = Self.translator()
    let changes = translator.update(
      SiteChange(items: [
        .service(namespace: "shop", name: "there7"): .service(Self.service("there7", inBeta: 1))
      ]))
    #expect(Set(changes.keys) == [Self.sidecar])
    #expect(
      names(changes[Self.sidecar]) == [
        EnvoyResourceName(.endpoints, "outbound_.80_._.there7.shop.mesh")
      ])
  }

  @Test func `workloads know no service that nobody provides to their cluster`() {
    var translator = Self.translator()
    var plan = Self.service("there7")
    plan.providers = []
    let clusters = EnvoyResourceName(.cluster, "outbound_.80_._.there7.shop.mesh")
    let routes = EnvoyResourceName(.routes, "there7.shop.mesh:80")
    let gone = translator.update(
      SiteChange(items: [.service(namespace: "shop", name: "there7"): .service(plan)]))
    let removals = gone[Self.sidecar]?.removals ?? []
    #expect(removals.contains(clusters) && removals.contains(routes))
    let back = translator.update(
      SiteChange(items: [
        .service(namespace: "shop", name: "there7"): .service(Self.service("there7"))
      ]))
    let known = Set((back[Self.sidecar]?.upserts ?? []).map(\.name))
    #expect(known.isSuperset(of: [clusters, routes]))
  }

  @Test func `another gateway elsewhere is a change of endpoints at gateways and nothing else`() {
    var translator = Self.translator()
    var peer = Self.beta(.edge(clusters: ["hub"]))
    peer.gateways.append(GatewayAddress(address: "198.18.200.2", port: 15443, healthy: false))
    let changes = translator.update(SiteChange(items: [.peer("beta"): .peer(peer)]))
    #expect(Set(changes.keys) == [Self.eastWest, Self.edge])
    for change in changes.values {
      #expect(names(change) == [EnvoyResourceName(.endpoints, "peer_beta")])
    }
  }

  @Test func `another path is another cluster, so that connections are made anew`() {
    var translator = Self.translator()
    let changes = translator.update(
      SiteChange(items: [.peer("beta"): .peer(Self.beta(.direct))]))
    #expect(Set(changes.keys) == [Self.sidecar, Self.eastWest, Self.edge])
    for profile in [Self.eastWest, Self.edge] {
      #expect(names(changes[profile]) == [EnvoyResourceName(.endpoints, "peer_beta")])
    }
    let touched = names(changes[Self.sidecar])
    #expect(touched.count == 50)
    #expect(touched.allSatisfy { $0.type == .cluster && $0.name.contains("there") })
  }

  @Test func `a cluster that goes is looked at again only by services that it provides`() {
    var translator = Self.translator()
    let before = translator.translations
    let changes = translator.update(SiteChange(items: [.peer("beta"): nil]))
    // Clusters and endpoints of 50 services for the sidecar; at both gateways the peer and what is
    // forwarded; at the edge the listener, which has a way in for each peer.
    #expect(translator.translations - before == 105)
    let touched = names(changes[Self.sidecar])
    #expect(touched.count == 100)
    #expect(touched.allSatisfy { $0.name.contains("there") })
    #expect(
      names(changes[Self.eastWest]) == [
        EnvoyResourceName(.cluster, "peer_beta"), EnvoyResourceName(.endpoints, "peer_beta"),
        EnvoyResourceName(.listener, "peer_beta"),
      ])
    #expect(
      names(changes[Self.edge]) == [
        EnvoyResourceName(.cluster, "peer_beta"), EnvoyResourceName(.endpoints, "peer_beta"),
        EnvoyResourceName(.listener, "eastwest"),
      ])
  }

  @Test func `another gateway of this cluster is a change of endpoints and nothing else`() {
    var translator = Self.translator()
    let changes = translator.update(
      SiteChange(gateways: Self.gateways(["198.18.1.250", "198.18.1.251"])))
    #expect(Set(changes.keys) == [Self.sidecar])
    let touched = names(changes[Self.sidecar])
    #expect(touched.count == 50)
    #expect(touched.allSatisfy { $0.type == .endpoints && $0.name.contains("there") })
  }
}
