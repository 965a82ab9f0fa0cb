import Blueprints
import Inheritance
import Model

/// The inputs as they are now, indexed so that whatever a unit needs is found without a walk.
struct World {
  private(set) var resources: [ResourceRef: Resource] = [:]
  private(set) var clusters: [String: ResolvedCluster] = [:]
  /// By the cluster that has it.
  private(set) var services: [ServiceName: [String: ObservedService]] = [:]
  private(set) var population: [NamespaceInCluster: Int] = [:]
  private(set) var authorities: [String: [[UInt8]]] = [:]
  private(set) var withdrawals: [String: Int] = [:]
  private(set) var addresses: [String: String] = [:]
  private(set) var routes: [ServiceName: Set<ResourceRef>] = [:]
  private(set) var mentions: [ServiceName: Set<ResourceRef>] = [:]
  /// The settings of services.
  private(set) var serviceSettings: [ServiceName: Set<ResourceRef>] = [:]
  private(set) var children: [Fact: Set<ResourceRef>] = [:]
  private(set) var gateways: [String: Set<ResourceRef>] = [:]
  private(set) var selectors: [Kind: SelectorIndex] = [:]
  private(set) var connectivity = Connectivity()
  /// The gateway proxies of a cluster, sorted by node.
  private(set) var proxies: [String: [ObservedGateway]] = [:]
  /// Gateway objects by the hosts whose requests they send to services.
  private(set) var hosts: [String: Set<ResourceRef>] = [:]
  /// The objects that say that they are in a security domain.
  private(set) var domainMembers: [SecurityDomain: Set<ResourceRef>] = [:]
  private(set) var reach = ReachIndex()
  /// Cluster objects by name: more than one only where validation was passed by.
  private var clusterRefs: [String: Set<ResourceRef>] = [:]

  /// What a change touched.
  struct Touched {
    var facts: Set<Fact> = []
    /// Units that may not have read anything yet.
    var units: Set<Unit> = []
    /// Namespaces whose owners of a kind may be others now, as patterns.
    var ownership: [(kind: Kind, term: NamespaceSelector.Term)] = []
  }

  mutating func apply(_ change: CompilerChange) -> Touched {
    var touched = Touched()
    let before = connectivity
    for (ref, resource) in change.objects { set(ref, resource, &touched) }
    for (cluster, services) in change.services {
      // An agent must not be able to bring a name that reads as a pattern or as two names.
      for (name, service) in services where name.isValid {
        set(name, cluster, service, &touched)
      }
    }
    for (cluster, certificates) in change.authorities {
      let known = certificates.isEmpty ? nil : certificates
      guard authorities[cluster] != known else { continue }
      authorities[cluster] = known
      touched.facts.insert(.authorities)
      touched.units.insert(.trust)
    }
    for (cluster, count) in change.withdrawals where withdrawals[cluster, default: 0] != count {
      withdrawals[cluster] = count
      touched.facts.insert(.authorities)
      touched.units.insert(.trust)
    }
    for (host, address) in change.addresses where addresses[host] != address {
      addresses[host] = address
      if let name = ServiceName(host: host) { touched.facts.insert(.address(name)) }
    }
    for (cluster, gateways) in change.gateways { set(gateways, of: cluster, &touched) }
    for (cluster, port) in change.ports where connectivity.ports[cluster] != port {
      connectivity.ports[cluster] = port
      touched.facts.insert(.port(cluster))
    }
    note(connectivity.differences(from: before), &touched)
    return touched
  }

  /// What some workloads in a cluster may call; nil when there are none, or nothing is said of them
  /// in particular. Tells in which namespaces that changes for which services the cluster needs.
  mutating func setReach(_ reach: Reach?, of caller: CallerPlace) -> [NamePattern] {
    self.reach.set(reach, of: caller)
  }

  private func note(_ differences: Connectivity.Differences, _ touched: inout Touched) {
    for pair in differences.paths { touched.facts.insert(.paths(to: pair.to)) }
    for pair in differences.connections { touched.facts.insert(.connection(pair)) }
    if differences.networks { touched.facts.insert(.networks) }
  }

  // MARK: Inventory

  private mutating func set(
    _ name: ServiceName, _ cluster: String, _ service: ObservedService?, _ touched: inout Touched
  ) {
    let before = services[name]?[cluster]
    guard before != service else { return }
    services[name, default: [:]][cluster] = service
    if services[name]?.isEmpty == true { services[name] = nil }
    touched.facts.insert(.service(name))
    touched.units.insert(.service(name))
    if before?.ports != service?.ports || before?.labels != service?.labels
      || (before == nil) != (service == nil)
    {
      touched.facts.insert(.offer(name))
    }
    guard (before == nil) != (service == nil) else { return }
    let place = NamespaceInCluster(cluster: cluster, namespace: name.namespace)
    let count = (population[place] ?? 0) + (service == nil ? -1 : 1)
    population[place] = count > 0 ? count : nil
    if count == 0 || (count == 1 && service != nil) {
      touched.facts.insert(.population(place))
      touched.units.insert(.namespace(place))
    }
  }

