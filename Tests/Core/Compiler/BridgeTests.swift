import Blueprints
import Compiler
import Documents
import Model
import Testing

/// Three sites and an edge, as a compiler that changes are given to.
private struct Bridge {
  var compiler = IncrementalCompiler()
  var blueprints: [String: [ItemKey: BlueprintItem]] = [:]
  var diagnostics: [String: [String]] = [:]

  static let organization = ResourceRef(.organization, ["acme"])
  static let workspace = organization.child(.tenant, "t").child(.workspace, "w")
  static let setting = workspace.child(.workspaceSetting, "s")
  static let orders = ServiceName(namespace: "shop", name: "orders")
  static let eastWest = WorkloadSelector(namespace: "gateways", labels: ["app": "east-west"])

  init() {
    var change = CompilerChange()
    func put(_ ref: ResourceRef, _ spec: ResourceSpec) {
      change.objects[ref] = Resource(ref: ref, spec: spec)
    }
    for (index, name) in ["east", "west", "vm", "edge"].enumerated() {
      put(
        Self.organization.child(.cluster, name),
        .cluster(Cluster(network: "\(name)-net", trustDomain: "")))
      change.ports[name] = 15500 + index
    }
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    put(Self.workspace, .workspace(Workspace(namespaceSelector: everywhere)))
    put(
      Self.setting,
      .workspaceSetting(WorkspaceSetting(exposures: [Exposure(gateways: Self.eastWest)])))
    for (index, name) in ["east", "west", "vm"].enumerated() {
      change.gateways[name] = [Self.gateway("198.18.\(index).2")]
    }
    change.gateways["edge"] = [Self.gateway("198.19.0.2", role: "edge")]
    change.services["west"] = [Self.orders: Self.service()]
    change.services["east"] = [ServiceName(namespace: "shop", name: "web"): Self.service()]
    change.addresses = [Self.orders.host: "240.240.0.1", "web.shop.mesh": "240.240.0.2"]
    update(change)
  }

  static func gateway(
    _ address: String, role: String = "east-west", healthy: Bool = true
  ) -> ObservedGateway {
    ObservedGateway(
      nodeID: address, role: role, namespace: "gateways", serviceAccount: "g",
      labels: ["app": role], address: address, port: 15443, healthy: healthy)
  }

  static func service(
    healthy: Int = 1, labels: [String: String] = [:], variants: [ObservedVariant] = []
  ) -> ObservedService {
    ObservedService(
      ports: [ObservedPort(number: 80, name: "http", protocolName: "http")], labels: labels,
      serviceAccounts: ["a"], workloads: 4, healthyWorkloads: healthy, variants: variants)
  }

  mutating func update(_ change: CompilerChange) {
    let delta = compiler.update(change)
    for (cluster, difference) in delta.clusters {
      for item in difference.upserts {
        blueprints[cluster, default: [:]][item.item.key] = item.item
      }
      for key in difference.removals { blueprints[cluster]?[key] = nil }
    }
    for (subject, found) in delta.diagnostics { diagnostics[subject] = found.map(\.text) }
  }

  mutating func put(_ ref: ResourceRef, _ spec: ResourceSpec?) {
    update(CompilerChange(objects: [ref: spec.map { Resource(ref: ref, spec: $0) }]))
  }

  mutating func reachability(_ entries: [String: [String]]) {
    put(
      Self.organization.child(.organizationSetting, "s"),
      .organizationSetting(OrganizationSetting(networkReachability: entries)))
  }

  func peer(_ name: String, of cluster: String) -> PeerPlan? {
    guard case .peer(let plan)? = blueprints[cluster]?[.peer(name)] else { return nil }
    return plan
  }

