import Foundation
import GRDB
import Synchronization

extension Store {
  /// A key to the API. Only the hash of its secret is kept.
  package struct APIToken: Hashable, Sendable {
    package var id: String
    package var principal: String
    package var secretHash: [UInt8]
    /// Milliseconds since 1970; nil: does not expire.
    package var expiresAt: Int64?

    package init(id: String, principal: String, secretHash: [UInt8], expiresAt: Int64? = nil) {
      self.id = id
      self.principal = principal
      self.secretHash = secretHash
      self.expiresAt = expiresAt
    }
  }

  package func addAPIToken(_ token: APIToken) async throws {
    let now = now
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO api_token (id, principal, secretHash, createdAt, expiresAt)
          VALUES (?, ?, ?, ?, ?)
          """,
        arguments: [token.id, token.principal, token.secretHash.data, now(), token.expiresAt])
      let event = AuditEvent(
        event: "token.created", actor: token.principal, subject: token.id, detail: "")
      try Self.record(event, at: now(), in: database)
    }
    tokens.withLock { $0[token.id] = token }
  }

  /// The token `id`, also when it has expired: that is for the caller to judge.
  package func apiToken(id: String) -> APIToken? { tokens.withLock { $0[id] } }

  static func apiTokens(in database: Database) throws -> [String: APIToken] {
    let tokens = try Row.fetchAll(database, sql: "SELECT * FROM api_token").map { row in
      APIToken(
        id: row["id"], principal: row["principal"],
        secretHash: (row["secretHash"] as Data).bytes, expiresAt: row["expiresAt"])
    }
    return Dictionary(uniqueKeysWithValues: tokens.map { ($0.id, $0) })
  }

  package func removeAPIToken(id: String) async throws {
    try await write { database in
      try database.execute(sql: "DELETE FROM api_token WHERE id = ?", arguments: [id])
    }
    tokens.withLock { $0[id] = nil }
  }

  /// Small named values of the server itself: its authority's certificate and the like.
  package func value(_ name: String) async throws -> [UInt8]? {
    try await read { database in
      try Data.fetchOne(database, sql: "SELECT bytes FROM value WHERE name = ?", arguments: [name])
        .map(\.bytes)
    }
  }

  package func setValue(_ name: String, _ bytes: [UInt8]) async throws {
    try await write { database in
      try database.execute(
        sql: """
          INSERT INTO value (name, bytes) VALUES (?, ?)
          ON CONFLICT DO UPDATE SET bytes = excluded.bytes
          """, arguments: [name, bytes.data])
    }
  }
}
