import Blueprints

/// What has to be looked at again for one profile.
struct Work {
  var calls: Set<ServiceKey> = []
  var clusters: Set<ServiceKey> = []
  var endpoints: Set<ServiceKey> = []
  var inbound = false
  var gateway = false
  /// What the gateways forward to other clusters.
  var forwards = false

  // At gateways between clusters.
  /// The listener for what comes from other clusters.
  var entrance = false
  var peers: Set<String> = []
  var exposed: Set<ServiceKey> = []
  var exposedEndpoints: Set<ServiceKey> = []
  var servedHosts = false

  init() {}

  init(everythingOf profile: ProxyProfile, in site: Site) {
    calls = Set(profile.calledServices(in: site))
    inbound = profile.isSidecar
    gateway = !profile.isSidecar
    forwards = !profile.isSidecar
    entrance = profile.role == .eastWest || profile.role == .edge
    if entrance { peers = Set(site.peers.keys) }
    guard profile.role == .eastWest else { return }
    exposed = Set(site.services.filter(\.value.isExposed).keys)
    exposedEndpoints = exposed
    servedHosts = true
  }
}

// What a change touches.
extension SiteTranslator {
  mutating func take(
    _ items: [ItemKey: BlueprintItem?], into work: inout [ProxyProfile: Work]
  ) {
    for (key, item) in items where site.item(key) != item {
      let old = site.item(key)
      index(old, insert: false)
      site.set(item, for: key)
      index(item, insert: true)
      switch key {
      case .site: takeSite(into: &work)
      case .peer(let cluster):
        takePeer(
          cluster, isAnother: (old == nil) != (item == nil),
          hasAnotherPath: path(of: old) != path(of: item), into: &work)
      case .trust: takeTrust(into: &work)
      case .namespace(let name):
        takeCallers(profilesByNamespace[name], into: &work)
      case .workloads(let namespace, let service):
        takeCallers(
          profilesByNamespace[namespace].filter { $0.service == service }, into: &work)
      case .service(let namespace, let name):
        let service = ServiceKey(namespace: namespace, name: name)
        takeService(service, isNew: !isProvided(old), into: &work)
        takeExposure(of: service, old, item, into: &work)
      case .gateway:
        for case .gateway(let plan)? in [old, item] { takeGateway(plan, into: &work) }
      }
    }
  }

  private func isProvided(_ item: BlueprintItem?) -> Bool {
    if case .service(let plan)? = item { plan.isProvided } else { false }
  }

  private mutating func index(_ item: BlueprintItem?, insert: Bool) {
    guard case .service(let plan)? = item else { return }
    let service = ServiceKey(plan)
    for mentioned in plan.mentionedHosts.compactMap(ServiceKey.init(host:)) {
      if insert {
        mentioners.insert(service, at: mentioned)
      } else {
        mentioners.remove(service, at: mentioned)
      }
    }
    for provider in plan.providers where provider.remote != nil {
      if insert {
        providedElsewhere.insert(service, at: provider.cluster)
      } else {
        providedElsewhere.remove(service, at: provider.cluster)
      }
    }
  }

  /// Which cluster this is shows in the names of what it offers to others.
  private mutating func takeSite(into work: inout [ProxyProfile: Work]) {
    for service in caches.keys {
      caches[service]?.exposedClusters = nil
      caches[service]?.exposedEndpoints = nil
    }
    for profile in gatewayProfiles {
      work[profile, default: Work()].formUnion(Work(everythingOf: profile, in: site))
    }
  }

  private mutating func takeTrust(into work: inout [ProxyProfile: Work]) {
    for service in caches.keys { caches[service]?.clusters = nil }
    for (profile, state) in states {
      work[profile, default: Work()].inbound = profile.isSidecar
      work[profile, default: Work()].gateway = !profile.isSidecar
      work[profile, default: Work()].forwards = !profile.isSidecar
      work[profile, default: Work()].clusters.formUnion(state.neededServices)
    }
  }

