import Documents
import Model
import TestSupport
import Testing

@testable import Manifests

@Suite struct `Manifests ownership` {
  private static func ref(_ path: String) -> ResourceRef {
    guard let ref = ResourceRef(fqn: "organizations/acme/\(path)") else {
      preconditionFailure("no FQN: \(path)")
    }
    return ref
  }

  private static func selector(_ terms: [String]) -> NamespaceSelector {
    NamespaceSelector(terms: terms.compactMap(namespaceTerm))
  }

  private func workspace(_ path: String, _ terms: String..., created: Int64 = 1) -> Resource {
    Resource(
      ref: Self.ref(path), spec: .workspace(Workspace(namespaceSelector: Self.selector(terms))),
      created: Revision(created))
  }

  private func group(_ path: String, _ terms: String..., created: Int64 = 2) -> Resource {
    Resource(
      ref: Self.ref(path), spec: .group(Group(namespaceSelector: Self.selector(terms))),
      created: Revision(created))
  }

  private func route(_ path: String, _ namespace: String, _ name: String, created: Int64 = 3)
    -> Resource
  {
    let service = ServiceName(namespace: namespace, name: name)
    return Resource(
      ref: Self.ref(path),
      spec: .serviceRoute(ServiceRoute(service: service, subsets: [], routes: [])),
      created: Revision(created))
  }

  private func codes(of changed: Resource, _ others: Resource...) -> [String] {
    Manifests.ownershipConflicts(of: changed, among: others).map(\.code)
  }

  @Test(
    arguments: [
      ("*/shop", "*/shop", true), ("*/shop", "east/shop", true), ("*/*", "west/x", true),
      ("east/*", "*/shop", true), ("east/shop*", "*/shop-a", true),
      ("east/shop*", "east/shopping*", true),
      ("east/shop", "west/shop", false), ("*/shop", "*/shop2", false), ("east/*", "west/*", false),
      ("east/a*", "east/b*", false),
    ] as [(String, String, Bool)])
  func `a namespace belongs to one workspace`(_ mine: String, _ theirs: String, _ isContested: Bool)
  {
    let expected = isContested ? ["RL1060"] : []
    let first = workspace("tenants/a/workspaces/x", theirs)
    let second = workspace("tenants/b/workspaces/y", mine)
    #expect(codes(of: second, first) == expected)
    #expect(codes(of: first, second) == expected)
  }

  @Test func `a workspace does not contend with itself`() {
    let old = workspace("tenants/a/workspaces/x", "*/shop")
    #expect(codes(of: workspace("tenants/a/workspaces/x", "*/shop", "*/more"), old) == [])
  }

  @Test(
    arguments: [
      ("*/shop", "*/shop", true), ("*/*", "*/shop", true), ("east/*", "east/shop", true),
      ("*/shop*", "west/shop-a*", true), ("east/shop", "*/shop", false),
      ("*/shop", "*/shop*", false),
      ("east/*", "west/shop", false),
    ] as [(String, String, Bool)])
  func `a group stays within its workspace`(_ outer: String, _ inner: String, _ isInside: Bool) {
    let workspace = workspace("tenants/a/workspaces/x", outer)
    let group = group("tenants/a/workspaces/x/trafficgroups/g", inner)
    #expect(codes(of: group, workspace) == (isInside ? [] : ["RL1061"]))
    #expect(codes(of: workspace, group) == (isInside ? [] : ["RL1061"]))
  }

