/// Runs `body` with `others` beside it, which are cancelled when it is done. What one of them throws
/// ends `body`; that one of them returns means nothing.
func beside<Result: Sendable>(
  _ others: [@Sendable () async throws -> Void],
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  try await withThrowingTaskGroup(of: Result?.self) { group in
    for other in others {
      group.addTask {
        try await other()
        return nil
      }
    }
    group.addTask { try await body() }
    defer { group.cancelAll() }
    while let next = try await group.next() {
      if let next { return next }
    }
    throw CancellationError()
  }
}
