import Databases
import Documents
import EmbeddedFiles
import Foundation
import GRDB
import Model
import Storage
import Streams
import TestSupport
import Testing

@Suite struct `What the store promises over its life` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ count: Int, to store: Store) async throws {
    for number in 0..<count {
      let step = Sample.put(Sample.organization, "\(number)")
      _ = try await store.commit(ProposedChange(actor: "administrator", steps: [step]))
      try await store.audit(
        AuditEvent(event: "test", actor: "a", subject: "s", detail: "\(number)"))
    }
  }

  @Test func `a reopened store has what was acknowledged, and its name`() async throws {
    var store: Store? = try Store(directory: folder.path)
    let epoch = store?.epoch
    if let store { try await write(3, to: store) }
    store = nil
    let reopened = try Store(directory: folder.path)
    #expect(reopened.epoch == epoch)
    #expect(reopened.position.current.revision == 3)
    #expect(try await reopened.object(Sample.organization)?.manifest["note"] == "2")
    let other = try TemporaryFolder()
    #expect(try Store(directory: other.path).epoch != epoch)
  }

  @Test func `API tokens outlive the process, and removed ones stay away`() async throws {
    func token(_ id: String) -> Store.APIToken {
      Store.APIToken(id: id, principal: "a", secretHash: Array(repeating: 1, count: 32))
    }
    var store: Store? = try Store(directory: folder.path)
    try await store?.addAPIToken(token("kept"))
    try await store?.addAPIToken(token("removed"))
    try await store?.removeAPIToken(id: "removed")
    store = nil
    let reopened = try Store(directory: folder.path)
    #expect(reopened.apiToken(id: "kept") == token("kept"))
    #expect(reopened.apiToken(id: "removed") == nil)
  }

  @Test func `a token that could not be written opens nothing`() async throws {
    let store = try Store(directory: folder.path)
    let broken = Store.APIToken(id: "k", principal: "a", secretHash: [1])
    await #expect(throws: (any Error).self) { try await store.addAPIToken(broken) }
    #expect(store.apiToken(id: "k") == nil)
  }

  @Test func `untouched chains verify`() async throws {
    let store = try Store(directory: folder.path)
    try await write(4, to: store)
    #expect(try await store.verifyChains() == nil)
  }

  @Test(
    arguments: [
      (
        "UPDATE change SET actor = 'other' WHERE revision = 2",
        Store.ChainDefect.change(Revision(2))
      ),
      ("UPDATE change SET steps = '[]' WHERE revision = 3", .change(Revision(3))),
      ("UPDATE change SET committedAt = committedAt + 1 WHERE revision = 1", .change(Revision(1))),
      (
        "DELETE FROM change_step WHERE revision = 2; DELETE FROM change WHERE revision = 2",
        .change(Revision(3))
      ),
      ("UPDATE audit SET detail = 'harmless' WHERE number = 2", .auditEntry(2)),
      ("DELETE FROM audit WHERE number = 1", .auditEntry(2)),
    ])
  func `a row that was tampered with is found`(sql: String, defect: Store.ChainDefect) async throws
  {
    do { try await write(4, to: try Store(directory: folder.path)) }
    do {
      let file = try DatabaseFile.open(
        path: "\(folder.path)/rialto.db", migrations: EmbeddedFiles.serverMigrations)
      try await file.write { try $0.execute(sql: sql) }
    }
    let store = try Store(directory: folder.path)
    #expect(try await store.verifyChains() == defect)
  }

  @Test func `a join token is spent once, however many try`() async throws {
    let store = try Store(directory: folder.path)
    let hash = [UInt8](repeating: 9, count: 32)
    try await store.addJoinToken(
      Store.JoinToken(id: "t", cluster: Sample.east, secretHash: hash, expiresAt: 1000))
    #expect(try await store.redeemJoinToken(id: "x", secretHash: hash, at: 1) == .unknown)
    #expect(
      try await store.redeemJoinToken(id: "t", secretHash: [UInt8](repeating: 8, count: 32), at: 1)
        == .wrongSecret)
    #expect(try await store.redeemJoinToken(id: "t", secretHash: hash, at: 1000) == .expired)
    let outcomes = try await withThrowingTaskGroup(of: Store.Redemption.self) { group in
      for _ in 0..<16 {
        group.addTask { try await store.redeemJoinToken(id: "t", secretHash: hash, at: 999) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes.filter { $0 == .redeemed(cluster: Sample.east) }.count == 1)
    #expect(outcomes.filter { $0 == .spent }.count == 15)
  }

  @Test func `generations never go back`() async throws {
    let store = try Store(directory: folder.path)
    let newer = Store.Generation(generation: 5, digest: .init(value: 5))
    try await store.recordGeneration(cluster: "east", newer)
    try await store.recordGeneration(
      cluster: "east", Store.Generation(generation: 4, digest: .init(value: 4)))
    #expect(try await store.generations() == ["east": newer])
  }
}
