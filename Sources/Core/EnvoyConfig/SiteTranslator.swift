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
  package var addedProfiles: [ProxyProfile]
  package var removedProfiles: [ProxyProfile]

  package init(
    items: [ItemKey: BlueprintItem?] = [:], endpoints: [ServiceKey: [LocalEndpoint]?] = [:],
    addedProfiles: [ProxyProfile] = [], removedProfiles: [ProxyProfile] = []
  ) {
    self.items = items
    self.endpoints = endpoints
    self.addedProfiles = addedProfiles
    self.removedProfiles = removedProfiles
  }
}

/// Blueprint items, local endpoints and profiles in; the resources of each profile out. A value
/// without I/O: the cost of an update follows the size of the change, and the law is that it always
/// agrees with `snapshot(items:endpoints:profile:)`, the full translation.
package struct SiteTranslator: Sendable {
  package init() {}

  /// Takes a change and says what it changes for each profile; profiles not mentioned are untouched.
  /// An added profile gets everything as upserts.
  package mutating func update(_ change: SiteChange) -> [ProxyProfile: ViewChange] {
    fatalError("to be written")
  }

  /// Everything that the proxies of `profile` have at the moment.
  package func resources(for profile: ProxyProfile) -> [EnvoyResource] {
    fatalError("to be written")
  }
}

/// The full translation for one profile, sorted by type and name.
package func snapshot(
  items: [ItemKey: BlueprintItem], endpoints: [ServiceKey: [LocalEndpoint]],
  profile: ProxyProfile
) -> [EnvoyResource] {
  fatalError("to be written")
}
