import Databases
import EmbeddedFiles
import Foundation
import GRDB
import Glibc
import TestSupport
import Testing

@Suite struct `A database file` {
  private let folder: TemporaryFolder
  private var path: String { "\(folder.path)/test.db" }

  init() throws { folder = try TemporaryFolder() }

  private static let migrations = [
    EmbeddedFile(
      path: "m001-a.sql", bytes: Array("CREATE TABLE a (n INTEGER UNIQUE) STRICT;".utf8)),
    EmbeddedFile(path: "m002-b.sql", bytes: Array("CREATE TABLE b (n INTEGER) STRICT;".utf8)),
  ]

  private func open(_ migrations: [EmbeddedFile] = migrations) throws -> DatabaseFile {
    try DatabaseFile.open(path: path, migrations: migrations)
  }

  @Test func `its writer syncs every commit`() async throws {
    let file = try open()
    let synchronous = try await file.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    let journal = try await file.write { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
    let foreignKeys = try await file.write { try Int.fetchOne($0, sql: "PRAGMA foreign_keys") }
    #expect(synchronous == 2)
    #expect(journal == "wal")
    #expect(foreignKeys == 1)
  }

  @Test func `only its owner may read it`() async throws {
    let file = try open()
    try await file.write { try $0.execute(sql: "INSERT INTO a VALUES (1)") }
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")
      #expect(attributes[.posixPermissions] as? Int == 0o600, "\(name)")
    }
  }

  @Test func `two cannot have it open, and the next one can`() throws {
    var first: DatabaseFile? = try open()
    #expect(throws: DatabaseOpeningError.self) { try open() }
    withExtendedLifetime(first) {}
    first = nil
    _ = try open()
  }

  @Test func `being refused closes no file of others`() async throws {
    let first = try open()
    try await withThrowingTaskGroup { group in
      for _ in 0..<2 {
        group.addTask {
          for _ in 0..<2_000 { #expect(throws: DatabaseOpeningError.self) { try open() } }
        }
      }
      // Whatever gets the number of a descriptor that was closed too often is closed with it.
      group.addTask {
        for _ in 0..<20_000 {
          let descriptor = unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
          #expect(descriptor >= 0 && close(descriptor) == 0)
        }
      }
      try await group.waitForAll()
    }
    withExtendedLifetime(first) {}
  }

  @Test func `migrations run once, in order`() async throws {
    do { _ = try open(Array(Self.migrations.prefix(1))) }
    let file = try open()
    let tables = try await file.read {
      try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1")
    }
    #expect(tables == ["a", "b"])
  }

  @Test func `a database of a newer release is refused`() throws {
    do { _ = try open() }
    #expect {
      try open(Array(Self.migrations.prefix(1)))
    } throws: { error in
      guard case DatabaseOpeningError.newer(_, found: 2, known: 1) = error else { return false }
      return true
    }
  }

  @Test func `a failing migration leaves nothing behind`() throws {
    let bad = EmbeddedFile(
      path: "m003-c.sql", bytes: Array("CREATE TABLE c (n INTEGER) STRICT; nonsense;".utf8))
    #expect(throws: DatabaseOpeningError.self) { try open(Self.migrations + [bad]) }
    let file = try open()
    let count = try file.writeNow {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema WHERE name = 'c'")
    }
    #expect(count == 0)
  }

  @Test func `writes that wait together share commits, and each gets its own error`() async throws {
    let file = try open()
    let gate = DispatchSemaphore(value: 0)
    // Holds the writer until all the others have queued up behind it.
    async let holder: Void = file.write { _ in gate.wait() }
    // However this ends: the writer would be held for ever.
    defer { gate.signal() }
    try await waitUntil { file.commitCount == 1 }
    let outcomes = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
      for number in 0..<64 {
        group.addTask {
          do {
            // Every fourth inserts what is there already.
            let value = number % 4 == 3 ? number - 1 : number
            try await file.write { database in
              try database.execute(sql: "INSERT INTO b VALUES (?)", arguments: [number])
              try database.execute(sql: "INSERT INTO a VALUES (?)", arguments: [value])
            }
            return (number, true)
          } catch { return (number, false) }
        }
      }
      group.addTask {
        defer { gate.signal() }
        try await waitUntil { file.waitingCount == 64 }
        return (-1, true)
      }
      return try await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
    }
    try await holder
    #expect(file.commitCount == 2)
    #expect(outcomes.count == 65)
    #expect(outcomes.values.filter { !$0 }.count == 16)
    let (a, b) = try await file.read { database in
      (
        try Set(Int.fetchAll(database, sql: "SELECT n FROM a")),
        try Set(Int.fetchAll(database, sql: "SELECT n FROM b"))
      )
    }
    // What a failing write did before its error is undone with it.
    #expect(b == Set(outcomes.filter { $0.value && $0.key >= 0 }.keys))
    #expect(a.count == 48)
  }

  @Test func `a write is on the disk when it returns`() async throws {
    let file = try open()
    try await file.write { try $0.execute(sql: "INSERT INTO a VALUES (7)") }
    // A copy of the files as they are now is what a killed process would leave.
    let copy = "\(folder.path)/copy.db"
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
    }
    let reopened = try DatabaseFile.open(path: copy, migrations: Self.migrations)
    #expect(try await reopened.read { try Int.fetchOne($0, sql: "SELECT n FROM a") } == 7)
  }
}
