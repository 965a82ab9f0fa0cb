private import Databases
private import EmbeddedFiles
import Foundation
import GRDB
internal import Model
package import Streams
import Synchronization

/// The server's database. Every function that writes returns only once the write is durable.
///
/// What belongs together is written in one transaction; the check that a write depends on runs
/// inside it. Several servers on one database are not provided for.
package final class Store: Sendable {
  /// Where followers have read to: the last change and the last inventory write.
  package struct Position: Hashable, Sendable {
    package var revision: Int64
    package var inventory: Int64
    package init(revision: Int64 = 0, inventory: Int64 = 0) {
      self.revision = revision
      self.inventory = inventory
    }

    /// Whether something was written since `other`.
    package func isAhead(of other: Position) -> Bool {
      revision > other.revision || inventory > other.inventory
    }
  }

  /// Names this life of the database: new when it is created or restored.
  package let epoch: String
  /// The newest position; follow it, then ask for `batch(after:)`.
  package let position: Latest<Position>
  private let file: DatabaseFile
  /// All of them, by id: every request asks for one, and nobody else writes them.
  let tokens: Mutex<[String: APIToken]>
  let now: @Sendable () -> Int64
  private let recent = Mutex(RecentChanges())

  /// Opens or creates the database in the folder `directory`, and migrates it. `now` is in
  /// milliseconds since 1970.
  package init(
    directory: String,
    now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }
  ) throws {
    file = try DatabaseFile.open(
      path: "\(directory)/rialto.db", migrations: EmbeddedFiles.serverMigrations)
    self.now = now
    let (epoch, position, tokens) = try file.writeNow { database in
      let fresh = UUID().uuidString.lowercased()
      try database.execute(
        sql: "INSERT OR IGNORE INTO epoch (only, name) VALUES (1, ?)", arguments: [fresh])
      // Nobody follows yet, so nobody has to hear what is gone.
      try database.execute(sql: "DELETE FROM inventory_service WHERE observed IS NULL")
      try database.execute(sql: "DELETE FROM cluster_port WHERE port IS NULL")
      let epoch = try String.fetchOne(database, sql: "SELECT name FROM epoch") ?? fresh
      return (epoch, try Self.position(in: database), try Self.apiTokens(in: database))
    }
    self.epoch = epoch
    self.position = Latest(position)
    self.tokens = Mutex(tokens)
  }

  /// How many transactions writes have shared so far.
  package var commitCount: Int { file.commitCount }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await file.read(body)
  }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await file.write(body)
  }

  /// Tells followers of a committed position; answers of one commit may arrive in any order.
  func announce(_ reached: Position) {
    position.update { position in
      position.revision = max(position.revision, reached.revision)
      position.inventory = max(position.inventory, reached.inventory)
    }
  }

  /// Tells followers of committed changes of objects.
  func announce(
    _ objects: [ResourceRef: StoredObject?], from before: Position, to after: Position
  ) {
    recent.withLock { $0.add(objects, from: before, to: after) }
    announce(after)
  }

  /// Everything written after `position` when it is still at hand.
  func recentBatch(after position: Position) -> Batch? {
    let goal = self.position.current
    return recent.withLock { $0.batch(after: position, to: goal) }
  }

  static func position(in database: Database) throws -> Position {
    Position(revision: try revision(in: database), inventory: try inventory(in: database))
  }

  static func inventory(in database: Database) throws -> Int64 {
    let statement = try database.cachedStatement(sql: "SELECT version FROM inventory_version")
    return try Int64.fetchOne(statement) ?? 0
  }

  static func revision(in database: Database) throws -> Int64 {
    try Int64.fetchOne(database.cachedStatement(sql: "SELECT max(revision) FROM change")) ?? 0
  }
}
