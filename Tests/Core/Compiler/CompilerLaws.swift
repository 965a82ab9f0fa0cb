import Blueprints
import Compiler
import Documents
import Model
import TestSupport
import Testing

@Suite struct CompilerLaws {
  /// What a receiver of the deltas ends with.
  private struct Receiver {
    var blueprints: [String: Blueprint] = [:]
    var diagnostics: [String: [Diagnostic]] = [:]

    mutating func take(_ delta: CompilationDelta) {
      for (cluster, difference) in delta.clusters {
        for item in difference.upserts {
          blueprints[cluster, default: Blueprint()].items[item.item.key] = item
        }
        for key in difference.removals { blueprints[cluster]?.items[key] = nil }
        if blueprints[cluster]?.items.isEmpty == true { blueprints[cluster] = nil }
      }
      for (subject, found) in delta.diagnostics {
        diagnostics[subject] = found.isEmpty ? nil : found
      }
    }
  }

  @Test(.laborious, arguments: 0..<200) func `incremental equals full`(seed: UInt64) {
    var mesh = RandomMesh(seed: seed)
    var compiler = IncrementalCompiler()
    var inputs = Inputs()
    var receiver = Receiver()
    for step in 0..<15 {
      let change =
        step == 0 && seed.isMultiple(of: 2) ? RandomMesh.base : mesh.change(step < 2 ? 60 : 4)
      inputs.apply(change)
      receiver.take(compiler.update(change))
      let full = compile(inputs.intent, against: inputs.inventory)
      // The difference is what a failure shows: whole blueprints would hide it.
      #expect(differences(receiver.blueprints, full.blueprints) == [], "step \(step)")
      #expect(receiver.diagnostics == full.diagnostics, "step \(step)")
    }
  }

  /// One long life instead of many short ones: what is kept between changes must not drift.
  @Test(.laborious) func `incremental equals full after 10,000 changes`() {
    var mesh = RandomMesh(seed: 10_000)
    var compiler = IncrementalCompiler()
    var inputs = Inputs()
    var receiver = Receiver()
    for count in 1...10_000 {
      let change = mesh.change(1)
      inputs.apply(change)
      receiver.take(compiler.update(change))
      guard count.isMultiple(of: 500) else { continue }
      let full = compile(inputs.intent, against: inputs.inventory)
      #expect(differences(receiver.blueprints, full.blueprints) == [], "after \(count)")
      #expect(receiver.diagnostics == full.diagnostics, "after \(count)")
    }
  }

  private func differences(
    _ left: [String: Blueprint], _ right: [String: Blueprint]
  ) -> [String] {
    Set(left.keys).union(right.keys).sorted().flatMap { cluster in
      let items = (left[cluster]?.items ?? [:], right[cluster]?.items ?? [:])
      return Set(items.0.keys).union(items.1.keys).sorted().filter { items.0[$0] != items.1[$0] }
        .map { key in
          let sides = [items.0[key], items.1[key]].map { $0.map { "\($0)" } ?? "nothing" }
          return "\(cluster) \(key.text): \(sides[0]) instead of \(sides[1])"
        }
    }
  }

  @Test(.laborious, arguments: 0..<200) func `what is compiled has no defect but a shared address`(
    seed: UInt64
  ) {
    var mesh = RandomMesh(seed: seed)
    var inputs = Inputs()
    inputs.apply(RandomMesh.base)
    for _ in 0..<8 { inputs.apply(mesh.change(20)) }
    for (cluster, blueprint) in compile(inputs.intent, against: inputs.inventory).blueprints {
      let found = defects(in: blueprint).filter { !$0.message.hasPrefix("address ") }
      #expect(found == [], "\(cluster)")
    }
  }

