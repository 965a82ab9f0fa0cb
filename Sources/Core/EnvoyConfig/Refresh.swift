import Blueprints

// What profiles have, made again where a change touches it.
extension SiteTranslator {
  mutating func add(_ profile: ProxyProfile) {
    states[profile] = ProfileState()
    profilesByNamespace.insert(profile, at: profile.namespace)
    if !profile.isSidecar { gatewayProfiles.insert(profile) }
  }

  mutating func remove(_ profile: ProxyProfile) {
    guard let state = states.removeValue(forKey: profile) else { return }
    profilesByNamespace.remove(profile, at: profile.namespace)
    gatewayProfiles.remove(profile)
    for service in state.called.keys { callers.remove(profile, at: service) }
    for service in state.neededServices { holders.remove(profile, at: service) }
    for service in state.mentionedByGateways { gatewayUsers.remove(profile, at: service) }
  }

  mutating func refresh(_ profile: ProxyProfile, _ work: Work) -> ViewChange {
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
    if !profile.isSidecar { refreshBridge(of: profile, work, in: &state) }
    if profile.isSidecar {
      if listenerDiffers, profile.capture == .redirect {
        translations += 1
        let services = state.tcpServices.sorted().compactMap { site.services[$0] }
        let ports = state.httpPorts.keys.sorted()
        state.set(
          .captured, to: capturedListener(httpPorts: ports, tcpServices: services, in: site))
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
      state.set(.upstreams(service), to: [])
      return state.note(service, nil)
    }
    callers.insert(profile, at: service)
    state.set(
      .calls(service),
      to: profile.callResources(
        of: plan, routes: routes(of: plan, from: profile.caller), scopes: scopes(of: plan),
        name: name(of: plan)))
    if !profile.upstreams.isEmpty {
      translations += 1
      state.set(.upstreams(service), to: upstreamListeners(of: profile, to: plan, in: site))
    }
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
      state.set(.endpoints(service), to: endpoints(of: plan, by: profile.passage))
    } else {
      holders.remove(profile, at: service)
      state.set(.clusters(service), to: [])
      state.set(.endpoints(service), to: [])
    }
  }

  /// What joins clusters.
  private mutating func refreshBridge(
    of profile: ProxyProfile, _ work: Work, in state: inout ProfileState
  ) {
    if work.forwards {
      translations += 1
      state.set(.forwards, to: forwardings(of: profile, in: site))
    }
    for cluster in work.peers {
      translations += 1
      state.set(.peer(cluster), to: site.peers[cluster]?.resources(for: profile.role) ?? [])
    }
    if work.entrance {
      translations += 1
      state.set(.entrance, to: profile.entrance(in: site))
    }
    if work.servedHosts {
      translations += 1
      state.set(.servedHosts, to: servedHosts(in: site))
    }
    for service in work.exposed {
      let plan = site.exposedService(service)
      state.set(.exposed(service), to: plan.map { exposedClusters(of: $0) } ?? [])
    }
    for service in work.exposedEndpoints {
      let plan = site.exposedService(service)
      state.set(.exposedEndpoints(service), to: plan.map { exposedEndpoints(of: $0) } ?? [])
    }
  }

  // MARK: Each resource once

  private mutating func routes(of plan: ServicePlan, from caller: Caller) -> [EnvoyResource] {
    let policy = site.callPolicy(from: caller, to: plan.host)
    if let known = caches[ServiceKey(plan)]?.routes[policy.origin], known.policy == policy {
      return known.resources
    }
    translations += 1
    let made = plan.routeConfigurations(under: policy, in: site)
    caches[ServiceKey(plan), default: ServiceCache()].routes[policy.origin] =
      ServiceCache.CalledRoutes(policy: policy, resources: made)
    return made
  }

  private mutating func clusters(of plan: ServicePlan) -> [EnvoyResource] {
    cached(\.clusters, of: plan) { [site] in plan.clusters(in: site) }
  }

  private mutating func endpoints(
    of plan: ServicePlan, by passage: Passage
  ) -> [EnvoyResource] {
    cached(\.endpoints[passage], of: plan) { [site] in
      plan.endpointAssignments(
        of: site.endpoints[ServiceKey(plan)] ?? [], by: passage, in: site)
    }
  }

  private mutating func exposedClusters(of plan: ServicePlan) -> [EnvoyResource] {
    let cluster = site.plan?.cluster ?? ""
    return cached(\.exposedClusters, of: plan) { plan.exposedClusters(in: cluster) }
  }

  private mutating func exposedEndpoints(of plan: ServicePlan) -> [EnvoyResource] {
    let cluster = site.plan?.cluster ?? ""
    let instances = site.endpoints[ServiceKey(plan)] ?? []
    return cached(\.exposedEndpoints, of: plan) {
      plan.exposedEndpoints(of: instances, in: cluster)
    }
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
