import Blueprints
import Compiler
import Documents
import Model
import Testing

@Suite struct `Between clusters` {
  private static let sites = ["east", "west", "vm"]

  @Test func `without a word about networks every pair of sites meets at the edge`() {
    let bridge = Bridge()
    for from in Self.sites {
      for to in Self.sites where to != from {
        let plan = bridge.peer(to, of: from)
        #expect(plan?.path == .edge(clusters: ["edge"]), "\(from) \(to)")
        #expect(plan?.gateways.map(\.address) == ["198.19.0.2"])
      }
      #expect(bridge.peer(from, of: "edge")?.path == .direct)
      // Nobody can call anything at the edge: it has no gateway for that.
      #expect(bridge.peer("edge", of: from) == nil)
    }
  }

  @Test func `networks that see each other need no edge, in the direction that is written`() {
    var bridge = Bridge()
    bridge.reachability(["east-net": ["west-net", "edge-net"]])
    #expect(bridge.peer("west", of: "east")?.path == .direct)
    #expect(bridge.peer("west", of: "east")?.gateways.map(\.address) == ["198.18.1.2"])
    #expect(bridge.peer("vm", of: "east")?.path == .edge(clusters: ["edge"]))
    #expect(bridge.peer("east", of: "west")?.path == .edge(clusters: ["edge"]))
    bridge.reachability(["east-net": ["west-net"]])
    #expect(bridge.peer("vm", of: "east") == nil)
    bridge.reachability(["edge-net": ["east-net"]])
    #expect(bridge.peer("west", of: "east") == nil)
    #expect(bridge.peer("east", of: "west")?.path == .edge(clusters: ["edge"]))
  }

  @Test func `clusters of one network are direct, and one without a network has its own`() {
    var bridge = Bridge()
    for name in ["east", "west"] {
      bridge.put(
        Bridge.organization.child(.cluster, name),
        .cluster(Cluster(network: "", trustDomain: "")))
    }
    #expect(bridge.peer("west", of: "east")?.path == .edge(clusters: ["edge"]))
    bridge.put(
      Bridge.organization.child(.cluster, "east"),
      .cluster(Cluster(network: "west", trustDomain: "")))
    #expect(bridge.peer("west", of: "east")?.path == .direct)
  }

  @Test func `no port, no gateway, or one that nobody can dial: no peer`() {
    var bridge = Bridge()
    bridge.update(CompilerChange(ports: ["west": nil]))
    #expect(bridge.peer("west", of: "east") == nil)
    #expect(bridge.orders(in: "east") == nil)
    bridge.update(CompilerChange(ports: ["west": 15501]))
    #expect(bridge.orders(in: "east")?.providers.map(\.cluster) == ["west"])
    for address in ["", "gateway.example.com", "1.2.3", "1.2.3.256", "1.2.3.4.5"] {
      bridge.update(CompilerChange(gateways: ["west": [Bridge.gateway(address)]]))
      #expect(bridge.peer("west", of: "east") == nil, "\(address)")
      #expect(bridge.orders(in: "east") == nil)
    }
  }

  @Test func `a cluster that goes is gone everywhere`() {
    var bridge = Bridge()
    bridge.put(Bridge.organization.child(.cluster, "west"), nil)
    #expect(bridge.blueprints["west"]?.isEmpty ?? true)
    for cluster in ["east", "vm", "edge"] {
      #expect(bridge.peer("west", of: cluster) == nil)
      #expect(bridge.orders(in: cluster) == nil)
    }
  }

  // MARK: Services

  @Test func `a service elsewhere is there for those who may call it, when it is exposed`() {
    var bridge = Bridge()
    #expect(bridge.orders(in: "west")?.isExposed == true)
    let remote = bridge.orders(in: "east")?.providers.first?.remote
    #expect(remote == RemoteInstances(healthy: 1, ports: [80]))
    // Nobody lives at the edge or on the machines: nobody there calls it.
    #expect(bridge.orders(in: "edge") == nil)
    #expect(bridge.orders(in: "vm") == nil)
    bridge.put(Bridge.setting, nil)
    #expect(bridge.orders(in: "west")?.isExposed == false)
    #expect(bridge.orders(in: "east") == nil)
  }

  @Test func `workloads that only call others are told of services elsewhere, and offer nothing`() {
    var bridge = Bridge()
    let job = ServiceName(namespace: "jobs", name: "nightly")
    let caller = ObservedService(ports: [], serviceAccounts: [], workloads: 1, healthyWorkloads: 0)
    bridge.update(CompilerChange(services: ["vm": [job: caller]]))
    #expect(bridge.orders(in: "vm")?.providers.map(\.cluster) == ["west"])
    #expect(bridge.blueprints["vm"]?[.service(namespace: "jobs", name: "nightly")] == nil)
    bridge.update(CompilerChange(services: ["vm": [job: nil]]))
    #expect(bridge.orders(in: "vm") == nil)
  }

