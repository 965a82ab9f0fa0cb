import Access
import Hummingbird
import HummingbirdCore
import Model
import NIOCore
import Operations
import Publication
import ServiceLifecycle
import Storage
import Streams
import Synchronization

/// How many watchers there are now.
final class WatcherCount: Sendable {
  static let most = 200
  private let count = Mutex(0)

  /// Whether there was room for one more.
  func enter() -> Bool {
    count.withLock { count in
      guard count < Self.most else { return false }
      count += 1
      return true
    }
  }

  func leave() { count.withLock { $0 -= 1 } }
}

/// Streams what happens as server-sent events.
///
/// A slow client is told less often, not late: there is one wake-up waiting for it at most, and what
/// it is told is worked out when it has taken what went before.
struct Watch {
  let operations: Operations
  let principal: Principal
  let count: WatcherCount

  private static let heartbeat = Duration.seconds(15)
  private static let pageOfChanges = 100

  func response(to call: Call) throws -> Response {
    // Refuses before the stream begins, while there is still a status to refuse with.
    _ = try operations.agents(principal)
    let newest = Revision(operations.store.position.current.revision)
    let start = try start(of: call, newest: newest)
    guard count.enter() else { throw OperationError.busy("too many watchers") }
    let ticket = Ticket(count: count)
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { [self] writer in
        try await withExtendedTicket(ticket) { try await run(from: start, &writer) }
        try await writer.finish(nil)
      })
  }

  /// From a revision that the client names, or from a few changes ago.
  private func start(of call: Call, newest: Revision) throws -> Revision {
    guard let text = call.lastEventID ?? call.query["revision"] else {
      return Revision(max(0, newest.number - Int64(WatchSession.followedChanges)))
    }
    guard let number = Int64(text), number >= 0 else {
      throw OperationError.malformed("a watch goes on from a revision number")
    }
    // The client knows another life of the database.
    guard number <= newest.number else { throw OperationError.revisionGone(Revision(number)) }
    return Revision(number)
  }

  private func run(from start: Revision, _ writer: inout any ResponseBodyWriter) async throws {
    var session = WatchSession(after: start)
    let (wakeUps, wake) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let (operations, heartbeat) = (operations, Self.heartbeat)
    let writes = operations.store.position.values()
    let reports = operations.publication.changes.values()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in writes { wake.yield() } }
      group.addTask { for await _ in reports { wake.yield() } }
      group.addTask {
        while true {
          try await Task.sleep(for: heartbeat)
          wake.yield()
        }
      }
      defer { group.cancelAll() }
      for await _ in wakeUps.cancelOnGracefulShutdown() {
        let text = try await news(for: &session).map(\.text).joined()
        try await writer.write(ByteBuffer(string: text.isEmpty ? ": still here\n\n" : text))
      }
    }
  }

  private func news(for session: inout WatchSession) async throws -> [ServerSentEvent] {
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

/// Leaves the count when the stream has ended or was never begun.
private final class Ticket: Sendable {
  private let count: WatcherCount
  init(count: WatcherCount) { self.count = count }
  deinit { count.leave() }
}

private func withExtendedTicket(
  _ ticket: Ticket, _ body: () async throws -> Void
) async throws {
  defer { withExtendedLifetime(ticket) {} }
  try await body()
}
