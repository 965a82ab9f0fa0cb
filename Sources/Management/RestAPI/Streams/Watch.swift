import Access
import Documents
import Model
import Operations
import Publication
import Storage
import Streams

/// `GET /v2/watch`: the whole mesh, as the dashboard and waiting commands follow it.
struct MeshSource: EventSource {
  let operations: Operations
  let principal: Principal
  private var session: WatchSession

  private static let pageOfChanges = 100

  /// - Parameter start: nil: from a few changes ago.
  init(_ operations: Operations, _ principal: Principal, after start: Revision?) throws {
    // Refuses before the stream begins, while there is still a status to refuse with.
    _ = try operations.agents(principal)
    self.operations = operations
    self.principal = principal
    let newest = operations.store.position.current.revision
    session = WatchSession(
      after: start ?? Revision(max(0, newest - Int64(WatchSession.followedChanges))))
  }

  var followsReports: Bool { true }
  var revision: Revision { session.revision }

  mutating func news() async throws -> [ServerSentEvent] {
    var events = session.react(
      to: try operations.agents(principal), rejections: try operations.rejections(principal))
    events += session.react(to: try operations.proxies(principal))
    while true {
      let changes = try await operations.changes(
        principal, after: session.revision, limit: Self.pageOfChanges)
      events += session.react(to: changes)
      if changes.count < Self.pageOfChanges { break }
    }
    events += session.follow { operations.followed($0).propagation }
    return events
  }
}
