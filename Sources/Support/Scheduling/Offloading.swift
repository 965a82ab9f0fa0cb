private import NIOPosix

/// Runs `body` on a thread that carries no connections: for what computes for long, waits for a
/// lock that is held for long, or writes files.
///
/// - Throws: what `body` throws, or `CancellationError` when the task was cancelled before it began.
package func offloaded<Result: Sendable>(
  _ body: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await NIOThreadPool.singleton.runIfActive(body)
}
