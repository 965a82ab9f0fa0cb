import Access
import Documents
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
  static let most = 1_000
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

/// What one watcher is told: a value that knows what it has told already.
protocol EventSource: Sendable {
  /// Whether reports of agents are news to it, and not only changes.
  var followsReports: Bool { get }

  /// Up to where the watcher has been told of changes.
  var revision: Revision { get }

  /// What there is to tell since the last time.
  mutating func news() async throws -> [ServerSentEvent]
}

/// Streams what a source tells as server-sent events.
///
/// The first news after a rest goes out at once, and what follows within moments together. A slow
/// client is told less often, not late: there is one wake-up waiting for it at most, and what it is
/// told is worked out when it has taken what went before. One that still falls too far behind
/// is cut off, and goes on from where it was when it comes back.
struct EventStream {
  let operations: Operations
  let count: WatcherCount
  let shared: SharedNews

  /// How many changes a watcher that was up to date may fall behind.
  let longestQueue: Int
  /// How many changes ago a watcher may have been here last.
  static let longestAbsence: Int64 = 100_000
  private static let heartbeat = Duration.seconds(15)
  /// So long after news, more of it waits for company.
  private static let pause = Duration.milliseconds(20)

  /// Where a client wants to go on; nil: from now.
  func start(of call: Call) throws -> Revision? {
    guard let text = call.lastEventID ?? call.query["revision"] else { return nil }
    guard let number = Int64(text), number >= 0 else {
      throw OperationError.malformed("a watch goes on from a revision number")
    }
    let newest = operations.store.position.current.revision
    // Above, the client knows another life of the database.
    guard number <= newest, newest - number <= Self.longestAbsence else {
      throw OperationError.revisionGone(Revision(number))
    }
    return Revision(number)
  }

  func response(_ source: some EventSource) throws -> Response {
    guard count.enter() else { throw OperationError.busy("too many watchers") }
    let ticket = Ticket(count: count)
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { [self] writer in
        defer { withExtendedLifetime(ticket) {} }
        try await run(source, &writer)
        try await writer.finish(nil)
      })
  }

  private func run(
    _ source: some EventSource, _ writer: inout any ResponseBodyWriter
  ) async throws {
    var source = source
    var wasCurrent = false
    var lastWord = ContinuousClock.now
    let (wakeUps, wake) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let (operations, heartbeat) = (operations, Self.heartbeat)
    let writes = operations.store.position.values()
    let reports = source.followsReports ? operations.publication.changes.values() : nil
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in writes { wake.yield() } }
      if let reports { group.addTask { for await _ in reports { wake.yield() } } }
      group.addTask {
        while true {
          try await Task.sleep(for: heartbeat)
          wake.yield()
        }
      }
      defer { group.cancelAll() }
      for await _ in wakeUps.cancelOnGracefulShutdown() {
        let behind = operations.store.position.current.revision - source.revision.number
        if wasCurrent, behind > Int64(longestQueue) {
          return try await writer.write(Self.overrun(by: behind))
        }
        let text: String
        do { text = try await source.news().map(\.text).joined() } catch is MeshNews.Gone {
          return try await writer.write(Self.overrun(by: behind))
        }
        let isQuiet = text.isEmpty
        // A wake-up without news is worth a word only where nothing was said for long.
        guard !isQuiet || !wasCurrent || lastWord.duration(to: .now) > heartbeat / 2 else {
          continue
        }
        try await writer.write(ByteBuffer(string: isQuiet ? ": still here\n\n" : text))
        lastWord = .now
        wasCurrent = true
        if !isQuiet { try await Task.sleep(for: Self.pause) }
      }
    }
  }
}

extension EventStream {
  private static func overrun(by changes: Int64) -> ByteBuffer {
    let event = ServerSentEvent(name: "overrun", id: nil, data: ["behind": .integer(changes)])
    return ByteBuffer(string: event.text)
  }
}

/// Leaves the count when the stream has ended or was never begun.
private final class Ticket: Sendable {
  private let count: WatcherCount
  init(count: WatcherCount) { self.count = count }
  deinit { count.leave() }
}
