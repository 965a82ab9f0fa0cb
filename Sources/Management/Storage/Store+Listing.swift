import Documents
import GRDB
package import Model

extension Store {
  package typealias Page = PageOf<StoredObject>

  package struct PageOf<Object: Sendable>: Sendable {
    package var objects: [Object]
    /// What every page of this list shows.
    package var revision: Revision
    /// Where the next page begins; nil: this was the last.
    package var next: Cursor?

    package init(objects: [Object], revision: Revision, next: Cursor?) {
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
    try await page(of: selection, limit: limit, after: cursor)
  }

  /// The same without reading the manifests.
  package func listTexts(
    _ selection: Selection, limit: Int, after cursor: Cursor? = nil
  ) async throws -> PageOf<ListedObject> {
    try await page(of: selection, limit: limit, after: cursor)
  }

  private func page<Object: Listable>(
    of selection: Selection, limit: Int, after cursor: Cursor?
  ) async throws -> PageOf<Object> {
    try await read { database in
      let newest = Revision(try Self.revision(in: database))
      let revision = cursor?.revision ?? newest
      let history = History(database: database)
      var changed: [String: Int64] = [:]
      if let cursor, cursor.revision != newest {
        guard cursor.revision < newest else { throw StoreError.revisionGone(cursor.revision) }
        changed = try history.changed(
          in: selection.collection, since: cursor.revision, after: cursor.fqn)
      }
      var objects: [Object] = try Self.present(
        selection, limit: limit + 1, after: cursor?.fqn ?? "", except: changed, in: database)
      if !changed.isEmpty {
        // What comes after the end of a full page is worked out for the page that it is on.
        let end = objects.count > limit ? objects.last?.fqn : nil
        let past = try history.objects(
          before: changed.lazy.filter { fqn, _ in
            end.map { fqn.utf8.lexicographicallyPrecedes($0.utf8) } ?? true
          })
        objects += past.filter(selection.selects).map(Object.init(stored:))
        objects.sort { $0.fqn.utf8.lexicographicallyPrecedes($1.fqn.utf8) }
      }
      guard objects.count > limit, let last = objects.prefix(limit).last else {
        return PageOf(objects: objects, revision: revision, next: nil)
      }
      return PageOf(
        objects: Array(objects.prefix(limit)), revision: revision,
        next: Cursor(revision: revision, fqn: last.fqn))
    }
  }

  /// The first objects that are there now and have not changed since the revision of the list.
  private static func present<Object: Listable>(
    _ selection: Selection, limit: Int, after fqn: String, except changed: [String: Int64],
    in database: Database
  ) throws -> [Object] {
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
    var objects: [Object] = []
    while objects.count < limit, let row = try rows.next() {
      if !changed.isEmpty, changed[row["fqn"]] != nil { continue }
      // Fields are in the statement.
      if !selection.labels.isEmpty {
        let labels = try RowCoding.labels(row["labels"])
        guard selection.labels.allSatisfy({ $0.holds(for: labels) }) else { continue }
      }
      objects.append(try Object(row: row))
    }
    return objects
  }
}

/// What rows of a list become.
private protocol Listable: Sendable {
  var fqn: String { get }
  init(row: Row) throws
  init(stored: StoredObject)
}

extension StoredObject: Listable {
  fileprivate var fqn: String { ref.fqn }
  fileprivate init(row: Row) throws { self = try RowCoding.object(row) }
  fileprivate init(stored: StoredObject) { self = stored }
}

extension ListedObject: Listable {
  fileprivate init(row: Row) throws {
    self.init(
      fqn: row["fqn"], manifest: row["manifest"], created: Revision(row["created"]),
      revision: Revision(row["revision"]), createdAt: row["createdAt"], updatedAt: row["updatedAt"])
  }

  fileprivate init(stored: StoredObject) {
    self.init(
      fqn: stored.ref.fqn, manifest: stored.manifest.canonicalText, created: stored.created,
      revision: stored.revision, createdAt: stored.createdAt, updatedAt: stored.updatedAt)
  }
}
