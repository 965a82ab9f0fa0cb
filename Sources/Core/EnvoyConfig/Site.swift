import Blueprints

/// What a translation starts from: the items of one cluster, by what they are, and its endpoints.
struct Site: Sendable {
  private(set) var plan: SitePlan?
  private(set) var services: [ServiceKey: ServicePlan] = [:]
  private(set) var namespaces: [String: NamespacePlan] = [:]
  private(set) var workloads: [ServiceKey: WorkloadsPlan] = [:]
  /// By FQN.
  private(set) var gateways: [String: GatewayPlan] = [:]
  private(set) var trust: TrustPlan?
  /// Of each trust domain alone, by its name: most services are provided by one.
  private var bundles: [String: TrustBundle] = [:]
  /// By the name of the other cluster.
  private(set) var peers: [String: PeerPlan] = [:]
  var endpoints: [ServiceKey: [LocalEndpoint]] = [:]
  /// The proxies of this cluster that are gateways.
  var localGateways: [LocalGateway] = []

  init() {}

  init(
    items: [ItemKey: BlueprintItem], endpoints: [ServiceKey: [LocalEndpoint]],
    gateways: [LocalGateway]
  ) {
    self.endpoints = endpoints
    localGateways = gateways
    for (key, item) in items { set(item, for: key) }
  }

  mutating func set(_ item: BlueprintItem?, for key: ItemKey) {
    switch key {
    case .site:
      if case .site(let plan) = item { self.plan = plan } else { plan = nil }
    case .trust:
      if case .trust(let plan) = item { trust = plan } else { trust = nil }
      bundles = [:]
      for domain in (trust?.bundles ?? [:]).keys {
        bundles[domain] = TrustBundle(of: [domain], in: trust)
      }
    case .namespace(let name):
      if case .namespace(let plan) = item {
        namespaces[name] = plan
      } else {
        namespaces[name] = nil
      }
    case .workloads(let namespace, let name):
      let service = ServiceKey(namespace: namespace, name: name)
      if case .workloads(let plan) = item {
        workloads[service] = plan
      } else {
        workloads[service] = nil
      }
    case .service(let namespace, let name):
      let service = ServiceKey(namespace: namespace, name: name)
      if case .service(let plan) = item {
        services[service] = plan
      } else {
        services[service] = nil
      }
    case .gateway(let fqn):
      if case .gateway(let plan) = item { gateways[fqn] = plan } else { gateways[fqn] = nil }
    case .peer(let cluster):
      if case .peer(let plan) = item { peers[cluster] = plan } else { peers[cluster] = nil }
    }
  }

  func item(_ key: ItemKey) -> BlueprintItem? {
    switch key {
    case .site: plan.map(BlueprintItem.site)
    case .trust: trust.map(BlueprintItem.trust)
    case .namespace(let name): namespaces[name].map(BlueprintItem.namespace)
    case .workloads(let namespace, let name):
      workloads[ServiceKey(namespace: namespace, name: name)].map(BlueprintItem.workloads)
    case .service(let namespace, let name):
      services[ServiceKey(namespace: namespace, name: name)].map(BlueprintItem.service)
    case .gateway(let fqn): gateways[fqn].map(BlueprintItem.gateway)
    case .peer(let cluster): peers[cluster].map(BlueprintItem.peer)
    }
  }

  /// The authorities of those of `domains` that are known; nil when none of them is.
  func bundle(of domains: Set<String>) -> TrustBundle? {
    let known = domains.compactMap { bundles[$0] }
    return known.count > 1 ? TrustBundle(of: domains, in: trust) : known.first
  }

  func service(host: String) -> ServicePlan? {
    ServiceKey(host: host).flatMap { services[$0] }
  }

  /// What holds for the callers in particular, beside their namespace.
  private func ownPlan(of caller: Caller) -> WorkloadsPlan? {
    caller.service.flatMap { workloads[ServiceKey(namespace: caller.namespace, name: $0)] }
  }

  /// Whether the callers may call `service`. Without a plan for their namespace they may call
  /// nothing.
  func reaches(from caller: Caller, _ service: ServiceKey) -> Bool {
    switch ownPlan(of: caller)?.reach ?? namespaces[caller.namespace]?.reach {
    case nil: false
    case .everything: true
    case .only(let targets):
      targets.contains { $0.includes(namespace: service.namespace, service: service.name) }
    }
  }

  /// How the callers call `host`.
  func callPolicy(from caller: Caller, to host: String) -> CallPolicy {
    let own = ownPlan(of: caller)
    let rules = own?.calls ?? namespaces[caller.namespace]?.calls ?? []
    guard let rule = rules.rule(for: host) else { return CallPolicy() }
    let origin =
      own.flatMap { $0.calls == nil ? nil : BlueprintItem.workloads($0).key }
      ?? .namespace(caller.namespace)
    return CallPolicy(timeout: rule.timeout, retries: rule.retries, origin: origin)
  }

  /// Who may call the workloads of a profile, and the item that says so. A namespace without a plan
  /// asks for mutual TLS and lets every caller with an identity in.
  func admission(to profile: ProxyProfile) -> (admission: Admission, origin: ItemKey) {
    if let plan = ownPlan(of: profile.caller),
      let admission = plan.admission(toLabels: profile.labels)
    {
      return (admission, BlueprintItem.workloads(plan).key)
    }
    let plan = namespaces[profile.namespace]
    return (
      plan?.admission ?? Admission(traffic: .required, authorization: .open),
      .namespace(profile.namespace)
    )
  }

  /// The gateways that `profile` serves, by name: the first keeps what several ask for.
  func gateways(for profile: ProxyProfile) -> [GatewayPlan] {
    gateways.values.filter(profile.serves).sorted {
      $0.fqn.utf8.lexicographicallyPrecedes($1.fqn.utf8)
    }
  }
}

/// Who calls: the workloads of a namespace, or of one service of it.
struct Caller: Hashable {
  var namespace: String
  var service: String?
}

extension ProxyProfile {
  var caller: Caller { Caller(namespace: namespace, service: service) }
}

extension ServiceKey {
  /// The service that `<name>.<namespace>.mesh` names.
  init?(host: String) {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[2] == "mesh" else { return nil }
    self.init(namespace: String(parts[1]), name: String(parts[0]))
  }

  init(_ plan: ServicePlan) { self.init(namespace: plan.namespace, name: plan.name) }

  var item: ItemKey { .service(namespace: namespace, name: name) }
}

extension ProxyProfile {
  func serves(_ gateway: GatewayPlan) -> Bool {
    role != .sidecar && namespace == gateway.namespace
      && gateway.labels.allSatisfy { labels[$0.key] == $0.value }
  }
}
