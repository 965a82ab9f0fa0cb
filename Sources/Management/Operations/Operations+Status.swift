package import Access
import Documents
package import Model
package import Publication
package import Storage

/// How far an object and everything below it have come.
package struct StatusTree: Sendable {
  package struct Child: Hashable, Sendable {
    package var ref: ResourceRef
    /// Of itself and everything below it.
    package var state: ObjectState
    /// Why it is not READY, as far as there is a reason.
    package var message: String?
  }

  /// Of the object and everything below it.
  package var state: ObjectState
  /// How many objects are in which state, the object itself included.
  package var counts: [ObjectState: Int]
  /// The objects directly below, in the order of the tree.
  package var children: [Child]
}

extension ObjectState {
  /// What a parent is when its parts are these: one that failed fails it, and it is ready when all
  /// are.
  package static func aggregated(_ counts: [ObjectState: Int]) -> ObjectState {
    let states = Set(counts.filter { $0.value > 0 }.keys)
    if states.contains(.failed) { return .failed }
    if states.count <= 1 { return states.first ?? .ready }
    if states.contains(.partial) || states.contains(.accepted) { return .partial }
    return .dirty
  }
}

extension Operations {
  /// Where the object has got to. Not a part of what its etag covers.
  package func status(
    _ principal: Principal, _ ref: ResourceRef
  ) async throws -> (object: StoredObject, status: ObjectStatus) {
    let object = try await get(principal, ref)
    return (object, status(of: object))
  }

  package func status(of object: StoredObject) -> ObjectStatus {
    publication.status(
      ofObject: object.ref.fqn, revision: object.revision.number, committedAt: object.updatedAt)
  }

  /// Where the object and everything below it have got to.
  package func statusTree(_ principal: Principal, _ ref: ResourceRef) async throws -> StatusTree {
    try authorize(principal, to: .read, on: ref)
    let marks = try await store.viewing { view in try view.marks(below: ref) }
    guard !marks.isEmpty else { throw OperationError.missing(what: ref.text) }
    var counts: [ObjectState: Int] = [:]
    var below: [ResourceRef: [ObjectState: Int]] = [:]
    var messages: [ResourceRef: String] = [:]
    for mark in marks {
      let status = publication.status(
        ofObject: mark.ref.fqn, revision: mark.revision.number, committedAt: mark.updatedAt)
      counts[status.state, default: 0] += 1
      guard mark.ref != ref, let child = Self.child(of: ref, on: mark.ref) else { continue }
      below[child, default: [:]][status.state, default: 0] += 1
      if messages[child] == nil, status.state == .failed {
        messages[child] = Self.reason(status).map { "\(mark.ref.text): \($0)" }
      }
    }
    let children = below.sorted { $0.key < $1.key }.map { child, counts in
      StatusTree.Child(
        ref: child, state: .aggregated(counts), message: messages[child])
    }
    return StatusTree(state: .aggregated(counts), counts: counts, children: children)
  }

  /// The object directly below `parent` on the way to `ref`.
  private static func child(of parent: ResourceRef, on ref: ResourceRef) -> ResourceRef? {
    var step = ref
    while let above = step.parent {
      if above == parent { return step }
      step = above
    }
    return nil
  }

  private static func reason(_ status: ObjectStatus) -> String? {
    status.problems.first { $0.severity == .error }?.message
      ?? status.clusters.flatMap(\.rejections).first?.reason
  }
}
