import Access
import Documents
import Model
import Operations
import Publication
import Storage
import Streams

/// `GET /v2/watch`: the whole mesh, as the dashboard and waiting commands follow it.
struct MeshSource: EventSource {
  private let operations: Operations
  private let principal: Principal
  private let shared: SharedNews
  private(set) var revision: Revision
  /// What was told of sites and proxies.
  private var number: Int64 = 0
  /// The last changes, and what was told of the way of each.
  private var followed: [(change: StoredChange, number: Int64)] = []

  /// How many of the last changes are followed on their way.
  static let followedChanges = 20
  private static let pageOfChanges = 100

  /// - Parameter start: nil: from a few changes ago.
  init(
    _ operations: Operations, _ principal: Principal, _ shared: SharedNews, after start: Revision?
  ) throws {
    // Refuses before the stream begins, while there is still a status to refuse with.
    try operations.checkFleet(principal)
    self.operations = operations
    self.principal = principal
    self.shared = shared
    let newest = operations.store.position.current.revision
    revision = start ?? Revision(max(0, newest - Int64(Self.followedChanges)))
  }

  var followsReports: Bool { true }

  mutating func news() async throws -> [ServerSentEvent] {
    try operations.checkFleet(principal)
    var (events, number) = try shared.mesh.events(after: number)
    self.number = number
    while operations.store.position.current.revision > revision.number {
      let changes = try await operations.changes(
        principal, after: revision, limit: Self.pageOfChanges)
      for change in changes { events.append(event(of: change)) }
      if changes.count < Self.pageOfChanges { break }
    }
    for index in followed.indices {
      let (change, number) = followed[index]
      guard let news = shared.mesh.progress(of: change, after: number) else { continue }
      followed[index].number = news.number
      events.append(news.event)
    }
    return events
  }

  private mutating func event(of change: StoredChange) -> ServerSentEvent {
    revision = change.revision
    followed.append((change, 0))
    if followed.count > Self.followedChanges { followed.removeFirst() }
    return ServerSentEvent(
      name: "change", id: change.revision.number,
      data: shared.texts.text(.summary(revision: change.revision.number)) {
        Rendering.summary(change)
      })
  }
}

/// What all watchers of a server share.
struct SharedNews: Sendable {
  let texts = EventTexts()
  let mesh: MeshNews

  init(_ publication: Publication) { mesh = MeshNews(publication) }
}
