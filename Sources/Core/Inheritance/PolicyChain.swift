package import Model

/// Finds the objects that say something about a place in the tree.
package protocol PolicyLookup {
  /// An object for the profiles that are attached to it, or a profile.
  mutating func policyHolder(_ ref: ResourceRef) -> Resource?
  /// The one setting below an object; of several, the oldest.
  mutating func policySetting(of parent: ResourceRef, _ kind: Kind) -> Resource?
  /// The one setting of a service below a group; of several, the oldest.
  mutating func policySetting(
    of service: ServiceName, in group: ResourceRef, _ kind: Kind
  ) -> Resource?
}

/// A place in the tree that policies hold for, as far down as is known.
package struct PolicyPlace: Hashable, Sendable {
  /// An organization, a tenant or a workspace.
  package var root: ResourceRef
  package var trafficGroup: ResourceRef?
  package var securityGroup: ResourceRef?
  package var service: ServiceName?
  package var subset: String?

  package init(
    _ root: ResourceRef, trafficGroup: ResourceRef? = nil, securityGroup: ResourceRef? = nil,
    service: ServiceName? = nil, subset: String? = nil
  ) {
    self.root = root
    self.trafficGroup = trafficGroup
    self.securityGroup = securityGroup
    self.service = service
    self.subset = subset
  }
}

/// Everything that is said about a place, in the order in which `effective` takes it.
package func policyLayers(
  of place: PolicyPlace, _ lookup: inout some PolicyLookup
) -> [PolicyLayer] {
  let profiles = attachedProfiles(of: place, &lookup)
  let defaults = profiles.map { $0.layer(.defaults) }
  let mandates = profiles.map { $0.layer(.mandates) }
  return defaults + failoverLayers(of: place, &lookup) + settingLayers(of: place, &lookup)
    + mandates
}

// MARK: Profiles

private struct AttachedProfile {
  var ref: ResourceRef
  var holder: ResourceRef
  var profile: Profile
  /// What the object that it is attached to is about.
  var isAbout: (PolicyProperty) -> Bool

  func layer(_ role: PolicyLayer.Role) -> PolicyLayer {
    let part = role == .mandates ? profile.mandates : profile.defaults
    return PolicyLayer(
      role,
      PolicySource(
        ref, ["spec", role == .mandates ? "mandates" : "defaults"], attachedTo: holder),
      part.values.filter { isAbout($0.key) }, unset: part.unset.filter(isAbout))
  }
}

/// From the top of the tree, in the order in which they are attached.
private func attachedProfiles(
  of place: PolicyPlace, _ lookup: inout some PolicyLookup
) -> [AttachedProfile] {
  var holders: [(ref: ResourceRef, isAbout: (PolicyProperty) -> Bool)] =
    place.ancestors.map { ($0, { _ in true }) }
  if let group = place.trafficGroup { holders.append((group, { !$0.isSecurity })) }
  if let group = place.securityGroup { holders.append((group, \.isSecurity)) }
  var found: [AttachedProfile] = []
  for holder in holders {
    for ref in lookup.policyHolder(holder.ref)?.profiles ?? [] {
      guard case .profile(let profile)? = lookup.policyHolder(ref)?.spec else { continue }
      found.append(
        AttachedProfile(
          ref: ref, holder: holder.ref, profile: profile, isAbout: holder.isAbout))
    }
  }
  return found
}

extension PolicyPlace {
  /// Organization, tenant, workspace, as far as the root goes.
  fileprivate var ancestors: [ResourceRef] {
    [Kind.organization, .tenant, .workspace].compactMap { root.ancestor($0) }
  }
}

// MARK: Settings

/// The field of its own that organizations and workspaces have for it comes before their defaults.
private func failoverLayers(
  of place: PolicyPlace, _ lookup: inout some PolicyLookup
) -> [PolicyLayer] {
  place.ancestors.compactMap { ref in
    guard let kind = ref.kind.settingKind, let setting = lookup.policySetting(of: ref, kind),
      let failover = setting.failover
    else { return nil }
    return PolicyLayer(.setting, PolicySource(setting.ref), [.failover: .failover(failover)])
  }
}

private func settingLayers(
  of place: PolicyPlace, _ lookup: inout some PolicyLookup
) -> [PolicyLayer] {
  var layers: [PolicyLayer] = []
  for ref in place.ancestors {
    guard let kind = ref.kind.settingKind, let setting = lookup.policySetting(of: ref, kind)
    else { continue }
    layers += setting.defaultLayers
  }
  if let group = place.trafficGroup {
    if let setting = lookup.policySetting(of: group, .trafficSetting) {
      layers += setting.ownLayers
    }
    if let service = place.service,
      let setting = lookup.policySetting(of: service, in: group, .serviceTrafficSetting)
    {
      layers += setting.ownLayers
    }
  }
  if let group = place.securityGroup {
    if let setting = lookup.policySetting(of: group, .securitySetting) {
      layers += setting.ownLayers
    }
    if let service = place.service,
      let setting = lookup.policySetting(of: service, in: group, .serviceSecuritySetting)
    {
      layers += setting.ownLayers + setting.layers(ofSubset: place.subset)
    }
  }
  return layers
}

extension Kind {
  /// The kind of the setting that an organization, a tenant or a workspace has.
  package var settingKind: Kind? {
    switch self {
    case .organization: .organizationSetting
    case .tenant: .tenantSetting
    case .workspace: .workspaceSetting
    default: nil
    }
  }
}

extension Resource {
  /// What an organization or a workspace says about what is near, in a field of its own.
  package var failover: FailoverSettings? {
    switch spec {
    case .organizationSetting(let setting): setting.failover
    case .workspaceSetting(let setting): setting.failover
    default: nil
    }
  }

  /// What holds below an organization, a tenant or a workspace.
  package var defaultSettings: DefaultSettings? {
    switch spec {
    case .organizationSetting(let setting): setting.defaults
    case .tenantSetting(let defaults): defaults
    case .workspaceSetting(let setting): setting.defaults
    default: nil
    }
  }

  package var defaultLayers: [PolicyLayer] {
    let traffic = defaultSettings?.traffic.map { setting in
      PolicyLayer(.setting, PolicySource(ref, ["spec", "defaultTrafficSetting"]), setting.values)
    }
    let security = defaultSettings?.security.map { setting in
      PolicyLayer(setting, PolicySource(ref, ["spec", "defaultSecuritySetting"]))
    }
    return [traffic, security].compactMap { $0 }
  }

  /// What a setting of a group or of a service says.
  package var ownLayers: [PolicyLayer] {
    switch spec {
    case .trafficSetting(let setting):
      [PolicyLayer(.setting, PolicySource(ref), setting.values)]
    case .serviceTrafficSetting(let setting):
      [PolicyLayer(.setting, PolicySource(ref, ["spec", "settings"]), setting.setting.values)]
    case .securitySetting(let setting): [PolicyLayer(setting, PolicySource(ref))]
    case .serviceSecuritySetting(let setting):
      [PolicyLayer(setting.setting, PolicySource(ref, ["spec", "settings"]))]
    default: []
    }
  }

  fileprivate func layers(ofSubset name: String?) -> [PolicyLayer] {
    guard case .serviceSecuritySetting(let setting) = spec else { return [] }
    return setting.subsets.filter { $0.name == name }.map { subset in
      PolicyLayer(subset.setting, PolicySource(ref, ["spec", "subsets", subset.name, "settings"]))
    }
  }
}

extension PolicyLayer {
  fileprivate init(_ setting: SecuritySetting, _ source: PolicySource) {
    self.init(.setting, source, setting.values, propagation: setting.propagation)
  }
}
