package import Documents
import GRDB

extension AgentStore {
  package func position() async throws -> Position {
    try await read { database in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM position") else {
        return Position()
      }
      return Position(
        epoch: row["epoch"], generation: row["generation"],
        digest: StableHash(value: UInt64(bitPattern: row["digest"])))
    }
  }

  /// Sorted by key.
  package func items() async throws -> [RestoredItem] {
    try await read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM item ORDER BY key").map(restored)
    }
  }

  /// Takes a delta as one step. A content that was known good stays as the last good one of its
  /// item; `full` also removes every item that is not among `upserts`.
  package func apply(
    upserts: [StoredItem], removals: [String], full: Bool, position: Position
  ) async throws {
    try await write { database in
      if full {
        let kept = Set(upserts.map(\.key))
        for key in try String.fetchAll(database, sql: "SELECT key FROM item")
        where !kept.contains(key) {
          try delete(key, in: database)
        }
      }
      for key in removals { try delete(key, in: database) }
      for item in upserts { try upsert(item, in: database) }
      try database.execute(
        sql: "UPDATE position SET epoch = ?, generation = ?, digest = ?",
        arguments: [
          position.epoch, position.generation, Int64(bitPattern: position.digest.value),
        ])
    }
  }

  /// Remembers what proxies said: contents that are known good, and why others are held back.
  package func mark(
    good: [String: StableHash], refusals: [String: (hash: StableHash, refusal: Document?)]
  ) async throws {
    try await write { database in
      for (key, hash) in good {
        let statement = try database.cachedStatement(
          sql: """
            UPDATE item SET good_hash = hash, good_bytes = NULL, good_sources = NULL
            WHERE key = ? AND hash = ?
            """)
        try statement.execute(arguments: [key, Int64(bitPattern: hash.value)])
      }
      for (key, held) in refusals {
        try database.execute(
          sql: "UPDATE item SET refusal = ? WHERE key = ? AND hash = ?",
          arguments: [
            held.refusal?.canonicalText, key, Int64(bitPattern: held.hash.value),
          ])
      }
    }
  }
}

private func delete(_ key: String, in database: Database) throws {
  try database.cachedStatement(sql: "DELETE FROM item WHERE key = ?").execute(arguments: [key])
}

private func upsert(_ item: StoredItem, in database: Database) throws {
  // On the right-hand side, the columns have their values from before.
  let statement = try database.cachedStatement(
    sql: """
      INSERT INTO item (key, kind, schema, hash, bytes, sources) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET
        good_bytes = CASE
          WHEN excluded.hash = good_hash THEN NULL
          WHEN good_hash = hash THEN bytes ELSE good_bytes END,
        good_sources = CASE
          WHEN excluded.hash = good_hash THEN NULL
          WHEN good_hash = hash THEN sources ELSE good_sources END,
        refusal = CASE WHEN excluded.hash = hash THEN refusal END,
        kind = excluded.kind, schema = excluded.schema, hash = excluded.hash,
        bytes = excluded.bytes, sources = excluded.sources
      """)
  try statement.execute(arguments: [
    item.key, item.kind, item.schema, Int64(bitPattern: item.hash.value), blob(item.bytes),
    text(of: item.sources),
  ])
}

private func restored(_ row: Row) throws -> RestoredItem {
  let item = StoredItem(
    key: row["key"], kind: row["kind"], schema: row["schema"],
    hash: StableHash(value: UInt64(bitPattern: row["hash"])), bytes: bytes(row["bytes"]),
    sources: try sources(in: row["sources"]))
  var good: StoredGood?
  if let hash: Int64 = row["good_hash"] {
    let goodSources: String? = row["good_sources"]
    good = StoredGood(
      hash: StableHash(value: UInt64(bitPattern: hash)),
      bytes: optionalBytes(row["good_bytes"]),
      sources: try goodSources.map(sources(in:)) ?? [])
  }
  let refusal: String? = row["refusal"]
  return RestoredItem(item: item, good: good, refusal: try refusal.map(document(in:)))
}
