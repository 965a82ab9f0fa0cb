import Documents
import Inheritance
import Manifests
import Model
import Storage

/// A place in the tree, and the properties that are settled there.
struct EffectiveScope {
  var place: PolicyPlace
  var properties: [PolicyProperty]

  init(_ place: PolicyPlace) { self.init(place, place.properties) }

  private init(_ place: PolicyPlace, _ properties: [PolicyProperty]) {
    self.place = place
    self.properties = properties
  }

  /// What an object inherits, by the places that say it; empty where it inherits nothing.
  static func scopes(of resource: Resource, _ current: CurrentObjects) -> [EffectiveScope] {
    if let place = PolicyPlace(of: resource) { return [EffectiveScope(place)] }
    guard let group = resource.ref.ancestor(.gatewayGroup),
      let workspace = resource.ref.ancestor(.workspace),
      resource.gatewayNamespace != nil || resource.ref == group
    else { return [] }
    // Gateways are told by the workspace what is near, and by the traffic group that owns their
    // namespace how they call.
    let traffic = resource.gatewayNamespace.flatMap {
      trafficGroup(of: $0, below: group, in: workspace, current)
    }
    return [
      EffectiveScope(PolicyPlace(workspace), [.failover]),
      EffectiveScope(
        PolicyPlace(workspace, trafficGroup: traffic),
        PolicyProperty.allCases.filter { !$0.isSecurity && $0 != .failover }),
    ]
  }

  /// The traffic group that owns a namespace in every cluster in which a gateway group owns it.
  private static func trafficGroup(
    of namespace: String, below gateways: ResourceRef, in workspace: ResourceRef,
    _ current: CurrentObjects
  ) -> ResourceRef? {
    let places = (current.resources[gateways]?.namespaceSelector?.terms ?? [])
      .filter { $0.matches(namespace: namespace) }
      .map { NamespaceSelector.Term(cluster: $0.cluster, namespace: namespace) }
    guard !places.isEmpty else { return nil }
    return current.children(of: workspace, .trafficGroup).first { group in
      let terms = group.namespaceSelector?.terms ?? []
      return places.allSatisfy { place in terms.contains { $0.covers(place) } }
    }?.ref
  }
}

extension Resource {
  /// The namespace of the proxies that a gateway object configures.
  fileprivate var gatewayNamespace: String? {
    if case .gateway(let gateway) = spec { gateway.selector.namespace } else { nil }
  }
}

extension EffectiveView {
  /// What an object says of nobody but itself: every field of its `spec` that is not inherited.
  static func ownProperties(of object: StoredObject) -> [Property] {
    let members = Manifests.masked(object.manifest, of: object.ref.kind)["spec"]?.object ?? [:]
    let inherited = object.ref.kind.inheritedFields
    let idle = Manifests.notYetEffective(in: object.manifest, of: object.ref.kind)
    return members.sorted { $0.key < $1.key }.filter { !inherited.contains($0.key) }.map {
      name, value in
      let path = FieldPath() / "spec" / name
      let source = Source(
        ref: object.ref, path: path,
        notYetEffective: idle.filter {
          $0.steps.starts(with: path.steps) || path.steps.starts(with: $0.steps)
        })
      return Property(name: name, path: [name], value: value, sources: [source])
    }
  }

  /// The security domain of a place, which the topmost object that names one decides.
  static func domain(of place: PolicyPlace, _ current: CurrentObjects) -> Property? {
    guard place.trafficGroup == nil else { return nil }
    let chain = [
      place.root.ancestor(.tenant), place.root.ancestor(.workspace), place.securityGroup,
    ]
    for ref in chain.compactMap({ $0 }) {
      guard let domain = current.resources[ref]?.securityDomain else { continue }
      let field = "securityDomain"
      let source = Source(ref: ref, path: FieldPath() / "spec" / field, notYetEffective: [])
      return Property(
        name: field, path: [field], value: .string(domain.fqn), sources: [source])
    }
    return nil
  }
}

extension Kind {
  /// The fields of `spec` of which it is told by property who says what holds in the end.
  fileprivate var inheritedFields: Set<String> {
    switch self {
    case .organizationSetting, .tenantSetting, .workspaceSetting:
      ["defaultSecuritySetting", "defaultTrafficSetting", "failoverSettings"]
    case .trafficSetting, .securitySetting: Set(spec.fields.map(\.name))
    case .serviceTrafficSetting, .serviceSecuritySetting: ["settings", "subsets"]
    case .tenant, .workspace, .securityGroup: ["securityDomain"]
    default: []
    }
  }
}
