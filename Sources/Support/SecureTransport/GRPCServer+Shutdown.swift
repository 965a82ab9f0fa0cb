package import GRPCCore

extension GRPCServer {
  /// Serves until the task is cancelled, and ends in good order then: to be cancelled while it accepts
  /// connections is what the transport does not survive.
  /// - Parameter patience: how long calls have to end by themselves once the port is closed.
  package func serveUntilCancelled(patience: Duration = .milliseconds(500)) async throws {
    let serving = Task { try await serve() }
    try await withTaskCancellationHandler {
      try await serving.value
    } onCancel: {
      beginGracefulShutdown()
      Task {
        try await Task.sleep(for: patience)
        serving.cancel()
      }
    }
  }
}
