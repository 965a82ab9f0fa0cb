/// Waits for a condition; a test that would wait for ever fails.
///
/// The deadline counts only once the condition was looked at often enough: where all tests begin at
/// once on a small machine, a task can wait longer than that for its first turn.
package func waitUntil(
  _ what: String = "the condition", within limit: Duration = .seconds(30),
  _ condition: @Sendable () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  var looks = 0
  while try await !condition() {
    looks += 1
    guard ContinuousClock.now < end || looks < 100 else { throw DeadlinePassed(description: what) }
    try await Task.sleep(for: .milliseconds(2))
  }
}

package struct DeadlinePassed: Error, CustomStringConvertible {
  package let description: String
}