  func orders(in cluster: String) -> ServicePlan? {
    guard
      case .service(let plan)? = blueprints[cluster]?[.service(namespace: "shop", name: "orders")]
    else { return nil }
    return plan
  }
}

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

  // MARK: From outside

  /// Adds gateways that serve a host in east and west, and one at the edge that forwards it.
  private static func served(_ destinations: [ClusterDestination] = []) -> Bridge {
    served(
      at: gateway("ingress", .service(Bridge.orders, port: nil)),
      from: gateway("edge", .clusters(destinations)))
  }

  private static func served(at sites: Gateway, from outside: Gateway) -> Bridge {
    var bridge = Bridge()
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    let group = Bridge.workspace.child(.gatewayGroup, "g")
    bridge.put(group, .group(Group(namespaceSelector: everywhere)))
    bridge.put(group.child(.gateway, "sites"), .gateway(sites))
    for (name, region, labels) in [
      ("east", "eu", ["tier": "gold"]), ("west", "us", ["tier": "gold"]), ("edge", "eu", [:]),
    ] {
      bridge.put(
        Bridge.organization.child(.cluster, name),
        .cluster(
          Cluster(network: "\(name)-net", trustDomain: "", region: region, labels: labels)))
    }
    for (name, address) in [("east", "198.18.0.2"), ("west", "198.18.1.2")] {
      // Not dialled from other clusters: it needs no address for that.
      let ingress = Bridge.gateway("", role: "ingress")
      bridge.update(CompilerChange(gateways: [name: [Bridge.gateway(address), ingress]]))
    }
    bridge.put(edge, .gateway(outside))
    return bridge
  }

  private static let edge = Bridge.workspace.child(.gatewayGroup, "g").child(.gateway, "edge")

  private static func gateway(_ role: String, _ action: HTTPServerAction) -> Gateway {
    Gateway(
      selector: WorkloadSelector(namespace: "gateways", labels: ["app": role]),
      http: [
        HTTPServer(
          name: "s", hostname: "a.example.com", port: 80, tls: .disabled,
          rules: [HTTPServerRule(matches: [], action: action)])
      ])
  }

  private func forwarded(_ bridge: Bridge, in cluster: String = "edge") -> [HostProvider] {
    guard case .gateway(let plan)? = bridge.blueprints[cluster]?[.gateway(Self.edge.fqn)],
      case .forward(let clusters, _, _)? = plan.servers.first?.rules.first?.action
    else { return [] }
    return clusters
  }

  @Test(
    arguments: [
      ([], ["east 1 0", "west 1 1"]), ([ClusterDestination(.name("west"))], ["west 1 0"]),
      (
        [
          ClusterDestination(.name("west"), weight: 20),
          ClusterDestination(.labels(["tier": "gold"]), weight: 80),
        ], ["east 80 0", "west 20 0"]
      ),
      ([ClusterDestination(.labels(["tier": "gold", "x": "y"]))], []),
      ([ClusterDestination(.name("east"), weight: 0)], []),
      ([ClusterDestination(.name("vm"))], []),
    ] as [([ClusterDestination], [String])])
  func `a host goes to the clusters that serve it`(
    destinations: [ClusterDestination], expected: [String]
  ) {
    let found = forwarded(Self.served(destinations))
    #expect(found.map { "\($0.cluster) \($0.weight) \($0.priority)" } == expected)
    #expect(found.allSatisfy { $0.identities == ["gateways/g"] && $0.healthy == 1 })
  }

  @Test func `what is served nowhere, and clusters that do not serve it, are said`() {
    var bridge = Self.served([ClusterDestination(.name("vm")), ClusterDestination(.name("mars"))])
    func found(_ text: String) -> Bool {
      bridge.diagnostics[Self.edge.fqn]?.contains { $0.contains(text) } ?? false
    }
    #expect(found("cluster vm does not serve a.example.com"))
    #expect(found("there is no cluster mars"))
    #expect(found("from cluster edge there is no way"))
    bridge.put(Self.edge, .gateway(Self.gateway("edge", .clusters([]))))
    #expect(!found("a"))
    bridge.reachability(["edge-net": []])
    #expect(found("from cluster edge there is no way"))
    bridge.update(CompilerChange(gateways: ["east": [], "west": []]))
    #expect(found("no other cluster serves a.example.com"))
    #expect(forwarded(bridge) == [])
  }

  @Test func `a service changes nothing at the edge`() {
    var bridge = Self.served()
    let before = bridge.blueprints["edge"]
    bridge.update(CompilerChange(services: ["west": [Bridge.orders: Bridge.service(healthy: 0)]]))
    #expect(bridge.compiler.computedUnits == 1)
    #expect(
      bridge.blueprints["edge"]?.filter { if case .service = $0.key { false } else { true } }
        == before?.filter { if case .service = $0.key { false } else { true } })
  }

  // MARK: Connections from outside

  private static let files = ServerTLS.simple(certificate: "/c", privateKey: "/k")
  private static let database = ServiceName(namespace: "shop", name: "db")

  private static func connection(
    _ entry: ConnectionEntry, port: Int, host: String = "a.example.com",
    to destination: ConnectionDestination
  ) -> ConnectionServer {
    ConnectionServer(
      name: "\(host):\(port)", hostname: host, port: port, entry: entry, destination: destination)
  }

  private static func gateway(_ role: String, _ servers: ConnectionServer...) -> Gateway {
    Gateway(
      selector: WorkloadSelector(namespace: "gateways", labels: ["app": role]), http: [],
      tls: servers.filter { $0.entry == .passthrough },
      tcp: servers.filter { $0.entry != .passthrough })
  }

  private func passed(_ bridge: Bridge) -> [String]? {
    guard case .gateway(let plan)? = bridge.blueprints["edge"]?[.gateway(Self.edge.fqn)],
      case .clusters(let clusters)? = plan.connections.first?.target
    else { return nil }
    return clusters.map { provider in
      "\(provider.cluster) \(provider.weight) \(provider.priority) \(provider.port ?? 0)"
    }
  }

  /// What the edge takes on port 443, and what the sites have for the same host.
  @Test(
    arguments: [
      // TLS goes to whatever takes TLS for the host: on the same port, or on a single other one.
      (.passthrough, [(.passthrough, 443)], 443), (.passthrough, [(.passthrough, 8443)], 8443),
      (.passthrough, [(.passthrough, 8443), (.terminated(files), 443)], 443),
      (.passthrough, [(.passthrough, 8443), (.passthrough, 9443)], nil),
      (.passthrough, [(.terminated(files), 443)], 443),
      (.passthrough, [(.terminated(.disabled), 443)], nil),
      // What is inside of TLS, or without, goes to what takes that.
      (.terminated(files), [(.terminated(files), 443)], 443),
      (.terminated(files), [(.terminated(.disabled), 5432)], 5432),
      (.terminated(.disabled), [(.terminated(.disabled), 443)], 443),
      (.terminated(.disabled), [(.passthrough, 443)], nil),
    ] as [(ConnectionEntry, [(ConnectionEntry, Int)], Int?)])
  func `connections go to the port that takes them`(
    entry: ConnectionEntry, sites: [(ConnectionEntry, Int)], port: Int?
  ) {
    var site = Self.gateway("ingress")
    for (entry, port) in sites {
      let server = Self.connection(entry, port: port, to: .service(Self.database, port: nil))
      if entry == .passthrough { site.tls.append(server) } else { site.tcp.append(server) }
    }
    let bridge = Self.served(
      at: site, from: Self.gateway("edge", Self.connection(entry, port: 443, to: .clusters([]))))
    #expect(passed(bridge) == (port.map { ["east 1 0 \($0)", "west 1 1 \($0)"] } ?? []))
    let isSaid =
      bridge.diagnostics[Self.edge.fqn]?.contains { text in
        text.contains("no other cluster serves a.example.com")
          && text.contains("connections are closed")
      } ?? false
    #expect(isSaid == (port == nil))
  }

  @Test func `TLS goes to sites that serve the host by HTTPS, requests do not go to connections`() {
    var https = Self.gateway("ingress", .service(Bridge.orders, port: nil))
    https.http[0].tls = Self.files
    https.http[0].port = 8443
    let edge = Self.gateway("edge", Self.connection(.passthrough, port: 443, to: .clusters([])))
    #expect(
      passed(Self.served(at: https, from: edge)) == ["east 1 0 8443", "west 1 1 8443"])
    let database = Self.connection(.passthrough, port: 443, to: .service(Self.database, port: nil))
    let requests = Self.served(
      at: Self.gateway("ingress", database), from: Self.gateway("edge", .clusters([])))
    #expect(forwarded(requests) == [])
  }

  @Test(
    arguments: [
      (
        [
          ClusterDestination(.name("west"), weight: 20),
          ClusterDestination(.labels(["tier": "gold"]), weight: 80),
        ], ["east 80 0 443", "west 20 0 443"]
      ),
      ([ClusterDestination(.name("west"))], ["west 1 0 443"]),
      ([ClusterDestination(.name("mars"))], []),
    ] as [([ClusterDestination], [String])])
  func `connections are shared out like requests`(
    destinations: [ClusterDestination], expected: [String]
  ) {
    let site = Self.connection(.passthrough, port: 443, to: .service(Self.database, port: nil))
    let bridge = Self.served(
      at: Self.gateway("ingress", site),
      from: Self.gateway(
        "edge", Self.connection(.passthrough, port: 443, to: .clusters(destinations))))
    #expect(passed(bridge) == expected)
  }

  @Test func `what an older kind of gateway says is said where it is written`() {
    var bridge = Self.served()
    let place = Bridge.workspace.child(.gatewayGroup, "g").child(.tier1Gateway, "old")
    let lost = [ClusterDestination(.name("mars"))]
    var gateway = Self.gateway(
      "edge", Self.connection(.passthrough, port: 443, host: "b.example.com", to: .clusters(lost)),
      Self.connection(.terminated(.disabled), port: 5432, to: .clusters(lost)))
    gateway.http = Self.gateway("edge", .clusters(lost)).http
    gateway.http[0].port = 81
    bridge.put(place, .gateway(gateway))
    for list in ["externalServers", "passthroughServers", "tcpExternalServers"] {
      #expect(
        bridge.diagnostics[place.fqn]?.contains {
          $0.contains("spec.\(list)[0].clusters[0].name: there is no cluster mars")
        } == true, "\(list): \(bridge.diagnostics[place.fqn] ?? [])")
    }
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
