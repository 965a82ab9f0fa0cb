import Documents
import Manifests
import Model
import Storage

/// A change that has been read, against the objects that it would change.
struct IntendedChange {
  let current: CurrentObjects
  let puts: [Manifest]
  let deletions: Set<ResourceRef>
  private let written: Set<ResourceRef>

  init(current: CurrentObjects, puts: [Manifest], deletions: Set<ResourceRef>) {
    self.current = current
    self.puts = puts.sorted { $0.ref < $1.ref }
    self.deletions = deletions
    written = Set(puts.map(\.ref))
  }

  var steps: [ProposedChange.Step] {
    let puts = puts.map { manifest in
      ProposedChange.Step.put(
        ref: manifest.ref, manifest: manifest.document, labels: manifest.labels, expecting: nil)
    }
    return puts + deletions.sorted().map { .delete(ref: $0, expecting: nil) }
  }

  /// Everything that would be wrong afterwards and was not before: objects without parents,
  /// references to nothing, things owned twice, groups of two minds.
  func problems() -> [Diagnostic] {
    var found: [Diagnostic] = []
    var earlier = OwnershipIndex()
    let groups = MixedGroups(current: current, puts: puts, deletions: deletions)
    for manifest in puts {
      let resource = manifest.resource()
      let problems =
        observed(manifest) + missingParent(of: manifest) + danglingReferences(of: resource)
        + groups.problems(of: manifest)
        + ownershipConflicts(
          of: resource, among: unchangedContenders(of: resource) + earlier.contenders(of: resource))
      found += problems.map { $0.located(in: manifest) }
      earlier.set(resource, at: resource.ref)
    }
    return found + deletions.sorted().flatMap(brokenReferences)
  }

  private func exists(_ ref: ResourceRef) -> Bool {
    written.contains(ref) || (current.stored[ref] != nil && !deletions.contains(ref))
  }

  private func unchangedContenders(of resource: Resource) -> [Resource] {
    current.contenders(of: resource).filter {
      !written.contains($0.ref) && !deletions.contains($0.ref)
    }
  }

  private func observed(_ manifest: Manifest) -> [Diagnostic] {
    guard manifest.ref.kind.isObserved else { return [] }
    return [
      Diagnostic(
        code: ManifestCode.observed.rawValue, subject: manifest.ref.fqn,
        path: FieldPath() / "kind",
        message: "\(manifest.ref.kind.plural) are what agents observe, and nobody writes them; "
          + "leave it out")
    ]
  }

  private func missingParent(of manifest: Manifest) -> [Diagnostic] {
    guard let parent = manifest.ref.parent, !exists(parent) else { return [] }
    return [
      Diagnostic(
        code: ManifestCode.danglingReference.rawValue, subject: manifest.ref.fqn,
        path: FieldPath() / "metadata" / parent.kind.metadataKey,
        message: "\(parent.text) does not exist; create it first, or in the same change")
    ]
  }

  private func danglingReferences(of resource: Resource) -> [Diagnostic] {
    references(of: resource).filter { !exists($0.ref) }.map { path, ref in
      Diagnostic(
        code: ManifestCode.danglingReference.rawValue, subject: resource.ref.fqn, path: path,
        message: "\(ref.fqn) does not exist")
    }
  }

  private func brokenReferences(by deleted: ResourceRef) -> [Diagnostic] {
    let remaining = current.referrers(of: deleted).filter { !deletions.contains($0) }
    return remaining.sorted().filter { !written.contains($0) }.map { referrer in
      Diagnostic(
        code: ManifestCode.danglingReference.rawValue, subject: deleted.fqn,
        message: "\(referrer.fqn) refers to it; change that first")
    }
  }
}

extension Diagnostic {
  /// With the place in the text where the path is, or what it would be in.
  fileprivate func located(in manifest: Manifest) -> Diagnostic {
    var located = self
    located.file = manifest.file
    var steps = path.steps
    located.mark = manifest.marks[path]
    while located.mark == nil, steps.popLast() != nil {
      located.mark = manifest.marks[FieldPath(steps)]
    }
    return located
  }
}
