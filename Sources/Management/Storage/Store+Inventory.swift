import Documents
import Foundation
import GRDB
package import Model

extension Store {
  /// How long a released virtual address is kept from other hosts: longer than any resolver or
  /// connection pool may remember it. Milliseconds.
  package static let addressQuarantine: Int64 = 24 * 3_600_000

  /// Replaces what the agent of `cluster` observes; `full` removes services not mentioned, nil
  /// leaves the gateways as they are. Virtual addresses of new hosts are allocated in the same
  /// transaction.
  ///
  /// - Parameter owner: the cluster's object, which must exist; an agent may still be talking when
  ///   it is deleted.
  /// - Throws: `StoreError.missing`, and nothing is written.
  package func recordServices(
    cluster: String, of owner: ResourceRef? = nil, full: Bool,
    upserts: [ServiceName: ObservedService], removals: [ServiceName],
    gateways: [ObservedGateway]? = nil
  ) async throws {
    let now = now
    let reached = try await write { database in
      try Self.require(owner, in: database)
      let writer = try InventoryWriter(database: database, now: now())
      try writer.record(cluster: cluster, full: full, upserts: upserts, removals: removals)
      if let gateways { try writer.record(cluster: cluster, gateways: gateways) }
      return try Self.position(in: database)
    }
    announce(reached)
  }

  private static func require(_ owner: ResourceRef?, in database: Database) throws {
    guard let owner else { return }
    let exists = try Bool.fetchOne(
      database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM object WHERE fqn = ?)"),
      arguments: [owner.fqn])
    guard exists == true else { throw StoreError.missing(owner) }
  }

  /// The same for the cluster's authorities.
  package func recordAuthorities(
    cluster: String, of owner: ResourceRef? = nil, certificates: [[UInt8]]
  ) async throws {
    let now = now
    let reached = try await write { database in
      try Self.require(owner, in: database)
      let writer = try InventoryWriter(database: database, now: now())
      try writer.record(cluster: cluster, certificates: certificates)
      return try Self.position(in: database)
    }
    announce(reached)
  }
}

/// Writes what one agent reports inside a transaction; the version moves only when something does.
struct InventoryWriter {
  let database: Database
  let now: Int64
  let version: Int64

  init(database: Database, now: Int64) throws {
    self.database = database
    self.now = now
    version = try Store.inventory(in: database) + 1
  }

  /// The cluster's object is gone: so is what its agent said.
  static func forget(cluster: ResourceRef, in database: Database, at now: Int64) throws {
    let writer = try InventoryWriter(database: database, now: now)
    try writer.record(cluster: cluster.name, full: true, upserts: [:], removals: [])
    try writer.record(cluster: cluster.name, certificates: [])
    try writer.record(cluster: cluster.name, gateways: [])
    try writer.releasePort(of: cluster.name)
    try database.execute(
      sql: "DELETE FROM join_token WHERE cluster = ?", arguments: [cluster.fqn])
  }

  func record(
    cluster: String, full: Bool, upserts: [ServiceName: ObservedService], removals: [ServiceName]
  ) throws {
    // A delta costs what it says, not what the cluster has.
    let known =
      full
      ? try observed(in: cluster)
      : try observed(in: cluster, among: Set(upserts.keys).union(removals))
    var gone = Set(removals)
    if full { gone.formUnion(known.keys) }
    gone.subtract(upserts.keys)
    let statement = try database.cachedStatement(
      sql: """
        INSERT INTO inventory_service (cluster, namespace, name, observed, version)
        VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET observed = excluded.observed, version = excluded.version
        """)
    var touched: [ServiceName] = []
    for (name, service) in upserts.sorted(by: { $0.key < $1.key }) {
      let text = RowCoding.document(service).canonicalText
      if known[name] == text { continue }
      try statement.execute(arguments: [cluster, name.namespace, name.name, text, version])
      touched.append(name)
      // Nobody needs the address of workloads that only call others.
      if !service.ports.isEmpty { try allocate(host: name.host) }
    }
    for name in gone.sorted() where known[name] != nil {
      try statement.execute(arguments: [cluster, name.namespace, name.name, nil, version])
      touched.append(name)
      try releaseIfUnused(name)
    }
    if !touched.isEmpty { try advance() }
  }

