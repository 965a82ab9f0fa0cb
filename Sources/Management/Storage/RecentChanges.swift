private import DequeModule
internal import Model

/// The newest changes of objects as they were written, so that those who follow the store need not
/// read them again. A bounded excerpt: what is not here is read from the database.
struct RecentChanges: Sendable {
  private struct Change {
    var before: Store.Position
    var after: Store.Position
    var objects: [ResourceRef: StoredObject?]
  }

  /// By the position that a change started from; answers of one commit may arrive in any order.
  private var changes: [Store.Position: Change] = [:]
  private var order: Deque<Store.Position> = []
  private var objectCount = 0

  /// Followers are rarely more than a few commits behind, and an object may have a mebibyte.
  static let maximumChanges = 64
  /// In all changes together.
  static let maximumObjects = 256

  mutating func add(
    _ objects: [ResourceRef: StoredObject?], from before: Store.Position, to after: Store.Position
  ) {
    guard objects.count <= Self.maximumObjects, changes[before] == nil else { return }
    changes[before] = Change(before: before, after: after, objects: objects)
    order.append(before)
    objectCount += objects.count
    while order.count > Self.maximumChanges || objectCount > Self.maximumObjects,
      let oldest = order.popFirst()
    {
      objectCount -= changes.removeValue(forKey: oldest)?.objects.count ?? 0
    }
  }

  /// Everything written after `position`, folded, when that is all here as far as `goal`.
  func batch(after position: Store.Position, to goal: Store.Position) -> Store.Batch? {
    var batch = Store.Batch(position: position)
    while let change = changes[batch.position] {
      batch.objects.merge(change.objects) { _, newer in newer }
      batch.position = change.after
    }
    guard batch.position != position, !goal.isAhead(of: batch.position) else { return nil }
    batch.revision = Revision(batch.position.revision)
    return batch
  }
}
