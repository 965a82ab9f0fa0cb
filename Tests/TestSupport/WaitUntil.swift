/// Waits for a condition; a test that would wait for ever fails.
package func waitUntil(
  _ deadline: Duration = .seconds(20), _ condition: @Sendable () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + deadline
  while try await !condition() {
    guard ContinuousClock.now < end else { throw DeadlinePassed() }
    try await Task.sleep(for: .milliseconds(2))
  }
}

package struct DeadlinePassed: Error {}
