import NIOCore

/// Requests at a steady rate, whether the ones before have been answered or not.
struct SteadyLoad: Sendable {
  var url: String
  var requests: Int
  /// Per second.
  var rate: Double

  /// One request. Times are since the load began.
  struct Outcome: Sendable {
    var sent: Duration
    var ended: Duration
    /// What the answer said; nil when the request failed.
    var answer: String?
  }

  /// Sends all of them; `during` runs beside, from the beginning, and the load's clock is handed
  /// to it.
  func run(
    by caller: Caller,
    during: @Sendable (_ start: ContinuousClock.Instant) async throws -> Void
  ) async throws -> [Outcome] {
    let start = ContinuousClock.now
    async let beside: Void = during(start)
    let outcomes = try await withThrowingTaskGroup(of: Outcome.self) { group in
      for index in 0..<requests {
        try await Task.sleep(until: start + .seconds(Double(index) / rate))
        group.addTask {
          let sent = ContinuousClock.now - start
          let answer = try await caller.ask(url, within: .seconds(10))
          return Outcome(sent: sent, ended: ContinuousClock.now - start, answer: answer)
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try await beside
    return outcomes
  }
}
