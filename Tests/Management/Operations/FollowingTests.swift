import Model
import Operations
import Storage
import Streams
import TestSupport
import Testing

@Suite struct `Following changes` {
  @Test(.timeLimit(.minutes(1)))
  func `many who follow at once hear of every change, in order`() async throws {
    let fixture = try ManagementFixture()
    let last: Int64 = 40
    let heard = try await withThrowingTaskGroup(of: [Int64]?.self) { group in
      for _ in 0..<30 {
        group.addTask { try await Self.follow(fixture, until: last) }
      }
      group.addTask {
        try await fixture.apply(ManagementFixture.tree)
        while fixture.store.position.current.revision < last {
          let revision = fixture.store.position.current.revision
          try await fixture.apply(
            """
            apiVersion: api.rialto.mesh/v2
            kind: Tenant
            metadata: {name: t-\(revision), organization: acme}
            """)
        }
        return nil
      }
      return try await group.reduce(into: [[Int64]]()) { if let next = $1 { $0.append(next) } }
    }
    #expect(heard.count == 30)
    #expect(Set(heard) == [Array(1...last)])
  }

  /// The revisions that a follower hears of, up to one.
  private static func follow(
    _ fixture: ManagementFixture, until last: Int64
  ) async throws -> [Int64] {
    var heard: [Int64] = []
    for await _ in fixture.store.position.values() {
      while true {
        let changes = try await fixture.operations.changes(
          ManagementFixture.administrator, after: Revision(heard.last ?? 0), limit: 7)
        heard += changes.map(\.revision.number)
        if changes.count < 7 { break }
      }
      if let newest = heard.last, newest >= last { return heard.filter { $0 <= last } }
    }
    return heard
  }
}
