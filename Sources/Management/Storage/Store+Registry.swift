import GRDB
package import Model

extension Store {
  /// A service as the inventory has it.
  package struct RegisteredService: Hashable, Sendable {
    package var service: RegistryService
    /// Of the inventory, when something of it changed last.
    package var version: Int64
  }

  package func registered(_ name: ServiceName) async throws -> RegisteredService? {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT cluster, namespace, name, observed, version FROM inventory_service
          WHERE namespace = ? AND name = ? ORDER BY cluster
          """)
      let rows = try Row.fetchCursor(statement, arguments: [name.namespace, name.name])
      var reader = RegistryReader(database: database)
      while let row = try rows.next() { _ = try reader.take(row) }
      return try reader.finished()
    }
  }

  /// The services that clusters report, by their full names, from the one after `fullName` on.
  package func registered(
    after fullName: String, limit: Int,
    where selects: @escaping @Sendable (RegisteredService) -> Bool
  ) async throws -> [RegisteredService] {
    try await read { database in
      let statement = try database.cachedStatement(
        sql: """
          SELECT cluster, namespace, name, observed, version FROM inventory_service
          WHERE name || '.' || namespace > ? ORDER BY name || '.' || namespace, cluster
          """)
      let rows = try Row.fetchCursor(statement, arguments: [fullName])
      var reader = RegistryReader(database: database)
      var found: [RegisteredService] = []
      while found.count < limit, let row = try rows.next() {
        if let service = try reader.take(row), selects(service) { found.append(service) }
      }
      if found.count < limit, let last = try reader.finished(), selects(last) {
        found.append(last)
      }
      return found
    }
  }
}

/// Puts together what clusters report of one service after the other.
private struct RegistryReader {
  let database: Database
  private var current: Store.RegisteredService?

  init(database: Database) { self.database = database }

  /// The service before that of `row`, when it is complete with it.
  mutating func take(_ row: Row) throws -> Store.RegisteredService? {
    let name = ServiceName(namespace: row["namespace"], name: row["name"])
    var done: Store.RegisteredService?
    if current?.service.name != name { done = try finished() }
    var service =
      current
      ?? Store.RegisteredService(service: RegistryService(name: name, clusters: [:]), version: 0)
    // What a cluster no longer has is a change of the service, too.
    service.version = max(service.version, row["version"])
    if let text = row["observed"] as String? {
      service.service.clusters[row["cluster"]] = try RowCoding.service(RowCoding.document(text))
    }
    current = service
    return done
  }

  /// The last one, unless no cluster has it any more.
  mutating func finished() throws -> Store.RegisteredService? {
    defer { current = nil }
    guard var done = current, !done.service.clusters.isEmpty else { return nil }
    let address = try Int64.fetchOne(
      database.cachedStatement(
        sql: "SELECT address FROM address WHERE host = ? AND releasedAt IS NULL"),
      arguments: [done.service.name.host])
    done.service.address = address.map { VirtualAddress(number: $0).text }
    return done
  }
}