  @Test func `reach decides, not only the cluster`() {
    var bridge = Bridge()
    let group = Bridge.workspace.child(.trafficGroup, "g")
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    bridge.put(group, .group(Group(namespaceSelector: everywhere)))
    bridge.put(
      group.child(.trafficSetting, "s"),
      .trafficSetting(
        TrafficSetting(reachability: .custom(hosts: [ReachHost(namespace: ".", service: "web")]))))
    #expect(bridge.orders(in: "east") == nil)
    bridge.put(
      group.child(.trafficSetting, "s"),
      .trafficSetting(
        TrafficSetting(reachability: .custom(hosts: [ReachHost(namespace: "*", service: "orders")]))
      ))
    #expect(bridge.orders(in: "east") != nil)
  }

  @Test func `the first exposure that fits decides by labels and gateways`() {
    var bridge = Bridge()
    let other = WorkloadSelector(namespace: "gateways", labels: ["app": "other"])
    let cases: [(WorkloadSelector, [[String: String]], Bool)] = [
      (Bridge.eastWest, [], true), (Bridge.eastWest, [["exposed": "no"]], false),
      (Bridge.eastWest, [["exposed": "no"], ["exposed": "yes"]], true),
      (Bridge.eastWest, [["exposed": "yes", "tier": "x"]], false), (other, [], false),
      (WorkloadSelector(namespace: "shop", labels: ["app": "east-west"]), [], false),
    ]
    bridge.update(
      CompilerChange(services: ["west": [Bridge.orders: Bridge.service(labels: ["exposed": "yes"])]]
      ))
    for (gateways, services, isExposed) in cases {
      bridge.put(
        Bridge.setting,
        .workspaceSetting(
          WorkspaceSetting(exposures: [Exposure(gateways: gateways, services: services)])))
      #expect(bridge.orders(in: "west")?.isExposed == isExposed, "\(gateways) \(services)")
      #expect((bridge.orders(in: "east") != nil) == isExposed)
    }
  }

  @Test(
    arguments: [
      (nil, [0, 1, 2]), (.cluster, [0, 1, 2]), (.locality, [0, 0, 1]),
      (TopologyChoice.none, [0, 0, 0]),
    ] as [(TopologyChoice?, [Int])])
  func `what is near comes first`(choice: TopologyChoice?, priorities: [Int]) {
    var bridge = Bridge()
    for (name, region) in [("east", "eu"), ("west", "eu"), ("vm", "us")] {
      bridge.put(
        Bridge.organization.child(.cluster, name),
        .cluster(Cluster(network: "n", trustDomain: "", region: region)))
      bridge.update(CompilerChange(services: [name: [Bridge.orders: Bridge.service()]]))
    }
    bridge.put(
      Bridge.organization.child(.organizationSetting, "s"),
      .organizationSetting(OrganizationSetting(topologyChoice: choice)))
    func found() -> [Int] {
      ["east", "west", "vm"].compactMap { name in
        bridge.orders(in: "east")?.providers.first { $0.cluster == name }?.priority
      }
    }
    #expect(found() == priorities)
    // The workspace that has the service says it more exactly than the organization.
    bridge.put(
      Bridge.setting,
      .workspaceSetting(
        WorkspaceSetting(
          exposures: [Exposure(gateways: Bridge.eastWest)], topologyChoice: TopologyChoice.none)))
    #expect(found() == [0, 0, 0])
  }

  @Test func `a subset elsewhere counts the instances that carry its labels`() {
    var bridge = Bridge()
    let group = Bridge.workspace.child(.trafficGroup, "g")
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    bridge.put(group, .group(Group(namespaceSelector: everywhere)))
    bridge.put(
      group.child(.serviceRoute, "r"),
      .serviceRoute(
        ServiceRoute(
          service: Bridge.orders,
          subsets: [
            Subset(name: "all", labels: [:], weight: nil),
            Subset(name: "v1", labels: ["v": "1"], weight: 50),
            Subset(name: "v2", labels: ["v": "2"], weight: 50),
          ], routes: [])))
    bridge.update(
      CompilerChange(
        services: [
          "west": [
            Bridge.orders: Bridge.service(
              healthy: 5,
              variants: [
                ObservedVariant(labels: ["v": "1", "x": "a"], healthyWorkloads: 2),
                ObservedVariant(labels: ["v": "1", "x": "b"], healthyWorkloads: 1),
                ObservedVariant(labels: ["x": "b"], healthyWorkloads: -7),
              ])
          ]
        ]))
    let remote = bridge.orders(in: "east")?.providers.first?.remote
    #expect(remote?.subsets == ["all": 5, "v1": 3, "v2": 0])
  }

  // MARK: Grain

  @Test func `health and addresses of gateways touch peers only`() {
    var bridge = Bridge()
    bridge.update(
      CompilerChange(gateways: ["west": [Bridge.gateway("198.18.1.2", healthy: false)]]))
    #expect(bridge.compiler.computedUnits == 1)
    #expect(bridge.peer("west", of: "edge")?.gateways.map(\.healthy) == [false])
    // An edge is on the way to all three sites, and a cluster itself.
    bridge.update(CompilerChange(gateways: ["edge": [Bridge.gateway("198.19.0.9", role: "edge")]]))
    #expect(bridge.compiler.computedUnits == 4)
    #expect(bridge.peer("west", of: "east")?.gateways.map(\.address) == ["198.19.0.9"])
  }

