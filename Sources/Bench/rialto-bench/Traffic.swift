import NIOCore
import Synchronization

/// Requests at a steady rate, whether the ones before have been answered or not, for as long as
/// something else takes.
struct Traffic: Sendable {
  var url: String
  /// Per second.
  var rate: Double

  /// What became of the requests.
  struct Outcome: Sendable {
    var answered = Samples()
    var failed = 0

    var count: Int { answered.count + failed }
  }

  private final class Progress: Sendable {
    let isOver = Mutex(false)
    let outcome = Mutex(Outcome())
  }

  /// Runs `body`, and asks from its beginning to its end.
  func whileRunning<Result: Sendable>(
    by caller: Caller, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> (result: Result, traffic: Outcome) {
    let progress = Progress()
    let result = try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask {
        defer { progress.isOver.withLock { $0 = true } }
        return try await body()
      }
      group.addTask {
        try await ask(caller, progress)
        return nil
      }
      var result: Result?
      while let next = try await group.next() { result = next ?? result }
      return result
    }
    guard let result else { throw CancellationError() }
    return (result, progress.outcome.withLock { $0 })
  }

  private func ask(_ caller: Caller, _ progress: Progress) async throws {
    let start = ContinuousClock.now
    try await withThrowingDiscardingTaskGroup { group in
      var sent = 0
      while !progress.isOver.withLock({ $0 }) {
        group.addTask {
          let began = ContinuousClock.now
          let answer = try await caller.ask(url, within: .seconds(10))
          let took = ContinuousClock.now - began
          progress.outcome.withLock { outcome in
            if answer == nil { outcome.failed += 1 } else { outcome.answered.add(took) }
          }
        }
        sent += 1
        try await Task.sleep(until: start + .seconds(Double(sent) / rate))
      }
    }
  }
}
