import Dispatch
package import Testing

/// For tests that compute much: they share one thread of their own.
///
/// All tests begin at once and the runtime has as many threads as the machine has processors. Were
/// these computed there, tests that wait for the network would not be asked for a minute.
package struct Laborious: TestTrait, SuiteTrait, TestScoping {
  package func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(LaborExecutor.shared) { try await function() }
  }
}

extension Trait where Self == Laborious {
  package static var laborious: Self { Laborious() }
}

private final class LaborExecutor: TaskExecutor {
  static let shared = LaborExecutor()

  private let queue = DispatchQueue(label: "laborious tests", qos: .utility)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
