import GRDB

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

  func releasePort(of cluster: String) throws {
    try database.execute(
      sql: """
        UPDATE cluster_port SET port = NULL, version = ? WHERE cluster = ? AND port IS NOT NULL
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
