package import Blueprints

/// What changes for the proxies of one profile.
package struct ViewChange: Sendable {
  package var upserts: [EnvoyResource]
  package var removals: [EnvoyResourceName]

  package init(upserts: [EnvoyResource] = [], removals: [EnvoyResourceName] = []) {
    self.upserts = upserts
    self.removals = removals
  }

  package var isEmpty: Bool { upserts.isEmpty && removals.isEmpty }
}

/// What goes in: nil values remove.
package struct SiteChange: Sendable {
  package var items: [ItemKey: BlueprintItem?]
  package var endpoints: [ServiceKey: [LocalEndpoint]?]
  /// All gateways of the cluster, when one of them changed; sorted by address.
  package var gateways: [LocalGateway]?
  package var addedProfiles: [ProxyProfile]
  package var removedProfiles: [ProxyProfile]

  package init(
    items: [ItemKey: BlueprintItem?] = [:], endpoints: [ServiceKey: [LocalEndpoint]?] = [:],
    gateways: [LocalGateway]? = nil, addedProfiles: [ProxyProfile] = [],
    removedProfiles: [ProxyProfile] = []
  ) {
    self.items = items
    self.endpoints = endpoints
    self.gateways = gateways
    self.addedProfiles = addedProfiles
    self.removedProfiles = removedProfiles
  }
}

