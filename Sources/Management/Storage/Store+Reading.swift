import GRDB
package import Model

extension Store {
  package func object(_ ref: ResourceRef) async throws -> StoredObject? {
    try await read { database in try StoreView(database: database).object(ref) }
  }

  /// Reads inside one consistent view.
  package func viewing<Value: Sendable>(
    _ body: @escaping @Sendable (borrowing StoreView) throws -> Value
  ) async throws -> Value {
    try await read { database in try body(StoreView(database: database)) }
  }

  package struct Page: Sendable {
    package var objects: [StoredObject]
    /// What every page of this list shows.
    package var revision: Revision
    /// Where the next page begins; nil: this was the last.
    package var next: Cursor?
  }

  /// The end of a page.
  package struct Cursor: Hashable, Sendable {
    package var revision: Revision
    /// The last FQN of the page.
    package var fqn: String

    package init(revision: Revision, fqn: String) {
      self.revision = revision
      self.fqn = fqn
    }
  }

  /// The objects of a collection (`organizations/acme/tenants`) that `labels` all hold for, by name.
  ///
  /// - Throws: `StoreError.revisionGone` when the collection has changed since the first page.
  package func list(
    collection: String, labels: [LabelRequirement] = [], limit: Int, after cursor: Cursor? = nil
  ) async throws -> Page {
    try await read { database in
      var revision = Revision(try Self.revision(in: database))
      if let cursor {
        let changed = try Int64.fetchOne(
          database,
          sql: "SELECT revision FROM change_step WHERE collection = ? AND revision > ? LIMIT 1",
          arguments: [collection, cursor.revision.number])
        guard changed == nil, cursor.revision <= revision else {
          throw StoreError.revisionGone(cursor.revision)
        }
        revision = cursor.revision
      }
      var objects: [StoredObject] = []
      let rows = try Row.fetchCursor(
        database,
        sql: "SELECT * FROM object WHERE collection = ? AND fqn > ? ORDER BY fqn",
        arguments: [collection, cursor?.fqn ?? ""])
      while let row = try rows.next() {
        let object = try RowCoding.object(row)
        guard labels.allSatisfy({ $0.holds(for: object.labels) }) else { continue }
        if objects.count == limit {
          let last = objects.last?.ref.fqn ?? ""
          return Page(
            objects: objects, revision: revision, next: Cursor(revision: revision, fqn: last))
        }
        objects.append(object)
      }
      return Page(objects: objects, revision: revision, next: nil)
    }
  }

  package func change(_ revision: Revision) async throws -> StoredChange? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM change WHERE revision = ?", arguments: [revision.number]
      ).map(RowCoding.change)
    }
  }

  /// Changes before `revision` (nil: the newest), newest first.
  package func changes(before revision: Revision? = nil, limit: Int) async throws -> [StoredChange]
  {
    try await read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT * FROM change WHERE revision < ? ORDER BY revision DESC LIMIT ?",
        arguments: [revision?.number ?? Int64.max, limit]
      ).map(RowCoding.change)
    }
  }

  /// Changes after `revision`, oldest first.
  package func changes(after revision: Revision, limit: Int) async throws -> [StoredChange] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM change WHERE revision > ? ORDER BY revision LIMIT ?",
        arguments: [revision.number, limit]
      ).map(RowCoding.change)
    }
  }
}

/// A term of a label selector.
package enum LabelRequirement: Hashable, Sendable {
  case equals(String, String)
  case differs(String, String)
  case exists(String)
  case absent(String)

  package func holds(for labels: [String: String]) -> Bool {
    switch self {
    case .equals(let key, let value): labels[key] == value
    case .differs(let key, let value): labels[key] != value
    case .exists(let key): labels[key] != nil
    case .absent(let key): labels[key] == nil
    }
  }
}
