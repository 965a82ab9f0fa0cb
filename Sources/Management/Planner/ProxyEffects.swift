import Blueprints
import Compiler
import Documents
import EnvoyConfig
import Model

/// What a difference of a cluster's blueprint changes for its proxies, by the translation that its
/// agent makes. The server knows no endpoints and no explicit listeners, which a change of intent
/// does not touch.
struct ProxyEffects {
  private let cluster: String
  private let before: IncrementalCompiler
  private let difference: CompilationDelta.Difference
  /// What the cluster has, looked up when a proxy is there that it matters to.
  private var items: [ItemKey: BlueprintItem] = [:]
  private let changed: [ItemKey: BlueprintItem?]

  /// How many services are translated for all proxies of a cluster, where more than services change.
  private static let mostServices = 1_000

  init(
    cluster: String, before: IncrementalCompiler, after: IncrementalCompiler,
    _ difference: CompilationDelta.Difference
  ) {
    self.cluster = cluster
    self.before = before
    self.difference = difference
    var changed: [ItemKey: BlueprintItem?] = [:]
    for item in difference.upserts { changed.updateValue(item.item, forKey: item.item.key) }
    for key in difference.removals { changed.updateValue(nil, forKey: key) }
    self.changed = changed
  }

  mutating func groups(
    _ proxies: [PlannedProxy]
  ) -> (groups: [MeshPlan.Group], leftOut: String?) {
    guard !proxies.isEmpty else { return ([], nil) }
    items = Dictionary(
      before.items(in: cluster).map { ($0.item.key, $0.item) },
      uniquingKeysWith: { first, _ in first })
    let isNarrow = changed.keys.allSatisfy(\.isService)
    let services = items.keys.count(where: \.isService)
    guard isNarrow || services <= Self.mostServices else {
      return ([], "more than the routes of services changes among \(services) services")
    }
    let scope = isNarrow ? narrowScope : items
    let byProfile = Dictionary(grouping: proxies, by: profile)
    var translator = SiteTranslator()
    _ = translator.update(
      SiteChange(
        items: scope.mapValues { $0 }, gateways: gateways, addedProfiles: Array(byProfile.keys)))
    let old = translator
    let changes = translator.update(SiteChange(items: changed))
    var groups: [[MeshPlan.Resource]: [String]] = [:]
    for (profile, change) in changes {
      let known = Dictionary(
        old.resources(for: profile).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
      let resources = resources(of: change, known).filter {
        !isNarrow || profile.role != .sidecar || $0.type != EnvoyResourceType.listener.word
          || changesPorts
      }
      guard !resources.isEmpty else { continue }
      groups[resources, default: []] += (byProfile[profile] ?? []).map(\.nodeID)
    }
    let sorted = groups.map { MeshPlan.Group(nodeIDs: $1.sorted(), resources: $0) }.sorted {
      ($1.nodeIDs.count, $0.nodeIDs[0]) < ($0.nodeIDs.count, $1.nodeIDs[0])
    }
    return (sorted, nil)
  }

  private func resources(
    of change: ViewChange, _ known: [EnvoyResourceName: EnvoyResource]
  ) -> [MeshPlan.Resource] {
    let upserts = change.upserts.compactMap { after -> MeshPlan.Resource? in
      let old = known[after.name]
      guard old?.version != after.version else { return nil }
      return MeshPlan.Resource(
        type: after.name.type.word, name: after.name.name, before: old?.document,
        after: after.document)
    }
    let removals = change.removals.map { name in
      MeshPlan.Resource(
        type: name.type.word, name: name.name, before: known[name]?.document, after: nil)
    }
    return upserts + removals
  }

  /// The changed services and those that have to do with them, beside everything else.
  private var narrowScope: [ItemKey: BlueprintItem] {
    var wanted = Set(changed.keys)
    let touched = Set(changed.keys.compactMap(\.service))
    for key in changed.keys {
      let mentioned = [items[key], changed[key] ?? nil].compactMap { $0 }
        .reduce(into: Set<ServiceKey>()) { $0.formUnion($1.mentionedServices) }
      wanted.formUnion(mentioned.map { .service(namespace: $0.namespace, name: $0.name) })
    }
    for (key, item) in items where key.isService || key.isGateway {
      if !item.mentionedServices.isDisjoint(with: touched) { wanted.insert(key) }
    }
    return items.filter { !$0.key.isService || wanted.contains($0.key) }
  }

  /// Whether the listener for captured calls differs: it depends on the ports of all services.
  private var changesPorts: Bool {
    func ports(_ item: BlueprintItem?) -> [PlannedPort] {
      if case .service(let plan)? = item { plan.ports } else { [] }
    }
    let old = changed.keys.flatMap { ports(items[$0]) }
    let new = changed.values.flatMap { ports($0) }
    if (old + new).contains(where: { !$0.protocolName.isHTTP }) { return true }
    let others = Set(
      items.filter { changed[$0.key] == nil }.values.flatMap(ports).map(\.number))
    return !Set((old + new).map(\.number)).isSubset(of: others) && old != new
  }

  // MARK: What the server knows of proxies

  private func profile(of proxy: PlannedProxy) -> ProxyProfile {
    let role = ProxyRole(rawValue: proxy.role) ?? .sidecar
    let observed =
      role == .sidecar
      ? before.observed(
        ServiceName(namespace: proxy.namespace, name: proxy.service), in: cluster) : nil
    let key = ItemKey.workloads(namespace: proxy.namespace, service: proxy.service)
    let plans = [items[key], changed[key] ?? nil].compactMap { item -> WorkloadsPlan? in
      if case .workloads(let plan)? = item, role == .sidecar { plan } else { nil }
    }
    let distinguishing = plans.reduce(into: Set()) { $0.formUnion($1.distinguishingLabels) }
    return ProxyProfile(
      role: role, namespace: proxy.namespace, serviceAccount: proxy.serviceAccount,
      service: plans.first?.service,
      labels: role == .sidecar
        ? proxy.labels.filter { distinguishing.contains($0.key) } : proxy.labels,
      ports: (observed?.ports ?? []).sorted { $0.number < $1.number }.map { port in
        InboundPort(
          number: port.number, name: port.name, protocolName: port.protocolName,
          applicationPort: port.number)
      }, capture: role == .sidecar ? .redirect : .bind(address: "0.0.0.0"))
  }

  private var gateways: [LocalGateway] {
    before.observedGateways(in: cluster).map { gateway in
      LocalGateway(
        role: ProxyRole(rawValue: gateway.role) ?? .ingress, namespace: gateway.namespace,
        labels: gateway.labels, address: gateway.address, healthy: gateway.healthy)
    }.sorted { $0.address < $1.address }
  }
}

extension ItemKey {
  fileprivate var isService: Bool { service != nil }

  fileprivate var service: ServiceKey? {
    if case .service(let namespace, let name) = self {
      ServiceKey(namespace: namespace, name: name)
    } else {
      nil
    }
  }

  fileprivate var isGateway: Bool { if case .gateway = self { true } else { false } }
}
