package import Documents
import Foundation
import GRDB
package import Model

extension Store {
  // MARK: Generations of what clusters were sent

  package struct Generation: Hashable, Sendable {
    package var generation: Int64
    package var digest: StableHash
    package init(generation: Int64, digest: StableHash) {
      self.generation = generation
      self.digest = digest
    }
  }

  /// The newest generation of each cluster, as far as it was recorded.
  package func generations() async throws -> [String: Generation] {
    try await read { database in
      var generations: [String: Generation] = [:]
      for row in try Row.fetchAll(database, sql: "SELECT * FROM cluster_generation") {
        guard let digest = StableHash(text: row["digest"]) else {
          throw StoreError.unreadable("a digest that is no hash")
        }
        generations[row["cluster"]] = Generation(generation: row["generation"], digest: digest)
      }
      return generations
    }
  }

  /// Keeps the generation, unless a newer one is known: generations never go back.
  package func recordGeneration(cluster: String, _ generation: Generation) async throws {
    try await write { database in
      try database.cachedStatement(
        sql: """
          INSERT INTO cluster_generation (cluster, generation, digest) VALUES (?, ?, ?)
          ON CONFLICT DO UPDATE SET generation = excluded.generation, digest = excluded.digest
          WHERE excluded.generation >= generation
          """
      ).execute(arguments: [cluster, generation.generation, generation.digest.text])
    }
  }

  // MARK: Joining (token secrets are stored as SHA-256)

  package struct JoinToken: Hashable, Sendable {
    package var id: String
    package var cluster: ResourceRef
    package var secretHash: [UInt8]
    /// Milliseconds since 1970.
    package var expiresAt: Int64
    package init(id: String, cluster: ResourceRef, secretHash: [UInt8], expiresAt: Int64) {
      self.id = id
      self.cluster = cluster
      self.secretHash = secretHash
      self.expiresAt = expiresAt
    }
  }

  package enum Redemption: Hashable, Sendable {
    case redeemed(cluster: ResourceRef)
    case unknown, wrongSecret, spent, expired
  }

  /// How long a token stays known after it expired, to tell "expired" from "unknown".
  private static let memoryOfTokens: Int64 = 7 * 24 * 3_600_000

  /// Adds the token; `event` is audited in the same transaction.
  package func addJoinToken(_ token: JoinToken, auditing event: AuditEvent? = nil) async throws {
    let now = now
    try await write { database in
      try database.execute(
        sql: "DELETE FROM join_token WHERE expiresAt < ?", arguments: [now() - Self.memoryOfTokens])
      try database.execute(
        sql: "INSERT INTO join_token (id, cluster, secretHash, expiresAt) VALUES (?, ?, ?, ?)",
        arguments: [token.id, token.cluster.fqn, token.secretHash.data, token.expiresAt])
      if let event { try Self.record(event, at: now(), in: database) }
    }
  }

  /// Spends the token, once: of two that try at the same time, one gets `.spent`.
  package func redeemJoinToken(
    id: String, secretHash: [UInt8], at now: Int64
  ) async throws -> Redemption {
    try await write { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT * FROM join_token WHERE id = ?", arguments: [id])
      guard let row else { return .unknown }
      guard (row["secretHash"] as Data).bytes.equalsInConstantTime(secretHash) else {
        return .wrongSecret
      }
      guard (row["spentAt"] as Int64?) == nil else { return .spent }
      guard now < row["expiresAt"] else { return .expired }
      try database.execute(
        sql: "UPDATE join_token SET spentAt = ? WHERE id = ?", arguments: [now, id])
      return .redeemed(cluster: try RowCoding.ref(row["cluster"]))
    }
  }
}

extension [UInt8] {
  /// Takes as long for a wrong value as for the right one.
  package func equalsInConstantTime(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
