import Documents
import GRDB
import Model

/// What was, worked out from what is and the changes since.
struct History {
  let database: Database

  /// How many objects may have changed since a revision that is still held.
  static let reach = 2_000

  /// The objects of a collection that have changed since `revision`, each with its first change.
  ///
  /// - Throws: `StoreError.revisionGone` when there are too many.
  func changed(
    in collection: String, since revision: Revision, after fqn: String
  ) throws -> [String: Int64] {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT fqn, min(revision) AS first FROM change_step
        WHERE collection = ? AND revision > ? AND fqn > ? GROUP BY fqn LIMIT ?
        """, arguments: [collection, revision.number, fqn, Self.reach + 1])
    guard rows.count <= Self.reach else { throw StoreError.revisionGone(revision) }
    return Dictionary(rows.map { ($0["fqn"], $0["first"]) }, uniquingKeysWith: { $1 })
  }

  /// Objects as they were before their first change; those that were not there are left out.
  func objects(before changed: some Sequence<(key: String, value: Int64)>) throws -> [StoredObject]
  {
    var reader = ChangeReader(database: database)
    return try changed.compactMap { fqn, first in try object(fqn, before: first, &reader) }
  }

  /// The manifests of everything that has changed since `revision`, below `root` when one is named,
  /// as they were then; nil: not there.
  func manifests(
    at revision: Revision, below root: ResourceRef?
  ) throws -> [ResourceRef: Document?] {
    var sql = "SELECT fqn, min(revision) AS first FROM change_step WHERE revision > ?"
    var arguments: StatementArguments = [revision.number]
    if let root {
      // '0' follows '/'.
      sql += " AND (fqn = ? OR (fqn > ? AND fqn < ?))"
      arguments += [root.fqn, "\(root.fqn)/", "\(root.fqn)0"]
    }
    let rows = try Row.fetchAll(database, sql: sql + " GROUP BY fqn", arguments: arguments)
    var reader = ChangeReader(database: database)
    var past: [ResourceRef: Document?] = [:]
    for row in rows {
      let ref = try RowCoding.ref(row["fqn"])
      past.updateValue(try reader.step(of: ref.fqn, at: row["first"])?.before, forKey: ref)
    }
    return past
  }

  private func object(
    _ fqn: String, before first: Int64, _ reader: inout ChangeReader
  ) throws -> StoredObject? {
    guard let manifest = try reader.step(of: fqn, at: first)?.before else { return nil }
    let written = try Int64.fetchOne(
      database.cachedStatement(
        sql: "SELECT max(revision) FROM change_step WHERE fqn = ? AND revision < ?"),
      arguments: [fqn, first])
    guard let written else { throw StoreError.unreadable("\(fqn) has no beginning") }
    let created = try creation(of: fqn, before: first, &reader)
    return StoredObject(
      ref: try RowCoding.ref(fqn), manifest: manifest,
      labels: (manifest[["metadata", "labels"]]?.object ?? [:]).compactMapValues(\.string),
      created: Revision(created), revision: Revision(written),
      createdAt: try reader.committedAt(created), updatedAt: try reader.committedAt(written))
  }

  /// The change that made the object that was there before `revision`.
  private func creation(
    of fqn: String, before revision: Int64, _ reader: inout ChangeReader
  ) throws -> Int64 {
    let present = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT created FROM object WHERE fqn = ?"), arguments: [fqn])
    if let present, present < revision { return present }
    let earlier = try Int64.fetchAll(
      database.cachedStatement(
        sql:
          "SELECT revision FROM change_step WHERE fqn = ? AND revision < ? ORDER BY revision DESC"),
      arguments: [fqn, revision])
    for candidate in earlier {
      if try reader.step(of: fqn, at: candidate)?.before == nil { return candidate }
    }
    throw StoreError.unreadable("\(fqn) has no beginning")
  }
}

/// Reads each change once, however many of its objects are asked for.
struct ChangeReader {
  let database: Database
  private var changes: [Int64: StoredChange] = [:]
  private var steps: [Int64: [String: StoredChange.Step]] = [:]
  private var times: [Int64: Int64] = [:]

  init(database: Database) { self.database = database }

  mutating func change(_ revision: Int64) throws -> StoredChange {
    if let known = changes[revision] { return known }
    let statement = try database.cachedStatement(sql: "SELECT * FROM change WHERE revision = ?")
    guard let row = try Row.fetchOne(statement, arguments: [revision]) else {
      throw StoreError.unreadable("change \(revision) is missing")
    }
    let change = try RowCoding.change(row)
    changes[revision] = change
    steps[revision] = Dictionary(
      change.steps.map { ($0.ref.fqn, $0) }, uniquingKeysWith: { first, _ in first })
    return change
  }

  /// When a change was committed; its objects, of which there may be many, are not looked at.
  mutating func committedAt(_ revision: Int64) throws -> Int64 {
    if let known = times[revision] { return known }
    let statement = try database.cachedStatement(
      sql: "SELECT committedAt FROM change WHERE revision = ?")
    guard let time = try Int64.fetchOne(statement, arguments: [revision]) else {
      throw StoreError.unreadable("change \(revision) is missing")
    }
    times[revision] = time
    return time
  }

  mutating func step(of fqn: String, at revision: Int64) throws -> StoredChange.Step? {
    _ = try change(revision)
    return steps[revision]?[fqn]
  }
}
