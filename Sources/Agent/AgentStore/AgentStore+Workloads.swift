import Documents
import GRDB

extension AgentStore {
  // MARK: Join tokens

  /// Keeps a token that has been minted; forgets those that expired more than a day ago.
  package func add(
    token id: String, secretHash: [UInt8], grant: WorkloadGrant, expires: Int64, now: Int64
  ) async throws {
    try await write { database in
      try database.execute(
        sql: "DELETE FROM token WHERE expires_ms < ?", arguments: [now - 86_400_000])
      try database.execute(
        sql: """
          INSERT INTO token
            (id, secret_hash, namespace, service, service_account, role, labels, expires_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          id, blob(secretHash), grant.namespace, grant.service, grant.serviceAccount, grant.role,
          text(of: grant.labels), expires,
        ])
    }
  }

  /// Spends a token and binds the key to a new workload, as one step. Whoever spent it gets the same
  /// answer again while the token is good: the first one may have been lost on its way.
  ///
  /// - Parameter isSecret: compares a stored hash with that of the presented secret, in a time that
  ///   does not depend on either.
  /// - Throws: `TokenRefusal`
  package func redeem(
    token id: String, isSecret: @escaping @Sendable ([UInt8]) -> Bool, keyHash: [UInt8],
    now: Int64, nodeID: @escaping @Sendable (WorkloadGrant) -> String
  ) async throws -> StoredIdentity {
    try await write { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT * FROM token WHERE id = ?", arguments: [id])
      else { throw TokenRefusal.unknown }
      guard isSecret(bytes(row["secret_hash"])) else { throw TokenRefusal.wrongSecret }
      let isGood = now < row["expires_ms"]
      if let spent = row["spent_ms"] as Int64? {
        guard isGood,
          let joined = try Row.fetchOne(
            database, sql: "SELECT * FROM identity WHERE key_hash = ? AND joined_ms = ?",
            arguments: [blob(keyHash), spent]),
          try grant(of: joined) == grant(of: row)
        else { throw TokenRefusal.spent }
        return try identity(of: joined)
      }
      guard isGood else { throw TokenRefusal.expired }
      let known = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM identity WHERE key_hash = ?)",
        arguments: [blob(keyHash)])
      guard known == false else { throw TokenRefusal.knownKey }
      let grant = try grant(of: row)
      let identity = StoredIdentity(
        nodeID: nodeID(grant), keyHash: keyHash, grant: grant, joined: now)
      try database.execute(
        sql: "UPDATE token SET spent_ms = ? WHERE id = ?", arguments: [now, id])
      try database.execute(
        sql: """
          INSERT INTO identity
            (node_id, key_hash, namespace, service, service_account, role, labels, joined_ms)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          identity.nodeID, blob(keyHash), grant.namespace, grant.service, grant.serviceAccount,
          grant.role, text(of: grant.labels), now,
        ])
      return identity
    }
  }

  // MARK: Workloads

  package func identities() async throws -> [StoredIdentity] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM identity ORDER BY node_id").map(identity(of:))
    }
  }

  /// Keeps how a workload described itself; the order of first registrations is kept as well.
  package func put(_ registration: StoredRegistration) async throws {
    try await write { database in
      let statement = try database.cachedStatement(
        sql: """
          INSERT INTO registration (node_id, description, healthy, last_change_ms, registered)
          VALUES (?, ?, ?, ?, (SELECT COALESCE(MAX(registered), 0) + 1 FROM registration))
          ON CONFLICT (node_id) DO UPDATE SET description = excluded.description,
            healthy = excluded.healthy, last_change_ms = excluded.last_change_ms
          """)
      try statement.execute(arguments: [
        registration.nodeID, registration.description.canonicalText, registration.healthy,
        registration.lastChange,
      ])
    }
  }

  package func removeRegistrations(_ nodeIDs: [String]) async throws {
    try await write { database in
      for nodeID in nodeIDs {
        try database.execute(
          sql: "DELETE FROM registration WHERE node_id = ?", arguments: [nodeID])
      }
    }
  }

  /// In the order of first registration.
  package func registrations() async throws -> [StoredRegistration] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM registration ORDER BY registered").map { row in
        StoredRegistration(
          nodeID: row["node_id"], description: try document(in: row["description"]),
          healthy: row["healthy"], lastChange: row["last_change_ms"])
      }
    }
  }
}

private func grant(of row: Row) throws -> WorkloadGrant {
  WorkloadGrant(
    namespace: row["namespace"], service: row["service"], serviceAccount: row["service_account"],
    role: row["role"], labels: try labels(in: row["labels"]))
}

private func identity(of row: Row) throws -> StoredIdentity {
  StoredIdentity(
    nodeID: row["node_id"], keyHash: bytes(row["key_hash"]), grant: try grant(of: row),
    joined: row["joined_ms"])
}