  @Test func `how many instances a service has touches that service only`() {
    var bridge = Bridge()
    let group = Bridge.workspace.child(.trafficGroup, "g")
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    bridge.put(group, .group(Group(namespaceSelector: everywhere)))
    bridge.put(
      group.child(.serviceRoute, "r"),
      .serviceRoute(
        ServiceRoute(
          service: ServiceName(namespace: "shop", name: "web"), subsets: [],
          routes: [
            HTTPRoute(
              name: "r", matches: [], destinations: [RouteDestination(service: Bridge.orders)])
          ])))
    bridge.update(CompilerChange(services: ["west": [Bridge.orders: Bridge.service(healthy: 4)]]))
    #expect(bridge.compiler.computedUnits == 1)
    #expect(bridge.orders(in: "east")?.providers.first?.remote?.healthy == 4)
  }

  @Test func `a switch of the path touches no service`() {
    var bridge = Bridge()
    bridge.reachability(["east-net": ["west-net", "edge-net"]])
    // The setting, and one peer of the four.
    #expect(bridge.peer("west", of: "east")?.path == .direct)
    let before = bridge.orders(in: "east")
    bridge.reachability(["east-net": ["edge-net"]])
    #expect(bridge.peer("west", of: "east")?.path == .edge(clusters: ["edge"]))
    #expect(bridge.orders(in: "east") == before)
    #expect(bridge.compiler.computedUnits <= 5)
  }
}

@Suite struct `Explanations of ways` {
  @Test func `a path says what it is and why`() {
    var bridge = Bridge()
    let edge = bridge.compiler.path(from: "east", to: "west")
    #expect(edge.path == .edge(clusters: ["edge"]))
    #expect(edge.gateways.map(\.address) == ["198.19.0.2"])
    #expect(edge.reasons.contains { $0.contains("east-net does not reach west-net") })
    #expect(edge.reasons.contains { $0.hasPrefix("edge edge: network east-net reaches edge-net") })
    bridge.reachability(["east-net": ["west-net"], "vm-net": []])
    let direct = bridge.compiler.path(from: "east", to: "west")
    #expect(direct.path == .direct)
    #expect(direct.reasons.contains { $0.contains("networkReachability of OrganizationSetting s") })
    let none = bridge.compiler.path(from: "vm", to: "east")
    #expect(none.path == .none && none.gateways.isEmpty)
    #expect(none.reasons.contains { $0.contains("an entry for vm-net without edge-net") })
  }

  @Test func `a path says what is missing`() {
    var bridge = Bridge()
    #expect(bridge.compiler.path(from: "east", to: "mars").reasons == ["there is no cluster mars"])
    #expect(bridge.compiler.path(from: "east", to: "east").path == .within)
    bridge.update(CompilerChange(ports: ["west": nil]))
    let reasons = bridge.compiler.path(from: "east", to: "west").reasons
    #expect(reasons.contains { $0.contains("has no port yet") })
    bridge.update(CompilerChange(gateways: ["west": []]))
    #expect(
      bridge.compiler.path(from: "east", to: "west").reasons.contains {
        $0.hasPrefix("west has no east-west gateway")
      })
    bridge.update(CompilerChange(gateways: ["edge": []]))
    #expect(
      bridge.compiler.path(from: "west", to: "vm").reasons.suffix(2) == [
        "no other cluster has an edge gateway",
        "west has no gateway of its own that could carry its workloads' calls",
      ])
  }

  @Test func `reach says who can be called, or why nobody`() {
    var bridge = Bridge()
    let web = ServiceName(namespace: "shop", name: "web")
    func verdict(
      _ name: String = "orders", of caller: ServiceName = web, from cluster: String = "east"
    ) -> ReachExplanation {
      bridge.compiler.explainReach(
        service: ServiceName(namespace: "shop", name: name), from: caller, cluster: cluster)
    }
    #expect(verdict().verdict == .reachable && verdict().clusters == ["west"])
    #expect(verdict("gone").verdict == .unknown)
    #expect(verdict(from: "mars").verdict == .unknown)
    #expect(verdict(from: "west").clusters == ["west"])
    bridge.reachability(["east-net": []])
    #expect(verdict().verdict == .noPath)
    bridge.put(Bridge.setting, nil)
    #expect(verdict().verdict == .notExposed)
    let group = Bridge.workspace.child(.trafficGroup, "g")
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    bridge.put(group, .group(Group(namespaceSelector: everywhere)))
    bridge.put(
      group.child(.trafficSetting, "s"),
      .trafficSetting(TrafficSetting(reachability: .custom(hosts: []))))
    #expect(verdict().verdict == .notInReach)
    bridge.put(
      group.child(.serviceTrafficSetting, "web"),
      .serviceTrafficSetting(
        ServiceTrafficSetting(service: web, setting: TrafficSetting(reachability: .workspace))))
    #expect(verdict().verdict == .notExposed)
    #expect(
      verdict(of: ServiceName(namespace: "shop", name: "cart")).verdict == .notInReach)
  }
}