  @Test(.laborious) func `the random meshes reach every kind of item and diagnostic`() {
    var kinds: Set<String> = []
    var codes: Set<String> = []
    var routed = 0
    var paths: Set<String> = []
    var forwarded = 0
    var elsewhere = 0
    for seed in 0..<240 {
      var mesh = RandomMesh(seed: UInt64(seed))
      var inputs = Inputs()
      inputs.apply(RandomMesh.base)
      for _ in 0..<(seed.isMultiple(of: 2) ? 12 : 3) { inputs.apply(mesh.change(20)) }
      let compilation = compile(inputs.intent, against: inputs.inventory)
      for item in compilation.blueprints.values.flatMap(\.items.values) {
        kinds.insert(String(item.item.key.text.prefix { $0 != "/" }))
        switch item.item {
        case .service(let plan):
          routed += plan.routes.isEmpty ? 0 : 1
          elsewhere += plan.providers.count { $0.remote != nil }
        case .peer(let plan): paths.insert(plan.path == .direct ? "direct" : "edge")
        case .gateway(let plan):
          for case .forward(let clusters, _, _) in plan.servers.flatMap(\.rules).map(\.action) {
            forwarded += clusters.count
          }
        case .site, .namespace, .workloads, .trust: break
        }
      }
      codes.formUnion(compilation.diagnostics.values.flatMap { $0 }.map(\.code))
    }
    #expect(kinds == ["site", "trust", "namespace", "workloads", "service", "gateway", "peer"])
    #expect(codes == Set((1...8).map { "RL300\($0)" }))
    #expect(
      [routed, elsewhere, forwarded].allSatisfy { $0 > 5 }, "\(routed) \(elsewhere) \(forwarded)")
    #expect(paths == ["direct", "edge"])
  }

  @Test(.laborious, arguments: 0..<50)
  func `the same input again changes nothing and computes nothing`(
    seed: UInt64
  ) {
    var mesh = RandomMesh(seed: seed)
    let change = mesh.change(60)
    var compiler = IncrementalCompiler()
    _ = compiler.update(change)
    let again = compiler.update(change)
    #expect(compiler.computedUnits == 0)
    #expect(again.clusters.isEmpty && again.diagnostics.isEmpty)
  }

  @Test(.laborious) func `with 10,000 services a change of one route computes at most five units`()
  {
    var compiler = IncrementalCompiler()
    let workspace = RandomMesh.organization.child(.tenant, "t").child(.workspace, "w")
    let group = workspace.child(.trafficGroup, "g")
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    var change = CompilerChange()
    func put(_ ref: ResourceRef, _ spec: ResourceSpec) {
      change.objects[ref] = Resource(ref: ref, spec: spec)
    }
    put(
      RandomMesh.organization.child(.cluster, "east"),
      .cluster(Cluster(network: "n", trustDomain: "")))
    put(workspace, .workspace(Workspace(namespaceSelector: everywhere)))
    put(group, .group(Group(namespaceSelector: everywhere)))
    for index in 0..<10_000 {
      let name = ServiceName(namespace: "ns\(index / 100)", name: "s\(index)")
      change.services["east", default: [:]][name] = ObservedService(
        ports: [ObservedPort(number: 80, name: "http", protocolName: "http")],
        serviceAccounts: ["a"], workloads: 1, healthyWorkloads: 1)
      change.addresses[name.host] = "240.240.\(index / 250).\(index % 250 + 1)"
      put(group.child(.serviceRoute, "r\(index)"), .serviceRoute(route(to: name, weight: 10)))
    }
    _ = compiler.update(change)
    #expect(compiler.computedUnits >= 10_000)
    let name = ServiceName(namespace: "ns7", name: "s777")
    let ref = group.child(.serviceRoute, "r777")
    let delta = compiler.update(
      CompilerChange(
        objects: [
          ref: Resource(
            ref: ref, spec: .serviceRoute(route(to: name, weight: 50)), revision: Revision(2))
        ]))
    #expect((1...5).contains(compiler.computedUnits))
    #expect(delta.clusters["east"]?.upserts.map(\.item.key.text) == ["service/ns7/s777"])
    var service = change.services["east"]?[name] ?? nil
    service?.healthyWorkloads = 0
    _ = compiler.update(CompilerChange(services: ["east": [name: service]]))
    #expect(compiler.computedUnits == 1)
  }

  @Test func `a setting of one service touches that service alone`() {
    var compiler = IncrementalCompiler()
    _ = compiler.update(RandomMesh.base)
    var change = CompilerChange()
    for cluster in RandomMesh.clusters {
      for name in ["orders", "cart"] {
        let service = ServiceName(namespace: "shop", name: name)
        change.services[cluster, default: [:]][service] = ObservedService(
          ports: [ObservedPort(number: 8080, name: "http", protocolName: "http")],
          serviceAccounts: ["a"], workloads: 1, healthyWorkloads: 1)
      }
    }
    _ = compiler.update(change)
    let workspace = RandomMesh.organization.child(.tenant, "t1").child(.workspace, "w1")
    let orders = ServiceName(namespace: "shop", name: "orders")
    func written(_ authorization: AuthorizationMode, at revision: Int64) -> CompilationDelta {
      let ref = workspace.child(.securityGroup, "g1").child(.serviceSecuritySetting, "orders")
      let setting = ServiceSecuritySetting(
        service: orders, setting: SecuritySetting(authorization: authorization))
      return compiler.update(
        CompilerChange(
          objects: [
            ref: Resource(
              ref: ref, spec: .serviceSecuritySetting(setting), revision: Revision(revision))
          ]))
    }
    for (revision, mode) in [(1, AuthorizationMode.namespace), (2, .workspace)] {
      let delta = written(mode, at: Int64(revision))
      #expect(compiler.computedUnits <= 2)
      #expect(Set(delta.clusters.keys) == Set(RandomMesh.clusters))
      for difference in delta.clusters.values {
        #expect(difference.upserts.map(\.item.key.text) == ["workloads/shop/orders"])
        #expect(difference.removals.isEmpty)
      }
    }
  }

  private func route(to name: ServiceName, weight: Int) -> ServiceRoute {
    ServiceRoute(
      service: name,
      subsets: [
        Subset(name: "v1", labels: ["version": "v1"], weight: 100 - weight),
        Subset(name: "v2", labels: ["version": "v2"], weight: weight),
      ], routes: [])
  }
}
