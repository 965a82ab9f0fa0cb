import Documents
import Foundation
import Subprocess
import Synchronization
import SystemPackage

/// One scenario in a process of its own.
struct ScenarioRun: Sendable {
  let name: String
  let options: [String]
  let limit: Duration

  /// What became of it.
  struct Outcome: Sendable {
    var name: String
    var elapsed: Duration
    var result: Result<Report, Impatience>

    var verdict: String {
      switch result {
      case .failure(let problem): "FAILED: \(problem)"
      case .success(let report) where report.failedChecks.isEmpty: "all checks hold"
      case .success(let report):
        "WRONG: " + report.failedChecks.map(\.name).joined(separator: ", ")
      }
    }

    /// It came to its end, and found nothing wrong.
    var isSound: Bool {
      if case .success(let report) = result { report.failedChecks.isEmpty } else { false }
    }
  }

  /// - Throws: only when the task is cancelled; the scenario has ended then.
  func outcome() async throws -> Outcome {
    let start = ContinuousClock.now
    let process = Mutex<Int32>(0)
    let result: Result<Report, Impatience>
    do {
      result = .success(
        try await beside([
          {
            try await Task.sleep(for: limit)
            throw Impatience(description: "not done after \(limit)")
          }
        ]) { try await report { started in process.withLock { $0 = started } } })
    } catch {
      try Task.checkCancellation()
      result = .failure(error as? Impatience ?? Impatience(description: "\(error)"))
    }
    // One that crashed or hung may have left something behind.
    process.withLock { if $0 != 0 { Testbed.sweep(Testbed.folder(of: $0)) } }
    return Outcome(name: name, elapsed: ContinuousClock.now - start, result: result)
  }

  private func report(_ started: @Sendable (Int32) -> Void) async throws -> Report {
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    var platform = PlatformOptions()
    platform.processGroupID = 0  // an interrupt from the terminal is ours to pass on
    platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(30))]
    let ended = try await Subprocess.run(
      .path(FilePath(own)), arguments: Arguments([name] + options + ["--json"]),
      platformOptions: platform, input: .none, output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20)
    ) { started(Int32($0.processIdentifier.value)) }
    try Task.checkCancellation()
    guard ended.terminationStatus.isSuccess else {
      let lines = ended.standardError.split(separator: "\n").suffix(4)
      throw Impatience(
        description: lines.isEmpty
          ? "it ended (\(ended.terminationStatus))" : lines.joined(separator: "; "))
    }
    return try Report(try JSONParser.document(from: Array(ended.standardOutput.utf8)))
  }
}
