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

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
  }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &random) < percent
  }

  /// One to `count` inputs that change.
  mutating func change(_ count: Int = 4) -> CompilerChange {
    var change = CompilerChange()
    for _ in 0..<Int.random(in: 1...count, using: &random) {
      switch Int.random(in: 0..<12, using: &random) {
      case 0: change.authorities[pick(Self.clusters)] = chance(70) ? [[1, pick([2, 3])]] : []
      case 1:
        change.addresses[name().host] =
          chance(80) ? .some("240.240.0.\(pick([1, 2, 3]))") : .some(nil)
      case 2, 3, 4, 5:
        change.services[pick(Self.clusters), default: [:]][name()] =
          chance(75) ? .some(service()) : .some(nil)
      default:
        let object = object()
        change.objects[object.ref] = chance(75) ? .some(object) : .some(nil)
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
      ports: Array(ports.prefix(pick([1, 2]))), serviceAccounts: [pick(["a", "b"])], workloads: 1,
      healthyWorkloads: pick([0, 1]))
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
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      ref = Self.organization.child(.cluster, pick(Self.clusters))
      spec = .cluster(
        Cluster(network: pick(["n1", "n2"]), trustDomain: pick(["", "", "", "shared.mesh"])))
    case 1: (ref, spec) = (tenant, .tenant)
    case 2: (ref, spec) = (workspace, .workspace(Workspace(namespaceSelector: selector())))
    case 3: (ref, spec) = (traffic, .group(Group(namespaceSelector: selector())))
    case 4: (ref, spec) = (security, .group(Group(namespaceSelector: selector())))
    case 5: (ref, spec) = (gateways, .group(Group(namespaceSelector: selector())))
    case 6: (ref, spec) = (traffic.child(.trafficSetting, name), .trafficSetting(setting()))
    case 7: (ref, spec) = (traffic.child(.serviceRoute, name), .serviceRoute(route()))
    case 8:
      ref = security.child(.securitySetting, name)
      spec = .securitySetting(policy(of: workspace, security))
    default: (ref, spec) = (gateways.child(.gateway, name), .gateway(gateway()))
    }
    return Resource(
      ref: ref, spec: spec, revision: Revision(revision), created: Revision(pick([1, 2])))
  }

  private mutating func setting() -> TrafficSetting {
    let reachability: [Reachability?] = [
      nil, .namespace, .group, .workspace, .cluster,
      .custom(hosts: [ReachHost(namespace: ".", service: nil)]),
    ]
    return TrafficSetting(
      reachability: pick(reachability),
      upstreams: chance(50)
        ? [] : [UpstreamSetting(hosts: ["*"], requestTimeout: .seconds(pick([1, 2])))])
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
    let rule = AccessRule(
      from: pick([other, other.child(.workspace, "w1"), Self.organization]),
      to: pick([workspace, group]))
    let modes: [AuthorizationMode?] = [
      nil, .disabled, .cluster, .workspace, .group, .namespace,
      .custom(serviceAccounts: [ServiceAccountPattern(namespace: ".", account: "a")]),
      .rules(AccessRules(allow: [rule], deny: chance(50) ? [] : [rule], denyAll: chance(20))),
    ]
    return SecuritySetting(
      trafficMode: pick([nil, .optional, .required]), authorization: pick(modes))
  }

  private mutating func gateway() -> Gateway {
    let rule = HTTPServerRule(
      matches: [], action: .service(name(), port: pick([nil, 8080, 9090])))
    return Gateway(
      selector: WorkloadSelector(
        namespace: pick(Self.namespaces), labels: ["a": pick(["1", "2"])]),
      http: [
        HTTPServer(
          name: "s", hostname: pick(["*", "a.example.com"]), port: 80, tls: .disabled,
          rules: [rule])
      ])
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
    for (host, address) in change.addresses { inventory.addresses[host] = address }
  }
}