  private mutating func set(
    _ gateways: [ObservedGateway], of cluster: String, _ touched: inout Touched
  ) {
    let after = gateways.sorted { $0.nodeID < $1.nodeID }
    let before = proxies[cluster] ?? []
    guard before != after else { return }
    proxies[cluster] = after.isEmpty ? nil : after
    touched.facts.insert(.proxies(cluster))
    if before.eastWest != after.eastWest { touched.facts.insert(.eastWest(cluster)) }
    connectivity.set(eastWest: !after.eastWest.isEmpty, edge: after.hasEdge, of: cluster)
  }

  // MARK: Objects

  private mutating func set(
    _ ref: ResourceRef, _ resource: Resource?, _ touched: inout Touched
  ) {
    let before = resources[ref]
    guard before != resource else { return }
    resources[ref] = resource
    touched.facts.insert(.object(ref))
    for aspect in PolicyAspect.allCases
    where before.map({ PolicyKey($0, aspect) }) != resource.map({ PolicyKey($0, aspect) }) {
      touched.facts.insert(.policy(ref, aspect))
    }
    if let parent = ref.parent, (before == nil) != (resource == nil) {
      let fact = Fact.children(parent, ref.kind)
      if resource != nil {
        children[fact, default: []].insert(ref)
      } else {
        children[fact]?.remove(ref)
        if children[fact]?.isEmpty == true { children[fact] = nil }
      }
      touched.facts.insert(fact)
    }
    reselect(ref, before, resource, &touched)
    setDomain(of: ref, before?.securityDomain, resource?.securityDomain, &touched)
    switch (before ?? resource)?.spec {
    case .cluster?: setCluster(ref, resource, &touched)
    case .serviceRoute?: setRoute(ref, before, resource, &touched)
    case .gateway?: setGateway(ref, before, resource, &touched)
    case .organizationSetting?: setOrganizationSetting(ref, &touched)
    case .workspaceSetting?: touched.units.insert(.setting(ref))
    case .serviceTrafficSetting?, .serviceSecuritySetting?:
      setServiceSetting(ref, before, resource, &touched)
    case .organization?, .tenant?, .tenantSetting?, .workspace?, .group?, .trafficSetting?,
      .securitySetting?, .profile?, .passive?, nil:
      break
    }
  }

  /// The oldest: there is one organization, and it has one setting.
  private(set) var organizationSetting: Resource?

  private mutating func setOrganizationSetting(_ ref: ResourceRef, _ touched: inout Touched) {
    touched.units.insert(.setting(ref))
    let settings = ref.parent.flatMap { children[.children($0, .organizationSetting)] } ?? []
    organizationSetting = settings.compactMap { resources[$0] }.min { $0.precedes($1) }
    connectivity.reachability = organizationSetting?.organizationSetting?.networkReachability ?? [:]
  }

  private mutating func reselect(
    _ ref: ResourceRef, _ before: Resource?, _ after: Resource?, _ touched: inout Touched
  ) {
    let old = Set(before?.namespaceSelector?.terms ?? [])
    let new = Set(after?.namespaceSelector?.terms ?? [])
    for term in old.subtracting(new) {
      selectors[ref.kind, default: SelectorIndex()].remove(ref, term)
    }
    // Terms that stay may share their pattern with one that went: they are entered again.
    for term in new { selectors[ref.kind, default: SelectorIndex()].insert(ref, term) }
    // A newcomer and a changed age decide contests that the terms alone do not show.
    let contested =
      before?.created == after?.created ? old.symmetricDifference(new) : old.union(new)
    for term in contested { touched.ownership.append((ref.kind, term)) }
  }

  private mutating func setDomain(
    of ref: ResourceRef, _ old: SecurityDomain?, _ new: SecurityDomain?, _ touched: inout Touched
  ) {
    guard old != new else { return }
    if let old {
      domainMembers[old]?.remove(ref)
      if domainMembers[old]?.isEmpty == true { domainMembers[old] = nil }
    }
    if let new { domainMembers[new, default: []].insert(ref) }
    touched.facts.insert(.securityDomain(ref))
    for domain in [old, new].compactMap({ $0 }) { touched.facts.insert(.domainMembers(domain)) }
  }

