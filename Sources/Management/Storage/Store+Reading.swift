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

  package func change(_ revision: Revision) async throws -> StoredChange? {
    try await read { database in
      try Row.fetchOne(
        database, sql: "SELECT * FROM change WHERE revision = ?", arguments: [revision.number]
      ).map(RowCoding.change)
    }
  }

  /// Reads inside the transactions of writes, for what is kept in step with them.
  package func viewingNewest<Value: Sendable>(
    _ body: @escaping @Sendable (borrowing StoreView) throws -> Value
  ) async throws -> Value {
    try await write { database in try body(StoreView(database: database)) }
  }
}
