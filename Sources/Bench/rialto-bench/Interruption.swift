import ArgumentParser
import UnixSignals

/// Runs `work`; an interrupt cancels it, so that everything it started ends with it.
func untilInterrupted<Result: Sendable>(
  _ work: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
  return try await beside([{ for await _ in signals { throw ExitCode(130) } }], work)
}
