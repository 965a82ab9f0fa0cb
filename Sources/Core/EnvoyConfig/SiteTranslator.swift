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
/// agrees with `snapshot(items:endpoints:gateways:profile:)`, the full translation.
package struct SiteTranslator: Sendable {
  /// How many times something was translated and encoded, rather than taken from what was there.
  package internal(set) var translations = 0

  var site = Site()
  var caches: [ServiceKey: ServiceCache] = [:]
  var states: [ProxyProfile: ProfileState] = [:]
  var profilesByNamespace = MultiIndex<String, ProxyProfile>()
  var gatewayProfiles: Set<ProxyProfile> = []
  /// Who calls a service, who has its clusters, and whose gateways mention it.
  var callers = MultiIndex<ServiceKey, ProxyProfile>()
  var holders = MultiIndex<ServiceKey, ProxyProfile>()
  var gatewayUsers = MultiIndex<ServiceKey, ProxyProfile>()
  /// The services whose rules send requests to a service.
  var mentioners = MultiIndex<ServiceKey, ServiceKey>()
  /// The services that another cluster provides.
  var providedElsewhere = MultiIndex<String, ServiceKey>()

  package init() {}

  /// Takes a change and says what it changes for each profile; profiles not mentioned are untouched.
  /// An added profile gets everything as upserts. An upsert may repeat the bytes of the resource it
  /// replaces, when only its origins differ.
  package mutating func update(_ change: SiteChange) -> [ProxyProfile: ViewChange] {
    for profile in change.removedProfiles { remove(profile) }
    var work: [ProxyProfile: Work] = [:]
    take(change.items, into: &work)
    take(change.endpoints, into: &work)
    if let gateways = change.gateways { takeGateways(gateways, into: &work) }
    for profile in change.addedProfiles {
      remove(profile)
      add(profile)
      work[profile] = Work(everythingOf: profile, in: site)
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
}
