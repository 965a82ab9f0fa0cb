import Compiler
import Model
import TestSupport

/// Random intents and inventories over few names, so that everything meets everything.
struct RandomMesh {
  var random: SplitMix64
  private var revision: Int64 = 0

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  static let organization = ResourceRef(.organization, ["acme"])
  static let clusters = ["east", "west", "north"]
  static let namespaces = ["shop", "shipping", "bank"]
  static let services = ["orders", "cart"]
  static let hosts = ["*", "a.example.com"]
  static let domains = ["cards", "cash"].map { SecurityDomain(organization: "acme", name: $0) }
  static let eastWest = WorkloadSelector(namespace: "shop", labels: ["a": "1"])

  private static let tree: Set<Kind> = [
    .cluster, .tenant, .workspace, .trafficGroup, .securityGroup, .gatewayGroup,
  ]

  fileprivate mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
  }

  fileprivate mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &random) < percent
  }

  /// One to `count` inputs that change.
  mutating func change(_ count: Int = 4) -> CompilerChange {
    var change = CompilerChange()
    for _ in 0..<Int.random(in: 1...count, using: &random) {
      switch Int.random(in: 0..<15, using: &random) {
      case 12, 13: change.gateways[pick(Self.clusters)] = proxies()
      case 14: change.ports[pick(Self.clusters)] = chance(85) ? .some(pick([1, 2])) : .some(nil)
      case 0:
        let cluster = pick(Self.clusters)
        change.authorities[cluster] = chance(70) ? [[1, pick([2, 3])]] : []
        change.withdrawals[cluster] = change.authorities[cluster] == [] ? 1 : 0
      case 1:
        change.addresses[name().host] =
          chance(80) ? .some("240.240.0.\(pick([1, 2, 3]))") : .some(nil)
      case 2, 3, 4, 5:
        change.services[pick(Self.clusters), default: [:]][name()] =
          chance(75) ? .some(service()) : .some(nil)
      default:
        let object = object()
        // Without the tree nothing below it matters: it goes less often than the rest.
        let stays = Self.tree.contains(object.ref.kind) ? 95 : 75
        change.objects[object.ref] = chance(stays) ? .some(object) : .some(nil)
      }
    }
    return change
  }

  /// A tree that owns everything: what changes it then mostly matters.
  static var base: CompilerChange {
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    let workspace = organization.child(.tenant, "t1").child(.workspace, "w1")
    var change = CompilerChange()
    func put(_ ref: ResourceRef, _ spec: ResourceSpec) {
      change.objects[ref] = Resource(ref: ref, spec: spec)
    }
    put(organization, .organization)
    put(organization.child(.tenant, "t1"), .tenant)
    put(workspace, .workspace(Workspace(namespaceSelector: everywhere)))
    for kind in [Kind.trafficGroup, .securityGroup, .gatewayGroup] {
      put(workspace.child(kind, "g1"), .group(Group(namespaceSelector: everywhere)))
    }
    for cluster in clusters {
      put(
        organization.child(.cluster, cluster), .cluster(Cluster(network: "n1", trustDomain: "")))
    }
    put(
      workspace.child(.workspaceSetting, "a"),
      .workspaceSetting(WorkspaceSetting(exposures: [Exposure(gateways: eastWest)])))
    let orders = ServiceName(namespace: "shop", name: "orders")
    let gateways = workspace.child(.gatewayGroup, "g1")
    put(
      gateways.child(.gateway, "front"), .gateway(gateway(eastWest, .service(orders, port: 8080))))
    let bank = WorkloadSelector(namespace: "bank", labels: ["a": "1"])
    put(gateways.child(.gateway, "away"), .gateway(gateway(bank, .clusters([]))))
    for cluster in clusters {
      change.ports[cluster] = 15500
      change.gateways[cluster] = [proxy(role: "east-west", namespace: "shop")]
    }
    for (index, namespace) in namespaces.enumerated() {
      for (number, service) in services.enumerated() {
        let name = ServiceName(namespace: namespace, name: service)
        change.addresses[name.host] = "240.240.1.\(index * 10 + number)"
      }
    }
    return change
  }

  private mutating func name() -> ServiceName {
    ServiceName(namespace: pick(Self.namespaces), name: pick(Self.services))
  }

  private mutating func service() -> ObservedService {
    let ports = [
      ObservedPort(number: 8080, name: "http", protocolName: pick(["http", "tcp"])),
      ObservedPort(number: 9090, name: "grpc", protocolName: "grpc"),
    ]
    return ObservedService(
      ports: Array(ports.prefix(pick([0, 1, 2]))), labels: pick([[:], ["exposed": "yes"]]),
      serviceAccounts: [pick(["a", "b"])], workloads: 1, healthyWorkloads: pick([0, 1]),
      variants: chance(50)
        ? [] : [ObservedVariant(labels: ["v": "1"], healthyWorkloads: pick([0, 1]))])
  }

  private mutating func selector() -> NamespaceSelector {
    NamespaceSelector(
      terms: (0..<pick([1, 2])).map { _ in
        NamespaceSelector.Term(
          cluster: chance(60) ? nil : pick(Self.clusters),
          namespace: pick(Self.namespaces + ["sh*", "*"]))
      })
  }

  private mutating func object() -> Resource {
    revision += 1
    let tenant = Self.organization.child(.tenant, pick(["t1", "t1", "t2"]))
    let workspace = tenant.child(.workspace, pick(["w1", "w1", "w2"]))
    let traffic = workspace.child(.trafficGroup, pick(["g1", "g1", "g2"]))
    let security = workspace.child(.securityGroup, pick(["g1", "g1", "g2"]))
    let gateways = workspace.child(.gatewayGroup, pick(["g1", "g1", "g2"]))
    let name = pick(["a", "b"])
    let (ref, spec): (ResourceRef, ResourceSpec)
    switch Int.random(in: 0..<23, using: &random) {
    case 20, 21:
      ref = security.child(.serviceSecuritySetting, name)
      spec = .serviceSecuritySetting(serviceSecurity(of: workspace, security))
    case 22:
      ref = traffic.child(.serviceTrafficSetting, name)
      spec = .serviceTrafficSetting(
        ServiceTrafficSetting(service: self.name(), setting: setting()))
    case 15, 16:
      ref = tenant.child(.tenantSetting, name)
      spec = .tenantSetting(defaults(of: workspace, security))
    case 17, 18:
      ref = pick([
        Self.organization.child(.organizationProfile, name), tenant.child(.tenantProfile, name),
      ])
      spec = .profile(profile(of: workspace, security))
    case 19:
      (ref, spec) = (Self.organization, .organization)
    case 12:
      ref = Self.organization.child(.organizationSetting, name)
      spec = .organizationSetting(organizationSetting())
    case 13, 14:
      ref = workspace.child(.workspaceSetting, name)
      spec = .workspaceSetting(workspaceSetting())
    case 0:
      ref = Self.organization.child(.cluster, pick(Self.clusters))
      spec = .cluster(
        Cluster(
          network: pick(["n1", "n2", "n3", ""]), trustDomain: pick(["", "", "", "shared.mesh"]),
          region: pick([nil, "eu", "us"]), labels: pick([[:], ["tier": "gold"]])))
    case 1: (ref, spec) = (tenant, .tenant)
    case 2: (ref, spec) = (workspace, .workspace(Workspace(namespaceSelector: selector())))
    case 3: (ref, spec) = (traffic, .group(Group(namespaceSelector: selector())))
    case 4: (ref, spec) = (security, .group(Group(namespaceSelector: selector())))
    case 5: (ref, spec) = (gateways, .group(Group(namespaceSelector: selector())))
    case 6: (ref, spec) = (traffic.child(.trafficSetting, name), .trafficSetting(setting()))
    case 7, 8: (ref, spec) = (traffic.child(.serviceRoute, name), .serviceRoute(route()))
    case 9, 10:
      ref = security.child(.securitySetting, name)
      spec = .securitySetting(policy(of: workspace, security))
    default: (ref, spec) = (gateways.child(.gateway, name), .gateway(gateway()))
    }
    let attached = [
      Self.organization.child(.organizationProfile, "a"), tenant.child(.tenantProfile, "b"),
    ]
    let isHolder = [.organization, .tenant, .workspace].contains(ref.kind) || ref.kind.isGroup
    return Resource(
      ref: ref, spec: spec, profiles: isHolder ? pick([[], [], attached, [attached[1]]]) : [],
      securityDomain: [.tenant, .workspace, .securityGroup].contains(ref.kind) && chance(40)
        ? pick(Self.domains) : nil,
      revision: Revision(revision), created: Revision(pick([1, 2])))
  }

  private mutating func defaults(
    of workspace: ResourceRef, _ group: ResourceRef
  ) -> DefaultSettings {
    var security = policy(of: workspace, group)
    security.propagation = pick([.replace, .stricter])
    return DefaultSettings(
      security: chance(70) ? security : nil, traffic: chance(70) ? setting() : nil)
  }

  private mutating func profile(of workspace: ResourceRef, _ group: ResourceRef) -> Profile {
    func part(_ mesh: inout RandomMesh) -> Profile.Part {
      var values = mesh.setting().values
      values[.trafficMode] = mesh.pick([nil, .trafficMode(.required), .trafficMode(.optional)])
      return Profile.Part(
        values: values, unset: mesh.chance(20) ? [mesh.pick([.reachability, .failover])] : [])
    }
    return Profile(
      defaults: part(&self), mandates: chance(30) ? part(&self) : Profile.Part())
  }

  private mutating func setting() -> TrafficSetting {
    let reachability: [Reachability?] = [
      nil, .namespace, .group, .workspace, .cluster,
      .custom(hosts: [ReachHost(namespace: ".", service: nil)]),
    ]
    let failover = FailoverSettings(topologyChoice: pick([TopologyChoice.none, .locality]))
    return TrafficSetting(
      reachability: pick(reachability),
      upstreams: chance(50)
        ? nil : [UpstreamSetting(hosts: ["*"], requestTimeout: .seconds(pick([1, 2])))],
      failover: chance(80) ? nil : failover)
  }

  private mutating func route() -> ServiceRoute {
    let subsets = (0..<pick([0, 1, 2])).map { index in
      Subset(name: "v\(index)", labels: ["v": "\(index)"], weight: [nil, 50, 0, 10][index + 1])
    }
    let destinations = (0..<pick([1, 2])).map { _ in
      RouteDestination(
        service: chance(60) ? nil : name(), port: chance(80) ? nil : pick([8080, 1]),
        subset: chance(70) ? nil : pick(["v0", "v1"]), weight: pick([0, 50, 100]))
    }
    return ServiceRoute(
      service: name(), subsets: subsets,
      routes: chance(40)
        ? []
        : [
          HTTPRoute(name: "r", matches: [HTTPMatch(uri: .prefix("/a"))], destinations: destinations)
        ])
  }

  private mutating func policy(
    of workspace: ResourceRef, _ group: ResourceRef
  ) -> SecuritySetting {
    let other = Self.organization.child(.tenant, pick(["t1", "t2"]))
    let parts = [other, other.child(.workspace, pick(["w1", "gone"])), Self.organization]
    let rule = AccessRule(
      from: pick(parts.map(AccessParty.part) + [.domain(pick(Self.domains))]),
      to: pick([.part(workspace), .part(group), .domain(pick(Self.domains))]))
    let modes: [AuthorizationMode?] = [
      nil, .disabled, .cluster, .workspace, .group, .namespace,
      .custom(serviceAccounts: [ServiceAccountPattern(namespace: ".", account: "a")]),
      .rules(AccessRules(allow: [rule], deny: chance(50) ? [] : [rule], denyAll: chance(20))),
    ]
    return SecuritySetting(
      trafficMode: pick([nil, .optional, .required]), authorization: pick(modes))
  }

  private mutating func serviceSecurity(
    of workspace: ResourceRef, _ group: ResourceRef
  ) -> ServiceSecuritySetting {
    ServiceSecuritySetting(
      service: name(), setting: policy(of: workspace, group),
      subsets: pick([[], ["v0"], ["v1", "v0"]]).map { subset in
        SubsetSecuritySetting(name: subset, setting: policy(of: workspace, group))
      })
  }

  private mutating func gateway() -> Gateway {
    let rule = HTTPServerRule(
      matches: [],
      action: chance(60)
        ? .service(name(), port: pick([nil, 8080, 9090])) : .clusters(destinations()))
    return Gateway(
      selector: WorkloadSelector(
        namespace: pick(Self.namespaces), labels: ["a": pick(["1", "2"])]),
      http: [
        HTTPServer(
          name: "s", hostname: pick(Self.hosts), port: 80, tls: .disabled,
          rules: [rule])
      ], tls: chance(40) ? [connection(.passthrough)] : [],
      tcp: chance(40) ? [connection(.terminated(.disabled))] : [])
  }

  private mutating func connection(_ entry: ConnectionEntry) -> ConnectionServer {
    ConnectionServer(
      name: "c", hostname: pick(Self.hosts), port: pick([80, 443, 5432]), entry: entry,
      destination: connectionDestination())
  }

  private mutating func connectionDestination() -> ConnectionDestination {
    if chance(30) { return .clusters(destinations()) }
    return chance(80)
      ? .service(name(), port: pick([nil, 8080])) : .unserved(reason: "it is for TRANSIT")
  }
}

