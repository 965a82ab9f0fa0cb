package import Access
import Documents
import Manifests
package import Model
package import Publication
package import Storage

extension Operations {
  /// A change and where it has got to.
  package struct FollowedChange: Sendable {
    package var change: StoredChange
    package var propagation: RevisionPropagation
  }

  package func change(
    _ principal: Principal, _ revision: Revision
  ) async throws -> FollowedChange {
    try authorize(principal, to: .readChanges, on: nil)
    guard let change = try await store.change(revision) else {
      throw OperationError.missing(what: "change \(revision.number)")
    }
    return followed(change)
  }

  /// Changes before a revision (nil: the newest), newest first.
  package func changes(
    _ principal: Principal, before revision: Revision? = nil,
    matching filter: Store.ChangeFilter = Store.ChangeFilter(), limit: Int
  ) async throws -> [FollowedChange] {
    try authorize(principal, to: .readChanges, on: nil)
    return try await store.changes(before: revision, matching: filter, limit: limit).map(followed)
  }

  /// Changes after a revision, oldest first, for followers.
  package func changes(
    _ principal: Principal, after revision: Revision, limit: Int
  ) async throws -> [StoredChange] {
    try authorize(principal, to: .readChanges, on: nil)
    return try await tail.changes(after: revision, limit: limit)
  }

  package func followed(_ change: StoredChange) -> FollowedChange {
    FollowedChange(
      change: change,
      propagation: publication.propagation(
        ofRevision: change.revision.number, committedAt: change.committedAt))
  }

  /// Makes everything, or what is at and below `root`, as it was at a revision, by a new change that
  /// is checked like any other.
  ///
  /// - Throws: `OperationError.missing` when there is no such revision; `Store.Answered`.
  package func rollBack(
    _ principal: Principal, to revision: Revision, below root: ResourceRef? = nil,
    mode: Store.Mode = .write, once: Once? = nil
  ) async throws -> WriteResult {
    try authorize(principal, to: .readChanges, on: nil)
    guard try await store.change(revision) != nil else {
      throw OperationError.missing(what: "change \(revision.number)")
    }
    return try await write(principal, mode: mode, once: once) { view in
      try Self.restoration(of: view.manifests(at: revision, below: root))
    }
  }

  /// What was there comes back; what was not goes, children with their parents.
  private static func restoration(
    of past: [ResourceRef: Document?]
  ) throws -> [Draft] {
    var diagnostics: [Diagnostic] = []
    let drafts = past.sorted { $0.key < $1.key }.compactMap { ref, document -> Draft? in
      guard let document else { return .remove(ref) }
      let read = Manifests.manifest(from: document, at: ref)
      guard let manifest = read.value else {
        diagnostics += read.diagnostics
        return nil
      }
      return .put(manifest, .none)
    }
    guard diagnostics.isEmpty else { throw OperationError.rejected(diagnostics) }
    return drafts
  }
}
