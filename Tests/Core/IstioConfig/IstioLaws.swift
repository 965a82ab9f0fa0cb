import Blueprints
import Compiler
import Documents
import EnvoyConfig
import IstioConfig
import Model
import TestSupport
import Testing

@Suite struct `Istio translation` {
  @Test(.laborious, arguments: 0..<UInt64(200))
  func `holds together, whatever the blueprint`(seed: UInt64) {
    var site = RandomSite(seed: seed &+ 5000)
    for _ in 0..<30 { _ = site.change() }
    let translation = istioTranslation(of: site.items)
    #expect(IstioReferences(translation.objects).problems == [])
    #expect(translation.objects.flatMap(IstioFields.problems) == [])
    #expect(translation.warnings == translation.warnings.sorted())
  }

  @Test(.laborious) func `holds together for whatever the compiler makes of a mesh`() {
    var copies = 0
    var splits = 0
    for seed in 0..<UInt64(120) {
      var mesh = RandomMesh(seed: seed)
      var compiler = IncrementalCompiler()
      _ = compiler.update(RandomMesh.base)
      for _ in 0..<8 { _ = compiler.update(mesh.change(20)) }
      for cluster in RandomMesh.clusters {
        let items = compiler.items(in: cluster).map { ($0.item.key, $0.item) }
        let objects = istioTranslation(
          of: Dictionary(items, uniquingKeysWith: { first, _ in first })
        ).objects
        #expect(IstioReferences(objects).problems == [], "seed \(seed)")
        #expect(objects.flatMap(IstioFields.problems) == [], "seed \(seed)")
        copies += objects.count { $0.spec["endpoints"] != nil }
        splits += objects.count { $0.name.kind == .virtualService }
      }
    }
    #expect(copies > 0 && splits > 20, "\(copies) copies, \(splits) splits")
  }

  @Test(.laborious, arguments: 0..<UInt64(200))
  func `leaves alone what is made of other items`(seed: UInt64) {
    var site = RandomSite(seed: seed &+ 6000)
    for _ in 0..<20 { _ = site.change() }
    for _ in 0..<10 {
      let before = byName(site.items)
      let changed = Set(site.change().items.keys)
      let after = byName(site.items)
      for name in Set(before.keys).union(after.keys) where before[name] != after[name] {
        let origins = (before[name]?.origins ?? []) + (after[name]?.origins ?? [])
        #expect(!changed.isDisjoint(with: origins), "\(name) is made of \(origins.map(\.text))")
      }
    }
  }

  @Test func `one object that is written again changes what is made of it, and nothing else`()
    throws
  {
    let golden = try #require(GoldenCase.all(of: "IstioConfig").first { $0.name == "canary" })
    let (before, inventory) = (try golden.intent(), try golden.inventory())
    let ref = try #require(before.resources.keys.first { $0.fqn.hasSuffix("serviceroutes/orders") })
    var after = before
    guard case .serviceRoute(var route)? = before.resources[ref]?.spec else {
      Issue.record("there is no route")
      return
    }
    route.subsets[0].weight = 60
    route.subsets[1].weight = 40
    after.resources[ref]?.spec = .serviceRoute(route)
    func objects(_ intent: Intent) throws -> [IstioObject.Name: IstioObject] {
      byName(
        try #require(compile(intent, against: inventory).blueprints["east"]).items
          .mapValues(\.item))
    }
    let (old, new) = (try objects(before), try objects(after))
    let changed = Set(old.keys).union(new.keys).filter { old[$0] != new[$0] }
    #expect(
      changed == [IstioObject.Name(kind: .virtualService, namespace: "shop", name: "orders")])
  }

  private func byName(_ items: [ItemKey: BlueprintItem]) -> [IstioObject.Name: IstioObject] {
    Dictionary(
      istioTranslation(of: items).objects.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
  }

  @Test func `goes where somebody is healthy, and says what it cannot fall back to`() throws {
    let orders = ServicePlan(
      namespace: "shop", name: "orders", host: "orders.shop.mesh", address: "240.240.0.1",
      ports: [PlannedPort(number: 80, name: "http", protocolName: .http)],
      providers: [
        ServiceProvider(
          cluster: "east", trustDomain: "east.acme.mesh", serviceAccounts: ["orders"]),
        ServiceProvider(
          cluster: "west", trustDomain: "west.acme.mesh", serviceAccounts: ["orders"], priority: 1,
          remote: RemoteInstances(healthy: 3, ports: [80])),
      ])
    let west = PeerPlan(
      cluster: "west", trustDomain: "west.acme.mesh", port: 15501, path: .direct,
      gateways: [GatewayAddress(address: "198.18.2.2", port: 15443)])
    let key = ItemKey.service(namespace: "shop", name: "orders")
    let items: [ItemKey: BlueprintItem] = [key: .service(orders), .peer("west"): .peer(west)]

    let here = istioTranslation(of: items, healthy: [key: 2])
    #expect(!here.objects.contains { $0.name.kind == .virtualService })
    #expect(here.warnings.map(\.key) == [key])

    let elsewhere = istioTranslation(of: items, healthy: [key: 0])
    let routes = try #require(elsewhere.objects.first { $0.name.kind == .virtualService })
    let destination = routes.document[["spec"]]?["http"]?.list?.first?["route"]?.list?.first
    #expect(destination?[["destination", "host"]]?.string == "orders.shop.at.west.mesh")
    #expect(elsewhere.warnings == [])
  }

  @Test func `who may not call one service is refused, whatever its namespace allows`() throws {
    let caller = Principal.serviceAccount(
      trustDomain: "east.acme.mesh", namespace: "web", name: "web")
    let rule = AuthorizationRule(name: "r", principals: [caller])
    func policies(_ authorization: Authorization) -> [String: Document] {
      let plan = WorkloadsPlan(
        namespace: "shop", service: "orders",
        admission: Admission(traffic: .required, authorization: authorization))
      let objects = istioTranslation(of: [
        .workloads(namespace: "shop", service: "orders"): .workloads(plan)
      ]).objects
      return Dictionary(
        objects.filter { $0.name.kind == .authorizationPolicy }.map { object in
          (object.spec["action"]?.string ?? "", object.spec["rules"] ?? .null)
        }, uniquingKeysWith: { $1 })
    }
    let name: Document = "east.acme.mesh/ns/web/sa/web"
    #expect(
      policies(.rules(deny: [], allow: [rule])) == [
        "ALLOW": [["from": [["source": ["principals": [name]]]]]],
        "DENY": [["from": [["source": ["notPrincipals": [name]]]]]],
      ])
    #expect(policies(.rules(deny: [], allow: [])) == ["DENY": [[:]]])
    #expect(policies(.open) == ["ALLOW": [[:]]])
    #expect(
      policies(.rules(deny: [rule], allow: nil)) == [
        "ALLOW": [[:]], "DENY": [["from": [["source": ["principals": [name]]]]]],
      ])
  }

  @Test func `never writes a rule that names nobody, which would name everybody`() {
    let plan = NamespacePlan(
      namespace: "shop", workspace: nil, reach: .everything,
      admission: Admission(
        traffic: .required,
        authorization: .rules(
          deny: [AuthorizationRule(name: "d", principals: [])],
          allow: [AuthorizationRule(name: "a", principals: [])])))
    let objects = istioTranslation(of: [.namespace("shop"): .namespace(plan)]).objects
    let policies = objects.filter { $0.name.kind == .authorizationPolicy }
    #expect(policies.map(\.name.name) == ["rialto-allow"])
    #expect(policies.first?.spec == ["action": "ALLOW"])
  }
}
