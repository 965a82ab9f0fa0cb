import Documents
import Foundation
import Subprocess
import SystemPackage

/// Programs that are started, do one thing and end, as a person's commands do.
struct CommandRun: Sendable {
  let executable: String
  let arguments: [String]
  /// Of the file of contexts.
  var context: String?

  /// How long it takes, so often.
  func measure(_ rounds: Int) async throws -> Samples {
    _ = try await run()
    var samples = Samples()
    for _ in 0..<rounds { samples.add(try await run().elapsed) }
    return samples
  }

  /// What it prints, without the white space around it.
  func output() async throws -> String {
    try await run().output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// - Throws: `Impatience` when it does not succeed.
  private func run() async throws -> (elapsed: Duration, output: String) {
    var environment = Environment.inherit
    if let context { environment = environment.updating(["RIALTO_CONFIG": context]) }
    let start = ContinuousClock.now
    let result = try await Subprocess.run(
      .path(FilePath(executable)), arguments: Arguments(arguments), environment: environment,
      input: .none, output: .string(limit: 16 << 20), error: .string(limit: 4096))
    let elapsed = ContinuousClock.now - start
    guard result.terminationStatus.isSuccess else {
      throw Impatience(
        description: "\(executable) \(arguments.joined(separator: " ")) ended with "
          + "\(result.terminationStatus): \(result.standardError)")
    }
    return (elapsed, result.standardOutput)
  }
}