// MARK: Between clusters

extension RandomMesh {
  static func proxy(
    _ node: String = "g", role: String, namespace: String, label: String = "1",
    address: String = "198.18.0.1", healthy: Bool = true
  ) -> ObservedGateway {
    ObservedGateway(
      nodeID: node, role: role, namespace: namespace, serviceAccount: "gateway",
      labels: ["a": label], address: address, port: 15443, healthy: healthy)
  }

  private mutating func proxies() -> [ObservedGateway] {
    (0..<pick([0, 1, 1, 2])).map { index in
      Self.proxy(
        "g\(index)", role: pick(["east-west", "east-west", "ingress", "edge"]),
        namespace: pick(["shop", "shop", "bank"]), label: pick(["1", "2"]),
        address: pick(["198.18.0.1", "198.18.0.1", "198.18.0.2", "nowhere"]), healthy: chance(70))
    }
  }

  private mutating func organizationSetting() -> OrganizationSetting {
    let networks = ["n1", "n2", "n3"]
    var reachability: [String: [String]] = [:]
    for _ in 0..<pick([0, 0, 1, 2]) {
      reachability[pick(networks)] = chance(30) ? [] : [pick(networks + ["mars"])]
    }
    let choice = pick([nil, TopologyChoice.none, .cluster, .locality])
    return OrganizationSetting(
      networkReachability: reachability,
      failover: choice.map { FailoverSettings(topologyChoice: $0) },
      defaults: defaults(
        of: Self.organization.child(.tenant, "t1").child(.workspace, "w1"), Self.organization))
  }

