package import Model

/// Many objects, arranged so that those that may contend with one about what they own are found
/// without a look at the others.
package struct OwnershipIndex: Sendable {
  /// What one object only may have: two that claim the same are in conflict.
  private enum Claim: Hashable {
    /// To be the setting of a parent.
    case setting(Kind, of: ResourceRef)
    /// To say something of its kind about a service, within a workspace.
    case service(Kind, ServiceName, in: ResourceRef)
    /// To configure the gateways that a selector selects, within a workspace.
    case gateways(WorkloadSelector, in: ResourceRef)
  }

  private var resources: [ResourceRef: Resource] = [:]
  private var claimants: [Claim: Set<ResourceRef>] = [:]
  /// By organization.
  private var workspaces: [ResourceRef: Set<ResourceRef>] = [:]
  /// By workspace.
  private var groups: [ResourceRef: Set<ResourceRef>] = [:]
  /// By group.
  private var members: [ResourceRef: Set<ResourceRef>] = [:]

  package init() {}

  /// Takes an object in, in the place of what was there; nil: it is gone.
  package mutating func set(_ resource: Resource?, at ref: ResourceRef) {
    if let before = resources[ref] {
      if let claim = Self.claim(of: before) { Self.remove(ref, under: claim, from: &claimants) }
      note(ref, isThere: false)
    }
    resources[ref] = resource
    guard let resource else { return }
    if let claim = Self.claim(of: resource) { claimants[claim, default: []].insert(ref) }
    note(ref, isThere: true)
  }

  /// Everything that `ownershipConflicts` could find something wrong with when it is given `resource`,
  /// which itself is not among it.
  package func contenders(of resource: Resource) -> [Resource] {
    let ref = resource.ref
    var found = Self.claim(of: resource).flatMap { claimants[$0] } ?? []
    if let parent = ref.parent, parent.kind.isGroup || ref.kind.isGroup { found.insert(parent) }
    if ref.kind == .workspace {
      found.formUnion(ref.parent?.parent.flatMap { workspaces[$0] } ?? [])
      found.formUnion(groups[ref] ?? [])
    }
    if ref.kind.isGroup {
      found.formUnion(ref.parent.flatMap { groups[$0] } ?? [])
      found.formUnion(members[ref] ?? [])
    }
    found.remove(ref)
    return found.compactMap { resources[$0] }
  }

  private mutating func note(_ ref: ResourceRef, isThere: Bool) {
    guard let parent = ref.parent else { return }
    if ref.kind == .workspace, let organization = parent.parent {
      Self.note(ref, isThere, under: organization, in: &workspaces)
    } else if ref.kind.isGroup {
      Self.note(ref, isThere, under: parent, in: &groups)
    } else if parent.kind.isGroup {
      Self.note(ref, isThere, under: parent, in: &members)
    }
  }

  private static func note<Key: Hashable>(
    _ ref: ResourceRef, _ isThere: Bool, under key: Key, in sets: inout [Key: Set<ResourceRef>]
  ) {
    if isThere { sets[key, default: []].insert(ref) } else { remove(ref, under: key, from: &sets) }
  }

  private static func remove<Key: Hashable>(
    _ ref: ResourceRef, under key: Key, from sets: inout [Key: Set<ResourceRef>]
  ) {
    sets[key]?.remove(ref)
    if sets[key]?.isEmpty == true { sets[key] = nil }
  }

  private static func claim(of resource: Resource) -> Claim? {
    let ref = resource.ref
    guard let parent = ref.parent else { return nil }
    switch resource.spec {
    case .organizationSetting, .tenantSetting, .workspaceSetting, .trafficSetting, .securitySetting:
      return .setting(ref.kind, of: parent)
    case .serviceRoute(let route):
      return ref.ancestor(.workspace).map { .service(ref.kind, route.service, in: $0) }
    case .serviceTrafficSetting(let setting):
      return ref.ancestor(.workspace).map { .service(ref.kind, setting.service, in: $0) }
    case .serviceSecuritySetting(let setting):
      return ref.ancestor(.workspace).map { .service(ref.kind, setting.service, in: $0) }
    case .gateway(let gateway):
      return ref.ancestor(.workspace).map { .gateways(gateway.selector, in: $0) }
    case .organization, .cluster, .tenant, .workspace, .group, .profile, .passive: return nil
    }
  }
}