/// Blueprint items, local endpoints and profiles in; the resources of each profile out. A value
/// without I/O: the cost of an update follows the size of the change, and the law is that it always
/// agrees with `snapshot(items:endpoints:profile:)`, the full translation.
package struct SiteTranslator: Sendable {
  /// How many times something was translated and encoded, rather than taken from what was there.
  package private(set) var translations = 0

  private var site = Site()
  private var caches: [ServiceKey: ServiceCache] = [:]
  private var states: [ProxyProfile: ProfileState] = [:]
  private var profilesByNamespace = MultiIndex<String, ProxyProfile>()
  /// Who calls a service, who has its clusters, and whose gateways mention it.
  private var callers = MultiIndex<ServiceKey, ProxyProfile>()
  private var holders = MultiIndex<ServiceKey, ProxyProfile>()
  private var gatewayUsers = MultiIndex<ServiceKey, ProxyProfile>()
  /// The services whose rules send requests to a service.
  private var mentioners = MultiIndex<ServiceKey, ServiceKey>()

  package init() {}

  /// Takes a change and says what it changes for each profile; profiles not mentioned are untouched.
  /// An added profile gets everything as upserts. An upsert may repeat the bytes of the resource it
  /// replaces, when only its origins differ.
  package mutating func update(_ change: SiteChange) -> [ProxyProfile: ViewChange] {
    for profile in change.removedProfiles { remove(profile) }
    var work: [ProxyProfile: Work] = [:]
    take(change.items, into: &work)
    take(change.endpoints, into: &work)
    for profile in change.addedProfiles {
      remove(profile)
      add(profile)
      work[profile] = Work(everythingOf: profile, called: profile.calledServices(in: site))
    }
    var changes: [ProxyProfile: ViewChange] = [:]
    for (profile, work) in work {
      let change = refresh(profile, work)
      if !change.isEmpty { changes[profile] = change }
    }
    return changes
  }

  /// Everything that the proxies of `profile` have at the moment.
  package func resources(for profile: ProxyProfile) -> [EnvoyResource] {
    states[profile]?.resources ?? []
  }

  // MARK: What a change touches

  /// What has to be looked at again for one profile.
  private struct Work {
    var calls: Set<ServiceKey> = []
    var clusters: Set<ServiceKey> = []
    var endpoints: Set<ServiceKey> = []
    var inbound = false
    var gateway = false
    var isNew = false

    init() {}

    init(everythingOf profile: ProxyProfile, called: [ServiceKey]) {
      calls = Set(called)
      inbound = profile.isSidecar
      gateway = !profile.isSidecar
      isNew = true
    }
  }

  private mutating func take(
    _ items: [ItemKey: BlueprintItem?], into work: inout [ProxyProfile: Work]
  ) {
    for (key, item) in items where site.item(key) != item {
      let old = site.item(key)
      index(old, insert: false)
      site.set(item, for: key)
      index(item, insert: true)
      switch key {
      case .site, .peer: break
      case .trust: takeTrust(into: &work)
      case .namespace(let name): takeNamespace(name, into: &work)
      case .service(let namespace, let name):
        takeService(
          ServiceKey(namespace: namespace, name: name), isNew: old == nil, into: &work)
      case .gateway:
        for case .gateway(let plan)? in [old, item] { takeGateway(plan, into: &work) }
      }
    }
  }

  private mutating func index(_ item: BlueprintItem?, insert: Bool) {
    guard case .service(let plan)? = item else { return }
    for mentioned in plan.mentionedHosts.compactMap(ServiceKey.init(host:)) {
      if insert {
        mentioners.insert(ServiceKey(plan), at: mentioned)
      } else {
        mentioners.remove(ServiceKey(plan), at: mentioned)
      }
    }
  }

  private mutating func takeTrust(into work: inout [ProxyProfile: Work]) {
    for service in caches.keys { caches[service]?.clusters = nil }
    for (profile, state) in states {
      work[profile, default: Work()].inbound = profile.isSidecar
      work[profile, default: Work()].clusters.formUnion(state.neededServices)
    }
  }

  private func takeNamespace(_ name: String, into work: inout [ProxyProfile: Work]) {
    for profile in profilesByNamespace[name] {
      if profile.isSidecar {
        work[profile, default: Work()].inbound = true
        work[profile, default: Work()].calls.formUnion(profile.calledServices(in: site))
        work[profile, default: Work()].calls.formUnion((states[profile]?.called ?? [:]).keys)
      } else {
        work[profile, default: Work()].gateway = true
      }
    }
  }

  private mutating func takeService(
    _ service: ServiceKey, isNew: Bool, into work: inout [ProxyProfile: Work]
  ) {
    caches[service] = nil
    if isNew {
      for namespace in profilesByNamespace.keys where site.reaches(from: namespace, service) {
        for profile in profilesByNamespace[namespace] where profile.calls(service, in: site) {
          work[profile, default: Work()].calls.insert(service)
        }
      }
    }
    // Rules that lead here may have found, or lost, a port or a subset.
    for affected in mentioners[service].union([service]) {
      caches[affected]?.routes = [:]
      for profile in callers[affected] { work[profile, default: Work()].calls.insert(affected) }
      for profile in gatewayUsers[affected] { work[profile, default: Work()].gateway = true }
    }
    for profile in holders[service] {
      work[profile, default: Work()].clusters.insert(service)
      work[profile, default: Work()].endpoints.insert(service)
    }
  }

  private func takeGateway(_ plan: GatewayPlan, into work: inout [ProxyProfile: Work]) {
    for profile in profilesByNamespace[plan.namespace] where profile.serves(plan) {
      work[profile, default: Work()].gateway = true
    }
  }

  private mutating func take(
    _ endpoints: [ServiceKey: [LocalEndpoint]?], into work: inout [ProxyProfile: Work]
  ) {
    for (service, instances) in endpoints where site.endpoints[service] != instances {
      site.endpoints[service] = instances
      caches[service]?.endpoints = nil
      for profile in holders[service] { work[profile, default: Work()].endpoints.insert(service) }
    }
  }

  // MARK: Profiles

  private mutating func add(_ profile: ProxyProfile) {
    states[profile] = ProfileState()
    profilesByNamespace.insert(profile, at: profile.namespace)
  }

  private mutating func remove(_ profile: ProxyProfile) {
    guard let state = states.removeValue(forKey: profile) else { return }
    profilesByNamespace.remove(profile, at: profile.namespace)
    for service in state.called.keys { callers.remove(profile, at: service) }
    for service in state.neededServices { holders.remove(profile, at: service) }
    for service in state.mentionedByGateways { gatewayUsers.remove(profile, at: service) }
  }

  private mutating func refresh(_ profile: ProxyProfile, _ work: Work) -> ViewChange {
    // Taken out while it changes, so that no copy is made.
    guard var state = states.removeValue(forKey: profile) else { return ViewChange() }
    var affected = work.clusters.union(work.endpoints)
    var listenerDiffers = false
    for service in work.calls {
      let noted = refreshCalls(of: service, by: profile, in: &state)
      affected.formUnion(noted.affected)
      listenerDiffers = listenerDiffers || noted.listener
    }
    if work.gateway { affected.formUnion(refreshGateway(of: profile, in: &state)) }
    for service in affected { refreshClusters(of: service, for: profile, in: &state) }
    if profile.isSidecar {
      if listenerDiffers, profile.capture == .redirect {
        translations += 1
        let services = state.tcpServices.sorted().compactMap { site.services[$0] }
        let ports = state.httpPorts.keys.sorted()
        state.set(
          .captured, to: capturedListener(httpPorts: ports, tcpServices: services, in: site))
      }
      if !profile.upstreams.isEmpty, work.isNew || !work.calls.isEmpty {
        translations += 1
        state.set(.upstreams, to: upstreamListeners(of: profile, in: site))
      }
      if work.inbound {
        translations += 1
        state.set(.inbound, to: inboundResources(of: profile, in: site))
      }
    }
    let change = state.takeChange()
    states[profile] = state
    return change
  }

  private mutating func refreshCalls(
    of service: ServiceKey, by profile: ProxyProfile, in state: inout ProfileState
  ) -> (affected: Set<ServiceKey>, listener: Bool) {
    guard let plan = site.services[service], profile.calls(service, in: site) else {
      callers.remove(profile, at: service)
      state.set(.calls(service), to: [])
      return state.note(service, nil)
    }
    callers.insert(profile, at: service)
    state.set(
      .calls(service),
      to: profile.callResources(
        of: plan, routes: routes(of: plan, from: profile.namespace), scopes: scopes(of: plan),
        name: name(of: plan)))
    return state.note(service, CalledService(plan, in: site))
  }

  private mutating func refreshGateway(
    of profile: ProxyProfile, in state: inout ProfileState
  ) -> Set<ServiceKey> {
    translations += 1
    state.set(.gateway, to: gatewayResources(of: profile, in: site))
    let mentioned = site.gateways(for: profile).reduce(into: Set<ServiceKey>()) {
      $0.formUnion($1.mentionedHosts.compactMap(ServiceKey.init(host:)))
    }
    for service in state.mentionedByGateways { gatewayUsers.remove(profile, at: service) }
    for service in mentioned { gatewayUsers.insert(profile, at: service) }
    return state.noteGateway(
      mentioning: mentioned, destinations: profile.gatewayDestinations(in: site))
  }

  private mutating func refreshClusters(
    of service: ServiceKey, for profile: ProxyProfile, in state: inout ProfileState
  ) {
    if let plan = site.services[service], state.needs(service) {
      holders.insert(profile, at: service)
      state.set(.clusters(service), to: clusters(of: plan))
      state.set(.endpoints(service), to: endpoints(of: plan))
    } else {
      holders.remove(profile, at: service)
      state.set(.clusters(service), to: [])
      state.set(.endpoints(service), to: [])
    }
  }

  // MARK: Each resource once

  private mutating func routes(of plan: ServicePlan, from namespace: String) -> [EnvoyResource] {
    let policy = site.callPolicy(from: namespace, to: plan.host)
    if let known = caches[ServiceKey(plan)]?.routes[policy.namespace], known.policy == policy {
      return known.resources
    }
    translations += 1
    let made = plan.routeConfigurations(under: policy, in: site)
    caches[ServiceKey(plan), default: ServiceCache()].routes[policy.namespace] =
      ServiceCache.CalledRoutes(policy: policy, resources: made)
    return made
  }

  private mutating func clusters(of plan: ServicePlan) -> [EnvoyResource] {
    let trust = site.trust
    return cached(\.clusters, of: plan) { plan.clusters(trust: trust) }
  }

  private mutating func endpoints(of plan: ServicePlan) -> [EnvoyResource] {
    let instances = site.endpoints[ServiceKey(plan)] ?? []
    return cached(\.endpoints, of: plan) { plan.endpointAssignments(of: instances) }
  }

  private mutating func scopes(of plan: ServicePlan) -> [EnvoyResource] {
    cached(\.scopes, of: plan) { plan.scopes }
  }

  private mutating func name(of plan: ServicePlan) -> EnvoyResource {
    cached(\.name, of: plan) { plan.nameRecord }
  }

  private mutating func cached<Made>(
    _ part: WritableKeyPath<ServiceCache, Made?>, of plan: ServicePlan, make: () -> Made
  ) -> Made {
    if let known = caches[ServiceKey(plan)]?[keyPath: part] { return known }
    translations += 1
    let made = make()
    caches[ServiceKey(plan), default: ServiceCache()][keyPath: part] = made
    return made
  }
}