  private mutating func workspaceSetting() -> WorkspaceSetting {
    let exposures = (0..<pick([0, 1, 1, 2])).map { _ in
      Exposure(
        gateways: WorkloadSelector(
          namespace: pick(["shop", "bank"]), labels: ["a": pick(["1", "2"])]),
        services: pick([[], [["exposed": "yes"]]]))
    }
    let choice = pick([nil, nil, TopologyChoice.none, .locality])
    let workspace = Self.organization.child(.tenant, "t1").child(.workspace, "w1")
    return WorkspaceSetting(
      exposures: exposures, failover: choice.map { FailoverSettings(topologyChoice: $0) },
      defaults: defaults(of: workspace, workspace.child(.securityGroup, "g1")))
  }

  private static func gateway(
    _ selector: WorkloadSelector, _ action: HTTPServerAction
  ) -> Gateway {
    Gateway(
      selector: selector,
      http: [
        HTTPServer(
          name: "s", hostname: "a.example.com", port: 80, tls: .disabled,
          rules: [HTTPServerRule(matches: [], action: action)])
      ])
  }

  private mutating func destinations() -> [ClusterDestination] {
    (0..<pick([0, 0, 1, 2])).map { _ in
      ClusterDestination(
        chance(70) ? .name(pick(Self.clusters + ["mars"])) : .labels(["tier": "gold"]),
        weight: pick([nil, 0, 10]))
    }
  }
}

/// The inputs that a sequence of changes leads to.
struct Inputs {
  var intent = Intent()
  var inventory = Inventory()

  mutating func apply(_ change: CompilerChange) {
    for (ref, object) in change.objects { intent.resources[ref] = object }
    for (cluster, services) in change.services {
      for (name, service) in services {
        inventory.clusters[cluster, default: ClusterInventory()].services[name] = service
      }
    }
    for (cluster, certificates) in change.authorities {
      inventory.clusters[cluster, default: ClusterInventory()].authorities = certificates
    }
    for (cluster, count) in change.withdrawals { inventory.withdrawals[cluster] = count }
    for (host, address) in change.addresses { inventory.addresses[host] = address }
    for (cluster, gateways) in change.gateways {
      inventory.clusters[cluster, default: ClusterInventory()].gateways = gateways
    }
    for (cluster, port) in change.ports { inventory.ports[cluster] = port }
  }
}