  @Test func `a namespace is in one group of a type within a workspace`() {
    let first = group("tenants/a/workspaces/x/trafficgroups/g", "*/shop")
    #expect(
      codes(of: group("tenants/a/workspaces/x/trafficgroups/h", "east/shop"), first) == ["RL1060"])
    #expect(codes(of: group("tenants/a/workspaces/x/securitygroups/h", "east/shop"), first) == [])
  }

  @Test func `a service has one route in a workspace`() {
    let first = route("tenants/a/workspaces/x/trafficgroups/g/serviceroutes/r", "shop", "orders")
    let second = route("tenants/a/workspaces/x/trafficgroups/h/serviceroutes/s", "shop", "orders")
    let elsewhere = route(
      "tenants/a/workspaces/y/trafficgroups/g/serviceroutes/r", "shop", "orders")
    #expect(codes(of: second, first) == ["RL1062"])
    #expect(codes(of: elsewhere, first) == [])
  }

  @Test func `a route is about a namespace of its group`() {
    let group = group("tenants/a/workspaces/x/trafficgroups/g", "east/shop")
    let inside = route("tenants/a/workspaces/x/trafficgroups/g/serviceroutes/r", "shop", "orders")
    let outside = route("tenants/a/workspaces/x/trafficgroups/g/serviceroutes/s", "pay", "orders")
    #expect(codes(of: inside, group) == [])
    #expect(codes(of: outside, group) == ["RL1063"])
    #expect(codes(of: group, inside, outside) == ["RL1063"])
  }

  @Test func `a group has one setting`() throws {
    let first = try manifest(Samples.trafficSetting).resource()
    var second = first
    second.ref = try #require(first.ref.parent).child(.trafficSetting, "other")
    #expect(codes(of: second, first) == ["RL1062"])
  }

  @Test func `a selector of gateways has one object, and its namespace is in the group`() throws {
    let first = try manifest(Samples.gateway).resource()
    var second = first
    second.ref = try #require(first.ref.parent).child(.gateway, "other")
    #expect(codes(of: second, first) == ["RL1062"])
    let group = group("tenants/web/workspaces/shop/gatewaygroups/all", "*/other")
    #expect(codes(of: first, group) == ["RL1063"])
  }

  @Test func `among many, the one that came later is the wrong one`() {
    let first = workspace("tenants/z/workspaces/z", "*/shop", created: 1)
    let second = workspace("tenants/a/workspaces/a", "east/shop", created: 2)
    let found = Manifests.ownershipConflicts(among: [second, first])
    #expect(found.map(\.subject) == [second.ref.fqn])
    #expect(found.first?.message.contains(first.ref.fqn) == true)
  }

  @Test(.laborious, arguments: 0..<100)
  func `checking each change against what may contend finds what the full check finds`(
    _ seed: UInt64
  ) {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
    func next(_ bound: UInt64) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % bound)
    }
    let terms = ["*/a", "east/a", "*/b*", "east/*", "west/b", "*/ba"]
    var resources: [ResourceRef: Resource] = [:]
    for created in 0..<12 {
      let workspace = "tenants/t/workspaces/w\(next(3))"
      let resource =
        switch next(3) {
        case 0: self.workspace(workspace, terms[next(6)], created: Int64(created))
        case 1:
          group("\(workspace)/trafficgroups/g\(next(2))", terms[next(6)], created: Int64(created))
        default:
          route(
            "\(workspace)/trafficgroups/g\(next(2))/serviceroutes/r\(next(2))",
            ["a", "b"][next(2)], "s", created: Int64(created))
        }
      resources[resource.ref] = resource
    }
    let all = Array(resources.values)
    let full = Set(Manifests.ownershipConflicts(among: all).map { $0.message })
    var index = OwnershipIndex()
    var indexed: Set<String> = []
    for resource in all.sorted(by: {
      ($0.created, $0.ref.fqn) < ($1.created, $1.ref.fqn)
    }) {
      // What goes and comes back leaves nothing behind.
      for step in [resource, nil, resource] { index.set(step, at: resource.ref) }
      indexed.formUnion(
        Manifests.ownershipConflicts(of: resource, among: index.contenders(of: resource))
          .map(\.message))
    }
    #expect(indexed == full)
    var incremental: Set<String> = []
    for resource in all {
      let earlier = all.filter {
        Manifests.mayContend(resource.ref, with: $0.ref)
          && ($0.created, $0.ref.fqn) < (resource.created, resource.ref.fqn)
      }
      incremental.formUnion(
        Manifests.ownershipConflicts(of: resource, among: earlier).map(\.message))
    }
    #expect(incremental == full)
  }

  @Test func `rules refer to other objects`() throws {
    let setting = try manifest(Samples.securitySetting).resource()
    let found = Manifests.references(of: setting)
    #expect(
      found.map(\.path.text) == [
        "spec.authorization.rules.allow[0].from.fqn", "spec.authorization.rules.allow[0].to.fqn",
        "spec.authorization.rules.deny[0].from.fqn", "spec.authorization.rules.deny[0].to.fqn",
      ])
    #expect(found[2].ref.fqn == "organizations/acme/tenants/other")
  }
}
