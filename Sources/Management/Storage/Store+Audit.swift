import Foundation
import GRDB

extension Store {
  /// An entry of the audit log that is no change: a join, a refusal. Never holds a secret.
  package func audit(_ event: AuditEvent) async throws {
    let now = now
    try await write { database in try Self.record(event, at: now(), in: database) }
  }

  /// The newest entries, newest first.
  package func auditEntries(limit: Int) async throws -> [AuditEntry] {
    try await read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM audit ORDER BY number DESC LIMIT ?", arguments: [limit]
      ).map(AuditEntry.init)
    }
  }

  /// For entries that must stand or fall with another write of the same transaction.
  static func record(_ event: AuditEvent, at now: Int64, in database: Database) throws {
    let newest = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"))
    let previous = newest.map { ($0["hash"] as Data).bytes } ?? RowCoding.beginningOfChain
    let entry = AuditEntry(number: (newest?["number"] ?? 0) + 1, at: now, event: event)
    let hash = RowCoding.chained(entry.canonicalRow, after: previous)
    try database.cachedStatement(
      sql: """
        INSERT INTO audit (number, at, event, actor, subject, detail, previous, hash)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      entry.number, entry.at, event.event, event.actor, event.subject, event.detail,
      previous.data, hash.data,
    ])
  }
}

package struct AuditEvent: Hashable, Sendable {
  /// `join.refused`, `agent.joined`, `stream.refused`…
  package var event: String
  package var actor: String
  package var subject: String
  package var detail: String
  package init(event: String, actor: String, subject: String, detail: String) {
    self.event = event
    self.actor = actor
    self.subject = subject
    self.detail = detail
  }
}

package struct AuditEntry: Hashable, Sendable {
  package var number: Int64
  /// Milliseconds since 1970.
  package var at: Int64
  package var event: AuditEvent
}
