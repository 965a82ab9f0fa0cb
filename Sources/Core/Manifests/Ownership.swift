package import Documents
package import Model

/// Whether a write of one object can make another one wrong, or be made wrong by it, as far as
/// ownership goes. Who holds many objects finds those with an `OwnershipIndex`.
package func mayContend(_ ref: ResourceRef, with other: ResourceRef) -> Bool {
  guard ref != other, ref.names[0] == other.names[0] else { return false }
  func areInOneWorkspace() -> Bool {
    guard let workspace = ref.ancestor(.workspace) else { return false }
    return workspace == other.ancestor(.workspace)
  }
  if ref.kind == .workspace { return other.kind == .workspace || areInOneWorkspace() }
  if ref.kind.isGroup {
    return areInOneWorkspace()
      && (other.kind == .workspace || other.kind == ref.kind || other.parent == ref)
  }
  if settingKinds.contains(ref.kind) {
    return other.parent == ref.parent && other.kind == ref.kind
  }
  if other == ref.parent { return ref.kind.parent?.isGroup == true }
  let alike = gatewayKinds.contains(ref.kind) ? gatewayKinds : [ref.kind]
  let isContested = gatewayKinds.contains(ref.kind) || serviceKinds.contains(ref.kind)
  return isContested && alike.contains(other.kind) && areInOneWorkspace()
}

/// Kinds of which there is one below a parent.
private let settingKinds: Set<Kind> = [
  .organizationSetting, .tenantSetting, .workspaceSetting, .trafficSetting, .securitySetting,
]
/// Kinds of which there is one for a service.
private let serviceKinds: Set<Kind> = [
  .serviceRoute, .serviceTrafficSetting, .serviceSecuritySetting,
]
/// Kinds of which there is one for some gateways.
private let gatewayKinds: Set<Kind> = [.gateway, .ingressGateway, .tier1Gateway]

/// What is wrong between a changed object and others: namespaces owned twice, groups that leave
/// their workspace, second settings, services outside of the group.
/// - Parameter others: everything that `mayContend` with it, and more if that is easier; the changed
///   object itself is passed over.
package func ownershipConflicts(
  of changed: Resource, among others: some Sequence<Resource>
) -> [Diagnostic] {
  var found: [Diagnostic] = []
  for other in others.sorted(by: { $0.ref < $1.ref })
  where mayContend(changed.ref, with: other.ref) {
    if let conflict = conflict(of: changed, with: other) {
      found.append(
        Diagnostic(
          code: conflict.code.rawValue, subject: changed.ref.fqn, path: conflict.path,
          message: conflict.message))
    }
  }
  return found
}

/// What is wrong between objects, each pair reported once, on the one that came later.
package func ownershipConflicts(among resources: [Resource]) -> [Diagnostic] {
  let inOrder = resources.sorted { left, right in
    left.created == right.created ? left.ref < right.ref : left.created < right.created
  }
  return inOrder.indices.flatMap { index in
    ownershipConflicts(of: inOrder[index], among: inOrder[..<index])
  }
}

private struct Conflict {
  let code: ManifestCode
  let path: FieldPath
  let message: String
}

private let selectorPath = FieldPath() / "spec" / "namespaceSelector" / "names"

