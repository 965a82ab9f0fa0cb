import Documents
import Manifests
import Model

/// A group holds the kinds of this API, or raw objects of Istio, and never both.
struct MixedGroups {
  private let current: CurrentObjects
  /// What is written or deleted now, and is told of itself.
  private let touched: Set<ResourceRef>
  /// Of the groups that are written.
  private let modes: [ResourceRef: Group.ConfigMode]

  init(current: CurrentObjects, puts: [Manifest], deletions: Set<ResourceRef>) {
    self.current = current
    touched = deletions.union(puts.map(\.ref))
    let pairs = puts.compactMap { manifest in
      if case .group(let group) = manifest.spec { (manifest.ref, group.configMode) } else { nil }
    }
    modes = Dictionary(pairs) { _, last in last }
  }

  /// What is wrong with an object in its group, or with a group for the objects in it.
  func problems(of manifest: Manifest) -> [Diagnostic] {
    if case .group(let group) = manifest.spec { return problems(of: manifest, group) }
    guard let parent = manifest.ref.parent, let mode = mode(of: parent),
      let needed = manifest.ref.kind.neededMode, needed != mode
    else { return [] }
    return [
      Diagnostic(
        code: ManifestCode.mixedGroup.rawValue, subject: manifest.ref.fqn,
        path: FieldPath() / "kind",
        message: "\(parent.fqn) is \(mode.rawValue), and \(needed.rawValue) groups alone hold a "
          + manifest.ref.kind.rawValue)
    ]
  }

  private func problems(of manifest: Manifest, _ group: Group) -> [Diagnostic] {
    let stranger = current.descendants(of: manifest.ref).first { ref in
      guard ref.parent == manifest.ref, !touched.contains(ref), let needed = ref.kind.neededMode
      else { return false }
      return needed != group.configMode
    }
    guard let stranger else { return [] }
    return [
      Diagnostic(
        code: ManifestCode.mixedGroup.rawValue, subject: manifest.ref.fqn,
        path: FieldPath() / "spec" / "configMode",
        message: "a \(group.configMode.rawValue) group cannot hold \(stranger.fqn); delete what it "
          + "holds in the same change, or before")
    ]
  }

  /// nil where the group is of the kind that holds raw objects anyhow.
  private func mode(of group: ResourceRef) -> Group.ConfigMode? {
    guard group.kind.isGroup, group.kind != .istioInternalGroup else { return nil }
    if let mode = modes[group] { return mode }
    if case .group(let group)? = current.resources[group]?.spec { return group.configMode }
    return nil
  }
}

extension Kind {
  /// The mode of the group that an object of the kind has to be in; nil: either will do.
  fileprivate var neededMode: Group.ConfigMode? {
    guard let parent, parent.isGroup, parent != .istioInternalGroup, !isAccess else { return nil }
    if istioGroup != nil { return .direct }
    return [.installGateway, .sharedGatewayReferenceGrant].contains(self) ? nil : .bridged
  }
}