  /// Something else holds for them now.
  private func takeCallers(
    _ profiles: Set<ProxyProfile>, into work: inout [ProxyProfile: Work]
  ) {
    for profile in profiles {
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
      for namespace in profilesByNamespace.keys {
        // Asked once for all that nothing of their own is said of.
        let isReached = site.reaches(from: Caller(namespace: namespace), service)
        for profile in profilesByNamespace[namespace]
        where (isReached || profile.service != nil) && profile.calls(service, in: site) {
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

  private func takeExposure(
    of service: ServiceKey, _ old: BlueprintItem?, _ new: BlueprintItem?,
    into work: inout [ProxyProfile: Work]
  ) {
    let concerned = [old, new].contains {
      if case .service(let plan)? = $0 { plan.isExposed } else { false }
    }
    guard concerned else { return }
    for profile in gatewayProfiles where profile.role == .eastWest {
      work[profile, default: Work()].exposed.insert(service)
      work[profile, default: Work()].exposedEndpoints.insert(service)
    }
  }

  private func takeGateway(_ plan: GatewayPlan, into work: inout [ProxyProfile: Work]) {
    for profile in profilesByNamespace[plan.namespace] where profile.serves(plan) {
      work[profile, default: Work()].gateway = true
    }
    takeServedHosts(into: &work)
  }

  /// Who answers for host names here concerns gateways that others come through, and gateways that
  /// forward to this cluster itself.
  private func takeServedHosts(into work: inout [ProxyProfile: Work]) {
    for profile in gatewayProfiles {
      work[profile, default: Work()].servedHosts = profile.role == .eastWest
      work[profile, default: Work()].forwards = true
    }
  }

  private func path(of item: BlueprintItem?) -> PeerPath? {
    if case .peer(let plan)? = item { plan.path } else { nil }
  }

  private mutating func takePeer(
    _ cluster: String, isAnother: Bool, hasAnotherPath: Bool, into work: inout [ProxyProfile: Work]
  ) {
    takeWays(to: providedElsewhere[cluster], into: &work)
    if hasAnotherPath {
      for service in providedElsewhere[cluster] {
        caches[service]?.clusters = nil
        for profile in holders[service] { work[profile, default: Work()].clusters.insert(service) }
      }
    }
    for profile in gatewayProfiles {
      work[profile, default: Work()].forwards = true
      guard profile.role == .eastWest || profile.role == .edge else { continue }
      work[profile, default: Work()].peers.insert(cluster)
      // An edge has a way in for each; where the ways lead shows elsewhere.
      if isAnother, profile.role == .edge { work[profile, default: Work()].entrance = true }
    }
  }

  /// The gateways of this cluster are entrances to all others.
  mutating func takeGateways(
    _ gateways: [LocalGateway], into work: inout [ProxyProfile: Work]
  ) {
    guard site.localGateways != gateways else { return }
    let entrances = site.eastWestGateways
    site.localGateways = gateways
    takeServedHosts(into: &work)
    guard site.eastWestGateways != entrances else { return }
    let all = providedElsewhere.keys.reduce(into: Set()) { $0.formUnion(providedElsewhere[$1]) }
    takeWays(to: all, into: &work)
  }

  private mutating func takeWays(
    to services: Set<ServiceKey>, into work: inout [ProxyProfile: Work]
  ) {
    for service in services {
      caches[service]?.endpoints = [:]
      for profile in holders[service] { work[profile, default: Work()].endpoints.insert(service) }
    }
  }

  mutating func take(
    _ endpoints: [ServiceKey: [LocalEndpoint]?], into work: inout [ProxyProfile: Work]
  ) {
    for (service, instances) in endpoints where site.endpoints[service] != instances {
      site.endpoints[service] = instances
      caches[service]?.endpoints = [:]
      caches[service]?.exposedEndpoints = nil
      for profile in holders[service] { work[profile, default: Work()].endpoints.insert(service) }
      guard site.services[service]?.isExposed == true else { continue }
      for profile in gatewayProfiles where profile.role == .eastWest {
        work[profile, default: Work()].exposedEndpoints.insert(service)
      }
    }
  }
}

extension Work {
  fileprivate mutating func formUnion(_ other: Work) {
    calls.formUnion(other.calls)
    clusters.formUnion(other.clusters)
    endpoints.formUnion(other.endpoints)
    inbound = inbound || other.inbound
    gateway = gateway || other.gateway
    forwards = forwards || other.forwards
    entrance = entrance || other.entrance
    peers.formUnion(other.peers)
    exposed.formUnion(other.exposed)
    exposedEndpoints.formUnion(other.exposedEndpoints)
    servedHosts = servedHosts || other.servedHosts
  }
}