  private mutating func setCluster(
    _ ref: ResourceRef, _ resource: Resource?, _ touched: inout Touched
  ) {
    if resource != nil {
      clusterRefs[ref.name, default: []].insert(ref)
    } else {
      clusterRefs[ref.name]?.remove(ref)
    }
    let oldest = (clusterRefs[ref.name] ?? []).compactMap { resources[$0] }
      .min { $0.precedes($1) }
    let before = clusters[ref.name]
    clusters[ref.name] = oldest.flatMap { ResolvedCluster($0) }
    connectivity.networks[ref.name] = clusters[ref.name]?.network
    touched.facts.insert(.cluster(ref.name))
    touched.units.insert(.peer(ref.name))
    if before?.trustDomain != clusters[ref.name]?.trustDomain { touched.facts.insert(.clusters) }
    touched.units.insert(.site(ref.name))
    touched.units.insert(.trust)
    guard (before == nil) != (clusters[ref.name] == nil) else { return }
    for namespace in gateways.keys {
      touched.units.insert(
        .namespace(NamespaceInCluster(cluster: ref.name, namespace: namespace)))
    }
  }

  private mutating func setRoute(
    _ ref: ResourceRef, _ before: Resource?, _ after: Resource?, _ touched: inout Touched
  ) {
    let old = before?.serviceRoute
    let new = after?.serviceRoute
    if old?.service != new?.service {
      if let service = old?.service { Self.remove(ref, from: &routes, service) }
      if let service = new?.service { routes[service, default: []].insert(ref) }
      for service in [old?.service, new?.service].compactMap({ $0 }) {
        touched.facts.insert(.routes(service))
      }
    }
    // Whoever is sent requests must be where the route's own service is.
    let changed = old?.service != new?.service
    setMentions(ref, old?.destinations ?? [], new?.destinations ?? [], always: changed, &touched)
  }

  private mutating func setServiceSetting(
    _ ref: ResourceRef, _ before: Resource?, _ after: Resource?, _ touched: inout Touched
  ) {
    let (old, new) = (before?.settingService, after?.settingService)
    guard old != new else { return }
    if let old { Self.remove(ref, from: &serviceSettings, old) }
    if let new { serviceSettings[new, default: []].insert(ref) }
    for service in [old, new].compactMap({ $0 }) {
      touched.facts.insert(.serviceSettings(service))
      touched.units.insert(.workloads(service))
    }
  }

  private mutating func setGateway(
    _ ref: ResourceRef, _ before: Resource?, _ after: Resource?, _ touched: inout Touched
  ) {
    touched.units.insert(.gateway(ref))
    let old = before?.gateway
    let new = after?.gateway
    let namespaces = (old?.selector.namespace, new?.selector.namespace)
    if let namespace = namespaces.0, namespace != namespaces.1 {
      gateways[namespace]?.remove(ref)
      if gateways[namespace]?.isEmpty == true { gateways[namespace] = nil }
    }
    if let namespace = namespaces.1 { gateways[namespace, default: []].insert(ref) }
    if old?.selector != new?.selector || before?.created != after?.created {
      for namespace in [namespaces.0, namespaces.1].compactMap({ $0 }) {
        touched.facts.insert(.gateways(namespace: namespace))
        for cluster in clusters.keys {
          touched.units.insert(
            .namespace(NamespaceInCluster(cluster: cluster, namespace: namespace)))
        }
      }
    }
    setMentions(
      ref, old?.destinations ?? [], new?.destinations ?? [], always: old?.selector != new?.selector,
      &touched)
    setHosts(ref, old?.servedHosts ?? [], new?.servedHosts ?? [], &touched)
  }

  private mutating func setHosts(
    _ ref: ResourceRef, _ old: Set<String>, _ new: Set<String>, _ touched: inout Touched
  ) {
    for host in old.subtracting(new) {
      hosts[host]?.remove(ref)
      if hosts[host]?.isEmpty == true { hosts[host] = nil }
    }
    for host in new.subtracting(old) { hosts[host, default: []].insert(ref) }
    for host in old.symmetricDifference(new) { touched.facts.insert(.host(host)) }
  }

  private mutating func setMentions(
    _ ref: ResourceRef, _ old: Set<ServiceName>, _ new: Set<ServiceName>, always: Bool,
    _ touched: inout Touched
  ) {
    for service in old.subtracting(new) { Self.remove(ref, from: &mentions, service) }
    for service in new.subtracting(old) { mentions[service, default: []].insert(ref) }
    for service in always ? old.union(new) : old.symmetricDifference(new) {
      touched.facts.insert(.mentions(service))
    }
  }

  private static func remove(
    _ ref: ResourceRef, from index: inout [ServiceName: Set<ResourceRef>], _ service: ServiceName
  ) {
    index[service]?.remove(ref)
    if index[service]?.isEmpty == true { index[service] = nil }
  }
}

extension ServiceName {
  fileprivate var isValid: Bool { [namespace, name].allSatisfy(Self.isLabel) }

  private static func isLabel(_ text: String) -> Bool {
    (1...63).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// The service that `orders.shop.mesh` is the host of; nil for any other host.
  init?(host: String) {
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count == 3, labels[2] == "mesh" else { return nil }
    self.init(namespace: String(labels[1]), name: String(labels[0]))
  }
}
