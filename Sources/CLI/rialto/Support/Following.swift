import Documents
import ManagementClient
import Synchronization

extension Session {
  private static let shortestPause = Duration.milliseconds(250)
  private static let longestPause = Duration.seconds(5)

  /// Hands over what happens after a revision, until `false` is returned. Where the stream breaks off
  /// it goes on from the last revision that was handed over, so that nothing is left out.
  ///
  /// - Throws: `ClientError` when the server cannot be reached at first, or refuses.
  func follow(
    after start: Int64, _ receive: @escaping @Sendable ([ServerEvent]) async throws -> Bool
  ) async throws {
    let position = Mutex(Position(revision: start))
    var pause = Self.shortestPause
    while true {
      do {
        try await client.watch(after: position.withLock { $0.revision }) { events in
          let goesOn = try await receive(events)
          position.withLock { $0.take(events, goesOn: goesOn) }
          return goesOn
        }
        if position.withLock({ $0.isOver }) { return }
      } catch ClientError.refused(let problem) where problem.status == 410 {
        let newest = try await client.newestRevision()
        terminal.note("the server no longer knows what came before revision \(newest)")
        position.withLock { $0.revision = newest }
      } catch ClientError.refused(let problem) where ![429, 502, 503].contains(problem.status) {
        throw ClientError.refused(problem)
      } catch let error as ClientError where position.withLock({ !$0.hasHeard }) {
        throw error
      } catch is ClientError {}
      if position.withLock({ $0.takeNews() }) { pause = Self.shortestPause }
      try await sleep(pause)
      pause = min(pause * 2, Self.longestPause)
    }
  }

  private struct Position {
    var revision: Int64
    var hasHeard = false
    var isOver = false
    private var isNews = false

    init(revision: Int64) { self.revision = revision }

    mutating func take(_ events: [ServerEvent], goesOn: Bool) {
      hasHeard = true
      isNews = true
      isOver = !goesOn
      revision = max(revision, events.compactMap { $0.id.flatMap { Int64($0) } }.max() ?? 0)
    }

    /// Whether anything came since the last time.
    mutating func takeNews() -> Bool {
      defer { isNews = false }
      return isNews
    }
  }
}

extension ManagementClient {
  /// The revision of the last change; 0 when there is none.
  func newestRevision() async throws -> Int64 {
    try await changes(limit: 1).first?["revision"]?.integer ?? 0
  }
}
