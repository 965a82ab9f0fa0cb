package import EmbeddedFiles
package import GRDB

/// A SQLite database of this process alone, in which a write that returned has been synced.
///
/// The only place that opens databases: GRDB lowers `synchronous` to NORMAL when it switches to
/// WAL, and an acknowledged write could then be lost at power loss.
package final class DatabaseFile: Sendable {
  private let lock: FileLock
  private let pool: DatabasePool
  private let commits: GroupCommit

  /// Opens or creates the file, with `migrations` applied: in order, each in a transaction of its
  /// own, counted by `user_version`.
  ///
  /// - Throws: `DatabaseOpeningError`, or GRDB's error when the file is no database.
  package static func open(path: String, migrations: [EmbeddedFile]) throws -> DatabaseFile {
    let lock = try FileLock(path: path)
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = 4
    let pool = try DatabasePool(path: path, configuration: configuration)
    try pool.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA synchronous = FULL")
      guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
        throw DatabaseOpeningError.notDurable(path: path)
      }
      try migrate(database, path: path, migrations: migrations)
    }
    return DatabaseFile(lock: lock, pool: pool)
  }

  private init(lock: FileLock, pool: DatabasePool) {
    self.lock = lock
    self.pool = pool
    commits = GroupCommit(pool: pool)
  }

  /// One consistent view of what has been committed.
  package func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await pool.read(body)
  }

  /// Runs `body` and returns once what it wrote is on the disk. Writes that come at the same time
  /// share one commit; when `body` throws, only what it wrote is undone.
  package func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await commits.write(body)
  }

  /// Like `write`, for the time before there is concurrency.
  package func writeNow<Value>(_ body: (Database) throws -> Value) throws -> Value {
    try pool.write(body)
  }

  /// How many transactions writes have shared so far.
  package var commitCount: Int { commits.count }

  /// How many writes wait for the next transaction.
  package var waitingCount: Int { commits.waitingCount }

  private static func migrate(
    _ database: Database, path: String, migrations: [EmbeddedFile]
  ) throws {
    let found = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard found <= migrations.count else {
      throw DatabaseOpeningError.newer(path: path, found: found, known: migrations.count)
    }
    for (index, migration) in migrations.enumerated().dropFirst(found) {
      do {
        try database.inTransaction(.immediate) {
          try database.execute(sql: migration.text)
          try database.execute(sql: "PRAGMA user_version = \(index + 1)")
          return .commit
        }
      } catch { throw DatabaseOpeningError.migrating(name: migration.name, cause: error) }
    }
  }
}
