import Documents
import GRDB
package import Model

extension Store {
  package enum Mode: Hashable, Sendable {
    case write
    /// Everything is checked and worked out as for a write, and then undone.
    case dryRun
  }

  /// Writes what `proposal` says, or nothing.
  package func commit(_ proposal: ProposedChange) async throws -> Committed {
    try await commit(actor: proposal.actor) { _ in proposal.steps }
  }

  /// Writes the steps that `decide` asks for. It runs inside the transaction, so what it sees is
  /// what is true when they are written; it must not keep the view.
  ///
  /// Objects that would not change are left alone; when nothing changes there is no revision.
  /// - Parameter written: hears inside the transaction, which may still fail, of a change and the
  ///   head that it made.
  /// - Parameter once: what makes this a request that is done once, however often it is sent.
  /// - Throws: `StoreError`, `Answered`, or what `decide` throws; nothing is written then.
  package func commit(
    actor: String, mode: Mode = .write, once: Once? = nil,
    _ decide: @escaping @Sendable (borrowing StoreView) throws -> [ProposedChange.Step],
    written: (@Sendable (Committed, StoreView.Head) -> Void)? = nil
  ) async throws -> Committed {
    let now = now
    do {
      let (committed, start, reached) = try await write { database in
        let answers = AnswerMemory(database: database, principal: actor, now: now())
        if let once, mode == .write { try answers.recall(once) }
        let steps = try decide(StoreView(database: database))
        let start = try Self.position(in: database)
        let change = ChangeWriter(database: database, actor: actor, now: now())
        let (committed, head) = try change.write(steps)
        if mode == .dryRun { throw Undone(committed: committed) }
        if let once { try answers.remember(once, committed) }
        written?(committed, head)
        let position = Position(
          revision: head.revision.number, inventory: try Self.inventory(in: database))
        return (committed, start, position)
      }
      // A change that also touched the inventory is read from there.
      if start.inventory == reached.inventory, start.revision < reached.revision {
        announce(committed.changedObjects, from: start, to: reached)
      } else {
        announce(reached)
      }
      return committed
    } catch let undone as Undone { return undone.committed }
  }

  /// Carries the result of a dry run past the end of its savepoint.
  private struct Undone: Error { let committed: Committed }
}

/// Writes one change inside a transaction.
private struct ChangeWriter {
  let database: Database
  let actor: String
  let now: Int64

  private var view: StoreView { StoreView(database: database) }

  /// Parents are written before their children and deleted after them.
  func write(_ steps: [ProposedChange.Step]) throws -> (Committed, StoreView.Head) {
    let head = try view.head()
    let revision = Revision(head.revision.number + 1)
    var seen: Set<ResourceRef> = []
    for step in steps {
      guard seen.insert(step.ref).inserted else { throw StoreError.repeated(step.ref) }
    }
    var results: [Committed.Result] = []
    for step in steps.sorted(by: { $0.ref < $1.ref }) {
      if case .put(let ref, let manifest, let labels, let expecting) = step {
        results.append(
          try put(ref, manifest, labels: labels, expecting: expecting, revision: revision))
      }
    }
    for step in steps.sorted(by: { $1.ref < $0.ref }) {
      if case .delete(let ref, let expecting) = step {
        results.append(try delete(ref, expecting: expecting))
      }
    }
    let changed = results.filter { $0.outcome != .unchanged }
    guard !changed.isEmpty else {
      return (Committed(revision: head.revision, results: results), head)
    }
    let hash = try record(changed, revision: revision, after: head.hash)
    for result in changed where result.ref.kind == .cluster {
      switch result.outcome {
      case .created:
        try InventoryWriter(database: database, now: now).allocatePort(of: result.ref.name)
      case .deleted: try InventoryWriter.forget(cluster: result.ref, in: database, at: now)
      case .updated, .unchanged: break
      }
    }
    return (
      Committed(revision: revision, results: results),
      StoreView.Head(revision: revision, hash: hash)
    )
  }

