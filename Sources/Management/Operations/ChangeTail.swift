import Model
import Storage
import Streams

/// The newest changes, read once for everybody who follows them.
actor ChangeTail {
  private let store: Store
  /// Without gaps, oldest first.
  private var changes: [StoredChange] = []
  private var steps = 0
  /// The one reading that all who ask meanwhile wait for.
  private var reading: Task<Void, any Error>?

  /// So many objects may be in the changes that are kept.
  private static let capacity = 5_000
  private static let page = 200

  init(store: Store) { self.store = store }

  /// Changes after `revision`, oldest first.
  func changes(after revision: Revision, limit: Int) async throws -> [StoredChange] {
    let newest = store.position.current.revision
    while let last = changes.last?.revision.number, last < newest, revision.number >= last - 1_000 {
      try await readOn(after: last)
    }
    if changes.isEmpty { append(try await store.changes(after: revision, limit: limit)) }
    guard let first = changes.first?.revision.number, revision.number >= first - 1 else {
      return try await store.changes(after: revision, limit: limit)
    }
    let start = min(changes.count, Int(revision.number - first + 1))
    return Array(changes[start...].prefix(limit))
  }

  private func readOn(after last: Int64) async throws {
    if let reading { return try await reading.value }
    // Of nobody's own: who asked first may go away while others wait.
    let task = Task { append(try await store.changes(after: Revision(last), limit: Self.page)) }
    reading = task
    defer { reading = nil }
    try await task.value
  }

  /// Others may have appended while this was read.
  private func append(_ read: [StoredChange]) {
    for change in read
    where change.revision.number == (changes.last?.revision.number).map({ $0 + 1 })
      ?? change.revision.number
    {
      changes.append(change)
      steps += change.steps.count
    }
    while steps > Self.capacity, changes.count > 1 {
      steps -= changes.removeFirst().steps.count
    }
  }
}
