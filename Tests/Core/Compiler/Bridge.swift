import Blueprints
import Compiler
import Documents
import Model
import Testing

/// Three sites and an edge, as a compiler that changes are given to.
struct Bridge {
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