  func record(cluster: String, certificates: [[UInt8]]) throws {
    let text = RowCoding.text(certificates)
    let known = try String.fetchOne(
      database, sql: "SELECT certificates FROM inventory_authority WHERE cluster = ?",
      arguments: [cluster])
    guard known != text, known != nil || !certificates.isEmpty else { return }
    let before = try known.map(RowCoding.certificates) ?? []
    let isStranger = Set(before).isDisjoint(with: certificates)
    let withdrawals = isStranger && !before.isEmpty ? 1 : 0
    try database.execute(
      sql: """
        INSERT INTO inventory_authority (cluster, certificates, version) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET certificates = excluded.certificates,
          version = excluded.version, withdrawals = withdrawals + ?
        """, arguments: [cluster, text, version, withdrawals])
    if isStranger { try closePort(of: cluster) }
    try advance()
  }

  func record(cluster: String, gateways: [ObservedGateway]) throws {
    let text = Document.list(gateways.map(RowCoding.document)).canonicalText
    let known = try String.fetchOne(
      database.cachedStatement(sql: "SELECT gateways FROM inventory_gateway WHERE cluster = ?"),
      arguments: [cluster])
    guard known != text, known != nil || !gateways.isEmpty else { return }
    try database.execute(
      sql: """
        INSERT INTO inventory_gateway (cluster, gateways, version) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET gateways = excluded.gateways, version = excluded.version
        """, arguments: [cluster, text, version])
    try advance()
  }

  private func observed(in cluster: String) throws -> [ServiceName: String] {
    var known: [ServiceName: String] = [:]
    let statement = try database.cachedStatement(
      sql: """
        SELECT namespace, name, observed FROM inventory_service
        WHERE cluster = ? AND observed IS NOT NULL
        """)
    let rows = try Row.fetchCursor(statement, arguments: [cluster])
    while let row = try rows.next() {
      known[ServiceName(namespace: row["namespace"], name: row["name"])] = row["observed"]
    }
    return known
  }

  private func observed(
    in cluster: String, among names: Set<ServiceName>
  ) throws -> [ServiceName: String] {
    var known: [ServiceName: String] = [:]
    let statement = try database.cachedStatement(
      sql: """
        SELECT observed FROM inventory_service
        WHERE cluster = ? AND namespace = ? AND name = ? AND observed IS NOT NULL
        """)
    for name in names {
      known[name] = try String.fetchOne(
        statement, arguments: [cluster, name.namespace, name.name])
    }
    return known
  }

  func advance() throws {
    try database.cachedStatement(sql: "UPDATE inventory_version SET version = ?")
      .execute(arguments: [version])
  }

  // MARK: Virtual addresses

  /// A host that had an address gets it back; a new one gets one that nobody had, and only when
  /// those are used up, one that has been released for long enough.
  private func allocate(host: String) throws {
    let known = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT releasedAt FROM address WHERE host = ?"),
      arguments: [host])
    if let known {
      guard (known["releasedAt"] as Int64?) != nil else { return }
      try database.execute(
        sql: "UPDATE address SET releasedAt = NULL, version = ? WHERE host = ?",
        arguments: [version, host])
      return
    }
    let highest = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT max(address) FROM address"))
    let free = try VirtualAddress.after(highest ?? VirtualAddress.first) ?? reclaimed()
    try database.cachedStatement(
      sql: "INSERT INTO address (host, address, version) VALUES (?, ?, ?)"
    ).execute(arguments: [host, free.number, version])
  }

  private func reclaimed() throws -> VirtualAddress {
    let oldest = try Row.fetchOne(
      database,
      sql: """
        SELECT host, address FROM address WHERE releasedAt <= ? ORDER BY releasedAt, address LIMIT 1
        """, arguments: [now - Store.addressQuarantine])
    guard let oldest else { throw StoreError.addressesExhausted }
    try database.execute(
      sql: "DELETE FROM address WHERE host = ?", arguments: [oldest["host"] as String])
    return VirtualAddress(number: oldest["address"])
  }

  private func releaseIfUnused(_ name: ServiceName) throws {
    let provider = try String.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT cluster FROM inventory_service
          WHERE namespace = ? AND name = ? AND observed IS NOT NULL LIMIT 1
          """), arguments: [name.namespace, name.name])
    guard provider == nil else { return }
    try database.execute(
      sql: "UPDATE address SET releasedAt = ?, version = ? WHERE host = ?",
      arguments: [now, version, name.host])
  }
}