private func conflict(of changed: Resource, with other: Resource) -> Conflict? {
  switch (changed.spec, other.spec) {
  case (.workspace(let mine), .workspace(let theirs)):
    return overlap(mine.namespaceSelector, theirs.namespaceSelector, ownedBy: other.ref)
  case (.group(let mine), .group(let theirs)):
    return overlap(mine.namespaceSelector, theirs.namespaceSelector, ownedBy: other.ref)
  case (.group(let group), .workspace(let workspace)):
    return escape(group.namespaceSelector, from: workspace.namespaceSelector).map { term in
      Conflict(
        code: .outsideWorkspace, path: selectorPath[term.index],
        message: "'\(term.text)' is not within \(other.ref.text), which selects "
          + list(workspace.namespaceSelector))
    }
  case (.workspace(let workspace), .group(let group)):
    return escape(group.namespaceSelector, from: workspace.namespaceSelector).map { term in
      Conflict(
        code: .outsideWorkspace, path: selectorPath,
        message: "\(other.ref.kind.apiGroup) group \(other.ref.name) selects '\(term.text)', which "
          + "would be outside; change the group first")
    }
  case (.serviceRoute(let mine), .serviceRoute(let theirs)):
    guard mine.service == theirs.service else { return nil }
    return Conflict(
      code: .secondOfItsKind, path: FieldPath() / "spec" / "service",
      message: "\(other.ref.text) routes \(mine.service.host) already; a service has one "
        + "ServiceRoute in a workspace")
  case (.serviceTrafficSetting(let mine), .serviceTrafficSetting(let theirs)):
    return mine.service == theirs.service ? second(of: mine.service, other.ref) : nil
  case (.serviceSecuritySetting(let mine), .serviceSecuritySetting(let theirs)):
    return mine.service == theirs.service ? second(of: mine.service, other.ref) : nil
  case (.trafficSetting, .trafficSetting), (.securitySetting, .securitySetting),
    (.organizationSetting, .organizationSetting), (.workspaceSetting, .workspaceSetting),
    (.tenantSetting, .tenantSetting):
    let owner = other.ref.parent?.kind.title ?? "parent"
    let parent = owner.hasSuffix("group") ? "group" : owner
    return Conflict(
      code: .secondOfItsKind, path: FieldPath() / "metadata" / "name",
      message: "\(other.ref.text) is the setting of the \(parent); there is one")
  case (.gateway(let mine), .gateway(let theirs)):
    guard mine.selector == theirs.selector else { return nil }
    return Conflict(
      code: .secondOfItsKind, path: FieldPath() / "spec" / "workloadSelector",
      message: "\(other.ref.text) configures the same gateways; a selector has one Gateway object")
  case (_, .group(let group)): return foreign(changed, in: group, other.ref)
  case (.group(let group), _): return stranded(other, in: group)
  default: return nil
  }
}

private func second(of service: ServiceName, _ other: ResourceRef) -> Conflict {
  Conflict(
    code: .secondOfItsKind, path: FieldPath() / "spec" / "service",
    message: "\(other.text) is about \(service.host) already; a service has one in a workspace")
}

private func overlap(
  _ mine: NamespaceSelector, _ theirs: NamespaceSelector, ownedBy owner: ResourceRef
) -> Conflict? {
  for (index, term) in mine.terms.enumerated() {
    guard let contested = theirs.terms.first(where: term.overlaps) else { continue }
    let title = owner.kind.title
    return Conflict(
      code: .namespaceOwned, path: selectorPath[index],
      message: "'\(term.text)' overlaps '\(contested.text)' of \(title) \(owner.fqn), "
        + "which owns it")
  }
  return nil
}

/// The first term of a group that no term of its workspace covers.
private func escape(
  _ group: NamespaceSelector, from workspace: NamespaceSelector
) -> (index: Int, text: String)? {
  for (index, term) in group.terms.enumerated()
  where !workspace.terms.contains(where: { $0.covers(term) }) {
    return (index, term.text)
  }
  return nil
}

/// A namespace that the resource is about and its group does not select.
private func foreign(_ resource: Resource, in group: Group, _ ref: ResourceRef) -> Conflict? {
  guard let (namespace, path) = namespace(of: resource),
    !group.namespaceSelector.terms.contains(where: { $0.matches(namespace: namespace) })
  else { return nil }
  return Conflict(
    code: .foreignNamespace, path: path,
    message: "namespace '\(namespace)' is not in group \(ref.name), which selects "
      + list(group.namespaceSelector))
}

/// A changed group that no longer selects what one of its objects is about.
private func stranded(_ resource: Resource, in group: Group) -> Conflict? {
  guard let (namespace, _) = namespace(of: resource),
    !group.namespaceSelector.terms.contains(where: { $0.matches(namespace: namespace) })
  else { return nil }
  return Conflict(
    code: .foreignNamespace, path: selectorPath,
    message: "\(resource.ref.text) is about namespace '\(namespace)', which would be outside; "
      + "change it first")
}

private func namespace(of resource: Resource) -> (String, FieldPath)? {
  let spec = FieldPath() / "spec"
  switch resource.spec {
  case .serviceRoute(let route): return (route.service.namespace, spec / "service")
  case .gateway(let gateway):
    return (gateway.selector.namespace, spec / "workloadSelector" / "namespace")
  case .serviceTrafficSetting(let setting): return (setting.service.namespace, spec / "service")
  case .serviceSecuritySetting(let setting): return (setting.service.namespace, spec / "service")
  case .organization, .organizationSetting, .cluster, .tenant, .tenantSetting, .workspace,
    .workspaceSetting, .group, .trafficSetting, .securitySetting, .profile, .passive:
    return nil
  }
}

private func list(_ selector: NamespaceSelector) -> String {
  selector.terms.map { "'\($0.text)'" }.joined(separator: ", ")
}
