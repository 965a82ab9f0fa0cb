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
  private let changed: [ItemKey: BlueprintItem?]

  /// How many services are translated for all proxies of a cluster, where more than services change.
  private static let mostServices = 1_000

  init(
    cluster: String, before: IncrementalCompiler, _ difference: CompilationDelta.Difference
  ) {
    self.cluster = cluster
    self.before = before
    self.difference = difference
    var changed: [ItemKey: BlueprintItem?] = [:]
    for item in difference.upserts { changed.updateValue(item.item, forKey: item.item.key) }
    for key in difference.removals { changed.updateValue(nil, forKey: key) }
    self.changed = changed
  }

  func groups(_ proxies: [PlannedProxy]) -> (groups: [MeshPlan.Group], leftOut: String?) {
    guard !proxies.isEmpty else { return ([], nil) }
    // The listener for captured calls is made of the ports of all services.
    let isNarrow = changed.keys.allSatisfy(\.isService) && !changesPorts
    let scope: [ItemKey: BlueprintItem]
    var concerned = proxies
    if isNarrow {
      let services = relatedServices
      concerned = proxies.filter { isConcerned($0, by: services) }
      guard !concerned.isEmpty else { return ([], nil) }
      scope = narrowScope(services, for: concerned)
    } else {
      scope = Dictionary(
        before.items(in: cluster).map { ($0.item.key, $0.item) },
        uniquingKeysWith: { first, _ in first })
      let services = scope.keys.count(where: \.isService)
      guard services <= Self.mostServices else {
        return ([], "more than the routes of services changes among \(services) services")
      }
    }
    let byProfile = Dictionary(grouping: concerned) { profile(of: $0, isNarrow: isNarrow) }
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

  // MARK: What a change of services alone has to do with

  private func item(_ key: ItemKey) -> BlueprintItem? { before.item(key, in: cluster)?.item }

  /// The changed services, those that they send requests to, and those that send requests to them.
  private var relatedServices: Set<ItemKey> {
    var related = Set(changed.keys)
    for (key, after) in changed {
      for item in [item(key), after].compactMap({ $0 }) {
        for service in item.mentionedServices {
          related.insert(.service(namespace: service.namespace, name: service.name))
        }
      }
      if let service = key.service {
        related.formUnion(
          before.keys(sendingTo: ServiceName(namespace: service.namespace, name: service.name)))
      }
    }
    return related.filter(\.isService)
  }

  /// Whether a proxy is told anything of these services. What comes in at a workload does not depend
  /// on services; gateways may send requests to any.
  private func isConcerned(_ proxy: PlannedProxy, by services: Set<ItemKey>) -> Bool {
    guard proxy.role == ProxyRole.sidecar.rawValue else { return true }
    guard case .namespace(let plan)? = item(.namespace(proxy.namespace)) else { return false }
    var reach = plan.reach
    if case .workloads(let own)? = item(
      .workloads(namespace: proxy.namespace, service: proxy.service))
    {
      reach = own.reach ?? reach
    }
    switch reach {
    case .everything: return true
    case .only(let targets):
      return services.contains { key in
        key.service.map { service in
          targets.contains { $0.includes(namespace: service.namespace, service: service.name) }
        } ?? false
      }
    }
  }

  /// Those services beside what is no service, as far as the proxies are concerned.
  private func narrowScope(
    _ services: Set<ItemKey>, for proxies: [PlannedProxy]
  ) -> [ItemKey: BlueprintItem] {
    let namespaces = Set(proxies.map(\.namespace) + services.compactMap { $0.service?.namespace })
    var scope: [ItemKey: BlueprintItem] = [:]
    for sourced in before.itemsBesideServices(in: cluster) {
      if case .namespace(let namespace) = sourced.item.key, !namespaces.contains(namespace) {
        continue
      }
      scope[sourced.item.key] = sourced.item
    }
    for key in services { scope[key] = item(key) }
    // What a gateway or one of the services sends requests to must be there, or it would seem not to
    // exist.
    for service in scope.values.flatMap(\.mentionedServices) {
      let key = ItemKey.service(namespace: service.namespace, name: service.name)
      if scope[key] == nil { scope[key] = item(key) }
    }
    return scope
  }

  /// Whether the listener for captured calls differs: it depends on the ports of all services.
  private var changesPorts: Bool {
    func ports(_ item: BlueprintItem?) -> [PlannedPort] {
      if case .service(let plan)? = item { plan.ports } else { [] }
    }
    let old = changed.keys.flatMap { ports(item($0)) }
    let new = changed.values.flatMap { ports($0) }
    if (old + new).contains(where: { !$0.protocolName.isHTTP }) { return true }
    // Only now are the others looked at: that ports change is rare.
    guard old != new else { return false }
    let others = Set(
      before.items(in: cluster).filter { changed[$0.item.key] == nil }.flatMap { ports($0.item) }
        .map(\.number))
    return !Set((old + new).map(\.number)).isSubset(of: others)
  }

  // MARK: What the server knows of proxies

  /// - Parameter isNarrow: what comes in at a workload does not change, and is left out.
  private func profile(of proxy: PlannedProxy, isNarrow: Bool) -> ProxyProfile {
    let role = ProxyRole(rawValue: proxy.role) ?? .sidecar
    let observed =
      role == .sidecar && !isNarrow
      ? before.observed(
        ServiceName(namespace: proxy.namespace, name: proxy.service), in: cluster) : nil
    let key = ItemKey.workloads(namespace: proxy.namespace, service: proxy.service)
    let plans = [item(key), changed[key] ?? nil].compactMap { item -> WorkloadsPlan? in
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
