import GRDB
package import Model

extension Store {
  package struct Page: Sendable {
    package var objects: [StoredObject]
    /// What every page of this list shows.
    package var revision: Revision
    /// Where the next page begins; nil: this was the last.
    package var next: Cursor?

    package init(objects: [StoredObject], revision: Revision, next: Cursor?) {
      self.objects = objects
      self.revision = revision
      self.next = next
    }
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

  /// Which objects of a collection.
  package struct Selection: Hashable, Sendable {
    /// `organizations/acme/tenants`.
    package var collection: String
    package var labels: [LabelRequirement]
    package var fields: [FieldRequirement]

    package init(
      collection: String, labels: [LabelRequirement] = [], fields: [FieldRequirement] = []
    ) {
      self.collection = collection
      self.labels = labels
      self.fields = fields
    }

    package func selects(_ object: StoredObject) -> Bool {
      labels.allSatisfy { $0.holds(for: object.labels) }
        && fields.allSatisfy { $0.holds(for: object) }
    }
  }

  /// The objects of a collection that `selection` holds for, by name. Every page of a list shows the
  /// collection as it was at the revision of the first.
  ///
  /// - Throws: `StoreError.revisionGone` when that revision is of another life of the database, or so
  ///   much has changed since that it would have to be worked out from the whole history.
  package func list(
    _ selection: Selection, limit: Int, after cursor: Cursor? = nil
  ) async throws -> Page {
    try await read { database in
      let newest = Revision(try Self.revision(in: database))
      let revision = cursor?.revision ?? newest
      var past: [String: StoredObject?] = [:]
      if let cursor, cursor.revision != newest {
        guard cursor.revision < newest else { throw StoreError.revisionGone(cursor.revision) }
        past = try History(database: database)
          .collection(selection.collection, at: cursor.revision, after: cursor.fqn)
      }
      var objects = try Self.present(
        selection, limit: limit + 1, after: cursor?.fqn ?? "", except: past, in: database)
      if !past.isEmpty {
        objects += past.values.compactMap { $0 }.filter(selection.selects)
        objects.sort { $0.ref.fqn.utf8.lexicographicallyPrecedes($1.ref.fqn.utf8) }
      }
      guard objects.count > limit, let last = objects.prefix(limit).last else {
        return Page(objects: objects, revision: revision, next: nil)
      }
      return Page(
        objects: Array(objects.prefix(limit)), revision: revision,
        next: Cursor(revision: revision, fqn: last.ref.fqn))
    }
  }

  /// The first objects that are there now and have not changed since the revision of the list.
  private static func present(
    _ selection: Selection, limit: Int, after fqn: String, except past: [String: StoredObject?],
    in database: Database
  ) throws -> [StoredObject] {
    var conditions = "collection = ? AND fqn > ?"
    var arguments: StatementArguments = [selection.collection, fqn]
    for field in selection.fields {
      switch field {
      case .name(let name):
        conditions += " AND fqn = ?"
        arguments += ["\(selection.collection)/\(name)"]
      case .service(let spellings):
        let places = spellings.map { _ in "?" }.joined(separator: ", ")
        conditions +=
          " AND kind = 'serviceRoute' AND json_extract(manifest, '$.spec.service') IN (\(places))"
        arguments += StatementArguments(spellings)
      }
    }
    let statement = try database.cachedStatement(
      sql: "SELECT * FROM object WHERE \(conditions) ORDER BY fqn")
    let rows = try Row.fetchCursor(statement, arguments: arguments)
    var objects: [StoredObject] = []
    while objects.count < limit, let row = try rows.next() {
      let fqn: String = row["fqn"]
      guard past[fqn] == nil else { continue }
      let object = try RowCoding.object(row)
      if selection.selects(object) { objects.append(object) }
    }
    return objects
  }
}
