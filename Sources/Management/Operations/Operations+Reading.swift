package import Access
package import Model
package import Publication
package import Storage

extension Operations {
  package func get(_ principal: Principal, _ ref: ResourceRef) async throws -> StoredObject {
    try authorize(principal, to: .read, on: ref)
    guard let object = try await store.object(ref) else {
      throw OperationError.missing(what: ref.text)
    }
    return object
  }

  package func list(
    _ principal: Principal, _ collection: Collection, labels: [LabelRequirement] = [], limit: Int,
    after cursor: Store.Cursor? = nil
  ) async throws -> Store.Page {
    try authorize(principal, to: .read, on: collection.parent)
    if let parent = collection.parent, try await store.object(parent) == nil {
      throw OperationError.missing(what: parent.text)
    }
    do {
      return try await store.list(
        collection: collection.fqn, labels: labels, limit: limit, after: cursor)
    } catch let error as StoreError { throw OperationError(error) }
  }

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
    _ principal: Principal, before revision: Revision? = nil, limit: Int
  ) async throws -> [FollowedChange] {
    try authorize(principal, to: .readChanges, on: nil)
    return try await store.changes(before: revision, limit: limit).map(followed)
  }

  /// Changes after a revision, oldest first, for followers.
  package func changes(
    _ principal: Principal, after revision: Revision, limit: Int
  ) async throws -> [StoredChange] {
    try authorize(principal, to: .readChanges, on: nil)
    return try await store.changes(after: revision, limit: limit)
  }

  package func followed(_ change: StoredChange) -> FollowedChange {
    FollowedChange(
      change: change,
      propagation: publication.propagation(
        ofRevision: change.revision.number, committedAt: change.committedAt))
  }
}
