import Documents
import Manifests
import Model
import Storage

/// The objects at one moment: as stored, as meant where they can be read, and who is near whom.
struct CurrentObjects {
  private(set) var stored: [ResourceRef: StoredObject] = [:]
  private(set) var resources: [ResourceRef: Resource] = [:]
  /// By parent, one level.
  private var children: [ResourceRef: Set<ResourceRef>] = [:]
  private var ownership = OwnershipIndex()
  /// By the object that is referred to.
  private var referrers: [ResourceRef: Set<ResourceRef>] = [:]

  mutating func set(_ object: StoredObject?, at ref: ResourceRef) {
    if let before = resources[ref] {
      for reference in references(of: before) { referrers[reference.ref]?.remove(ref) }
    }
    stored[ref] = object
    resources[ref] = object.flatMap(Self.resource(of:))
    if let after = resources[ref] {
      for reference in references(of: after) {
        referrers[reference.ref, default: []].insert(ref)
      }
    }
    let isThere = object != nil
    Self.note(ref, isThere, under: ref.parent, in: &children)
    ownership.set(resources[ref], at: ref)
  }

  /// What the object means, where it can be read. What was accepted once stays; what is wrong with
  /// it now is the reconciler's to report.
  static func resource(of object: StoredObject) -> Resource? {
    Manifests.resource(
      from: object.manifest, ref: object.ref, revision: object.revision, created: object.created
    ).value
  }

  /// The objects below `ref`, parents first.
  func descendants(of ref: ResourceRef) -> [ResourceRef] {
    var found: [ResourceRef] = []
    var next = Array(children[ref, default: []])
    while let child = next.popLast() {
      found.append(child)
      next += children[child, default: []]
    }
    return found.sorted()
  }

  /// Everything that may contend with an object about what it owns.
  func contenders(of resource: Resource) -> [Resource] { ownership.contenders(of: resource) }

  /// The objects that refer to `ref`.
  func referrers(of ref: ResourceRef) -> Set<ResourceRef> { referrers[ref, default: []] }

  private static func note(
    _ ref: ResourceRef, _ isThere: Bool, under key: ResourceRef?,
    in groups: inout [ResourceRef: Set<ResourceRef>]
  ) {
    guard let key else { return }
    if isThere {
      groups[key, default: []].insert(ref)
    } else {
      groups[key]?.remove(ref)
      if groups[key]?.isEmpty == true { groups[key] = nil }
    }
  }
}
