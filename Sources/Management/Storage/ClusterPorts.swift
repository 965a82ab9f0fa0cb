import GRDB

extension Store {
  /// All clusters know the authorities of `cluster` from now on, so its port is handed out. Without
  /// effect when it has other authorities by now.
  package func recordTrust(in cluster: String, certificates: [[UInt8]]) async throws {
    let now = now
    let reached = try await write { database in
      try InventoryWriter(database: database, now: now())
        .openPort(of: cluster, certificates: certificates)
      return try Self.position(in: database)
    }
    announce(reached)
  }
}

/// Every cluster has a port at the gateways of all others, from the write that brings its object to
/// the one that deletes it.
extension InventoryWriter {
  static let ports = 15_500...19_999

  func allocatePort(of cluster: String) throws {
    let known = try Int.fetchOne(
      database, sql: "SELECT port FROM cluster_port WHERE cluster = ?", arguments: [cluster])
    guard known == nil else { return }
    try database.execute(
      sql: """
        INSERT INTO cluster_port (cluster, port, version) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET port = excluded.port, version = excluded.version
        """, arguments: [cluster, try freePort(), version])
    try advance()
  }

  func openPort(of cluster: String, certificates: [[UInt8]]) throws {
    try database.execute(
      sql: """
        UPDATE cluster_port SET trusted = 1, version = ?
        WHERE cluster = ? AND port IS NOT NULL AND NOT trusted AND EXISTS
          (SELECT 1 FROM inventory_authority a WHERE a.cluster = ? AND a.certificates = ?)
        """, arguments: [version, cluster, cluster, RowCoding.text(certificates)])
    if database.changesCount > 0 { try advance() }
  }

  /// Nobody knows the new authorities yet, and the old ones are gone: it is as if it were new.
  func closePort(of cluster: String) throws {
    try database.execute(
      sql: "UPDATE cluster_port SET trusted = 0, version = ? WHERE cluster = ? AND trusted",
      arguments: [version, cluster])
  }

  func releasePort(of cluster: String) throws {
    try database.execute(
      sql: """
        UPDATE cluster_port SET port = NULL, trusted = 0, version = ?
        WHERE cluster = ? AND port IS NOT NULL
        """, arguments: [version, cluster])
    if database.changesCount > 0 { try advance() }
  }

  /// Above all others as long as there is room, so that a site that has not heard of a removal does
  /// not soon take the newcomer for the cluster that went.
  private func freePort() throws -> Int {
    let taken = Set(
      try Int.fetchAll(database, sql: "SELECT port FROM cluster_port WHERE port IS NOT NULL"))
    let next = taken.max().map { $0 + 1 } ?? Self.ports.lowerBound
    if Self.ports.contains(next) { return next }
    guard let free = Self.ports.first(where: { !taken.contains($0) }) else {
      throw StoreError.portsExhausted
    }
    return free
  }
}
