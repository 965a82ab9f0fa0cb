import Blueprints
import EnvoyConfig
import TestSupport
import Testing

@Suite struct `Incremental translation` {
  @Test(.laborious, arguments: 0..<UInt64(100))
  func `agrees with the full one after any changes`(seed: UInt64) throws {
    var site = RandomSite(seed: seed)
    var translator = SiteTranslator()
    var mirrors: [ProxyProfile: [EnvoyResourceName: EnvoyResource]] = [:]
    for step in 0..<20 {
      let change = site.change()
      for gone in change.removedProfiles { mirrors[gone] = nil }
      for added in change.addedProfiles { mirrors[added] = [:] }
      let viewChanges = translator.update(change)
      for (profile, viewChange) in viewChanges {
        #expect(mirrors[profile] != nil)
        #expect(!viewChange.isEmpty)
        for removal in viewChange.removals {
          #expect(mirrors[profile]?.removeValue(forKey: removal) != nil)
        }
        for upsert in viewChange.upserts {
          let before = mirrors[profile]?.updateValue(upsert, forKey: upsert.name)
          #expect(before != upsert)
        }
      }
      for profile in site.profiles where step % 4 == 3 || viewChanges[profile] != nil {
        let full = snapshot(
          items: site.items, endpoints: site.endpoints, gateways: site.gateways, profile: profile)
        try #require(translator.resources(for: profile) == full)
        try #require((mirrors[profile] ?? [:]).values.sorted { $0.name < $1.name } == full)
      }
    }
  }

  @Test(.laborious, arguments: 0..<UInt64(60))
  func `mentions no name that is not defined`(seed: UInt64) throws {
    var site = RandomSite(seed: seed &+ 1000)
    for _ in 0..<25 { _ = site.change() }
    for profile in site.profiles {
      let full = snapshot(
        items: site.items, endpoints: site.endpoints, gateways: site.gateways, profile: profile)
      _ = try StaticBootstrap(full, secrets: [TestCertificate.secret])
    }
  }

  /// 300 services, each in a namespace of its own with one sidecar that reaches its neighbour too.
  private func ring(_ count: Int) -> (translator: SiteTranslator, profiles: [ProxyProfile]) {
    var change = SiteChange()
    var profiles: [ProxyProfile] = []
    change.items[.trust] = .some(.trust(TrustPlan(bundles: ["alpha.acme.mesh": ["AAAA"]])))
    for index in 0..<count {
      let namespace = "n\(index)"
      let plan = service(namespace)
      change.items[.service(namespace: namespace, name: "s")] = .some(.service(plan))
      change.items[.namespace(namespace)] = .some(
        .namespace(
          NamespacePlan(
            namespace: namespace, workspace: nil,
            reach: .only(targets: [
              ReachTarget(namespace: NamePattern(namespace)),
              ReachTarget(namespace: NamePattern("n\((index + 1) % count)")),
            ]),
            admission: Admission(traffic: .required, authorization: .open))))
      let profile = ProxyProfile(
        role: .sidecar, namespace: namespace, serviceAccount: "s", capture: .redirect)
      profiles.append(profile)
      change.addedProfiles.append(profile)
    }
    var translator = SiteTranslator()
    _ = translator.update(change)
    return (translator, profiles)
  }

  private func service(_ namespace: String, routes: [HTTPRouteRule] = []) -> ServicePlan {
    ServicePlan(
      namespace: namespace, name: "s", host: "s.\(namespace).mesh", address: "240.240.0.1",
      ports: [PlannedPort(number: 80, name: "http", protocolName: .http)],
      providers: [
        ServiceProvider(cluster: "alpha", trustDomain: "alpha.acme.mesh", serviceAccounts: ["s"])
      ], routes: routes)
  }

  @Test func `translates nothing but the endpoints of a service whose endpoints change`() {
    var (translator, profiles) = ring(300)
    let before = translator.translations
    let endpoint = LocalEndpoint(address: "198.18.0.1", ports: [80], labels: [:], healthy: true)
    let changes = translator.update(
      SiteChange(endpoints: [ServiceKey(namespace: "n7", name: "s"): [endpoint]]))
    #expect(translator.translations - before == 1)
    #expect(Set(changes.keys) == [profiles[6], profiles[7]])
    for change in changes.values {
      #expect(
        change.upserts.map(\.name) == [
          EnvoyResourceName(.endpoints, "outbound_.80_._.s.n7.mesh")
        ])
      #expect(change.removals.isEmpty)
    }
  }

  @Test func `sends a changed route only to those who call the service, and nothing else`() throws {
    var (translator, profiles) = ring(300)
    let before = translator.translations
    let rule = HTTPRouteRule(
      name: "r", matches: [RequestMatch(path: .prefix(text: "/x"))],
      destinations: [WeightedDestination(weight: 100)])
    let changes = translator.update(
      SiteChange(items: [
        .service(namespace: "n7", name: "s"): .service(service("n7", routes: [rule]))
      ]))
    #expect(translator.translations - before <= 5)
    #expect(Set(changes.keys) == [profiles[6], profiles[7]])
    for change in changes.values {
      #expect(change.upserts.map(\.name) == [EnvoyResourceName(.routes, "s.n7.mesh:80")])
      #expect(change.removals.isEmpty)
      #expect(try #require(change.upserts.first).bytes.count < 3000)
    }
  }

  @Test func `repeats nothing for an item that is written again`() {
    var (translator, _) = ring(5)
    let changes = translator.update(
      SiteChange(items: [.service(namespace: "n1", name: "s"): .service(service("n1"))]))
    #expect(changes.isEmpty)
  }

  @Test func `gives a profile that is added again everything`() {
    var (translator, profiles) = ring(5)
    let changes = translator.update(SiteChange(addedProfiles: [profiles[2]]))
    #expect(changes[profiles[2]]?.upserts == translator.resources(for: profiles[2]))
    #expect(changes.count == 1)
  }
}
