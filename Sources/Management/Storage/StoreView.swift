package import Documents
import Foundation
import GRDB
package import Model

/// The objects as they are inside one transaction, for the check that decides about a write.
package struct StoreView: ~Copyable {
  let database: Database

  /// The newest change: its revision, and its hash, which no other history has.
  package struct Head: Hashable, Sendable {
    package var revision: Revision
    package var hash: [UInt8]
  }

  package func head() throws -> Head {
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: "SELECT revision, hash FROM change ORDER BY revision DESC LIMIT 1"))
    guard let row else { return Head(revision: Revision(0), hash: RowCoding.beginningOfChain) }
    return Head(revision: Revision(row["revision"]), hash: (row["hash"] as Data).bytes)
  }

  /// Whether the history that led to `head` is a part of this one.
  package func contains(_ head: Head) throws -> Bool {
    if head.revision.number == 0 { return true }
    let statement = try database.cachedStatement(
      sql: "SELECT hash FROM change WHERE revision = ?")
    let hash = try Data.fetchOne(statement, arguments: [head.revision.number])
    return hash?.bytes == head.hash
  }

  package func object(_ ref: ResourceRef) throws -> StoredObject? {
    let statement = try database.cachedStatement(sql: "SELECT * FROM object WHERE fqn = ?")
    return try Row.fetchOne(statement, arguments: [ref.fqn]).map(RowCoding.object)
  }

  /// Every object; parents are in no particular place.
  package func objects() throws -> [StoredObject] {
    try Row.fetchAll(database, sql: "SELECT * FROM object ORDER BY fqn").map(RowCoding.object)
  }

  /// What changes after `revision` touched, as it is now; nil: gone.
  package func objects(after revision: Revision) throws -> [ResourceRef: StoredObject?] {
    var objects: [ResourceRef: StoredObject?] = [:]
    let statement = try database.cachedStatement(
      sql: "SELECT DISTINCT fqn FROM change_step WHERE revision > ?")
    let fqns = try String.fetchAll(statement, arguments: [revision.number])
    for fqn in fqns {
      let ref = try RowCoding.ref(fqn)
      objects.updateValue(try object(ref), forKey: ref)
    }
    return objects
  }

  /// The objects below `ref`, itself not included: parents before children.
  package func descendants(of ref: ResourceRef) throws -> [ResourceRef] {
    var found: [ResourceRef] = []
    var next = [ref.fqn]
    let statement = try database.cachedStatement(
      sql: "SELECT fqn FROM object WHERE parent = ? ORDER BY fqn")
    while let fqn = next.popLast() {
      let children = try String.fetchAll(statement, arguments: [fqn])
      found += try children.map(RowCoding.ref)
      next += children
    }
    return found.sorted()
  }

  /// When an object was last written.
  package struct Mark: Hashable, Sendable {
    package var ref: ResourceRef
    package var revision: Revision
    /// Milliseconds since 1970.
    package var updatedAt: Int64
  }

  /// The object and everything below it, in the order of the tree.
  package func marks(below ref: ResourceRef) throws -> [Mark] {
    // '0' follows '/'.
    let statement = try database.cachedStatement(
      sql: """
        SELECT fqn, revision, updatedAt FROM object
        WHERE fqn = ? OR (fqn > ? AND fqn < ?) ORDER BY fqn
        """)
    return try Row.fetchAll(
      statement, arguments: [ref.fqn, "\(ref.fqn)/", "\(ref.fqn)0"]
    ).map { row in
      Mark(
        ref: try RowCoding.ref(row["fqn"]), revision: Revision(row["revision"]),
        updatedAt: row["updatedAt"])
    }
  }

  /// Everything that has changed since `revision`, below `root` when one is named, as it was then;
  /// nil: not there.
  package func manifests(
    at revision: Revision, below root: ResourceRef?
  ) throws -> [ResourceRef: Document?] {
    try History(database: database).manifests(at: revision, below: root)
  }

  /// The services that clusters report.
  package func observedServices() throws -> [(cluster: String, service: ServiceName)] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT cluster, namespace, name FROM inventory_service WHERE observed IS NOT NULL
        ORDER BY cluster, namespace, name
        """
    ).map { row in
      (row["cluster"], ServiceName(namespace: row["namespace"], name: row["name"]))
    }
  }
}
