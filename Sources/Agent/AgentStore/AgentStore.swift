private import Databases
private import EmbeddedFiles
import GRDB

/// What an agent must still know after a restart, in its own SQLite file: its blueprint items and how
/// far it followed the server, the workloads that joined and are here, and open join tokens.
///
/// A write that has returned is on the disk.
package final class AgentStore: Sendable {
  private let file: DatabaseFile

  private init(_ file: DatabaseFile) { self.file = file }

  /// Opens or creates the file.
  package static func open(path: String) throws -> AgentStore {
    AgentStore(try DatabaseFile.open(path: path, migrations: EmbeddedFiles.agentMigrations))
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value { try await file.read(body) }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value { try await file.write(body) }
}

// MARK: Enrollment

extension AgentStore {
  package func enrollment() async throws -> StoredEnrollment? {
    try await read { database in
      guard let row = try Row.fetchOne(database, sql: "SELECT * FROM enrollment") else {
        return nil
      }
      return StoredEnrollment(
        organization: row["organization"], cluster: row["cluster"],
        trustDomain: row["trust_domain"],
        certificateChain: try certificates(in: row["certificate_chain"]),
        serverAuthorities: try certificates(in: row["server_authorities"]))
    }
  }

  package func save(_ enrollment: StoredEnrollment) async throws {
    try await write { database in
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO enrollment
            (id, organization, cluster, trust_domain, certificate_chain, server_authorities)
          VALUES (1, ?, ?, ?, ?, ?)
          """,
        arguments: [
          enrollment.organization, enrollment.cluster, enrollment.trustDomain,
          text(of: enrollment.certificateChain), text(of: enrollment.serverAuthorities),
        ])
    }
  }
}