  private func put(
    _ ref: ResourceRef, _ manifest: Document, labels: [String: String], expecting: Revision?,
    revision: Revision
  ) throws -> Committed.Result {
    let stored = try view.object(ref)
    try check(ref, stored, expecting)
    if let stored, stored.manifest == manifest, stored.labels == labels {
      return Committed.Result(
        ref: ref, outcome: .unchanged, object: stored, before: stored.manifest)
    }
    var object = StoredObject(
      ref: ref, manifest: manifest, labels: labels, created: revision, revision: revision,
      createdAt: now, updatedAt: now)
    if let stored {
      object.created = stored.created
      object.createdAt = stored.createdAt
      try update(object)
    } else {
      if let parent = ref.parent, try view.object(parent) == nil {
        throw StoreError.missingParent(ref)
      }
      try insert(object)
    }
    return Committed.Result(
      ref: ref, outcome: stored == nil ? .created : .updated, object: object,
      before: stored?.manifest)
  }

  private func check(_ ref: ResourceRef, _ stored: StoredObject?, _ expecting: Revision?) throws {
    guard let expecting else { return }
    switch (stored, expecting.number) {
    case (nil, 0): return
    case (nil, _): throw StoreError.missing(ref)
    case (.some, 0): throw StoreError.exists(ref)
    case (.some(let stored), _):
      guard stored.revision == expecting else {
        throw StoreError.stale(ref, expected: expecting, actual: stored.revision)
      }
    }
  }

  private func insert(_ object: StoredObject) throws {
    let ref = object.ref
    let parent = ref.parent?.fqn
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO object (fqn, kind, collection, parent, manifest, labels, created, revision,
          createdAt, updatedAt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    try statement.execute(arguments: [
      ref.fqn, ref.kind.rawValue, ref.collection, parent, object.manifest.canonicalText,
      RowCoding.text(object.labels), object.created.number, object.revision.number,
      object.createdAt, object.updatedAt,
    ])
  }

  private func update(_ object: StoredObject) throws {
    let statement = try database.cachedStatement(
      sql: """
        UPDATE object SET manifest = ?, labels = ?, revision = ?, updatedAt = ? WHERE fqn = ?
        """)
    try statement.execute(arguments: [
      object.manifest.canonicalText, RowCoding.text(object.labels), object.revision.number,
      object.updatedAt, object.ref.fqn,
    ])
  }

  private func delete(_ ref: ResourceRef, expecting: Revision?) throws -> Committed.Result {
    guard let stored = try view.object(ref) else { throw StoreError.missing(ref) }
    try check(ref, stored, expecting)
    let child = try String.fetchOne(
      database.cachedStatement(sql: "SELECT fqn FROM object WHERE parent = ? LIMIT 1"),
      arguments: [ref.fqn])
    if let child { throw StoreError.hasChildren(ref, child: try RowCoding.ref(child)) }
    try database.cachedStatement(sql: "DELETE FROM object WHERE fqn = ?")
      .execute(arguments: [ref.fqn])
    return Committed.Result(ref: ref, outcome: .deleted, object: nil, before: stored.manifest)
  }

  /// The hash of the new row.
  private func record(
    _ results: [Committed.Result], revision: Revision, after previous: [UInt8]
  ) throws -> [UInt8] {
    let change = StoredChange(
      revision: revision, committedAt: now, actor: actor,
      steps: results.map { result in
        StoredChange.Step(ref: result.ref, before: result.before, after: result.object?.manifest)
      })
    let steps = RowCoding.document(change.steps).canonicalText
    let hash = RowCoding.chained(change.canonicalRow(steps: steps), after: previous)
    try database.cachedStatement(
      sql: """
        INSERT INTO change (revision, committedAt, actor, steps, previous, hash)
        VALUES (?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      revision.number, now, actor, steps, previous.data, hash.data,
    ])
    let statement = try database.cachedStatement(
      sql: "INSERT INTO change_step (revision, fqn, collection) VALUES (?, ?, ?)")
    for result in results {
      try statement.execute(arguments: [revision.number, result.ref.fqn, result.ref.collection])
    }
    return hash
  }
}

extension ResourceRef {
  /// The FQN of the collection that holds this object: `organizations/acme/tenants`.
  package var collection: String {
    let parent = parent.map { "\($0.fqn)/" } ?? ""
    return parent + kind.collection
  }
}
