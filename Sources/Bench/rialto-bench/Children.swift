import Foundation
import Glibc
import Subprocess
import Synchronization
import SystemPackage

/// A program that runs until its task is cancelled.
struct Child: Sendable {
  var name: String
  var executable: String
  var arguments: [String]
  var environment: [String: String] = [:]
  /// For its standard input, so that no secret is an argument.
  var input = ""
  var log: String

  struct Ended: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs it; returning by itself is an error. Cancellation asks it to stop, and later makes it.
  func run(started: @Sendable (Int32) -> Void) async throws {
    var options = PlatformOptions()
    options.processGroupID = 0  // an interrupt from the terminal is ours to pass on
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
    let file = try FileDescriptor.open(
      FilePath(log), .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite])
    var environment = self.environment
    environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    environment["SWIFT_BACKTRACE"] = "enable=no"
    let result = try await Subprocess.run(
      .path(FilePath(executable)), arguments: Arguments(arguments),
      environment: .custom(
        Dictionary(
          uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0), $1) })),
      platformOptions: options, input: .string(input),
      output: .fileDescriptor(file, closeAfterSpawningProcess: false),
      error: .fileDescriptor(file, closeAfterSpawningProcess: true)
    ) { child in
      started(Int32(child.processIdentifier.value))
    }
    try Task.checkCancellation()
    throw Ended(description: "\(name) ended (\(result.terminationStatus)); its log is \(log)")
  }
}

/// The processes of one run, by name. Some of them are killed on purpose, and started again.
final class Children: Sendable {
  private struct Restart {
    let signal: AsyncStream<Void>
    let send: AsyncStream<Void>.Continuation

    init() {
      (signal, send) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
    }
  }

  private struct State {
    var running: [String: Int32] = [:]
    /// What those wait for that were killed on purpose.
    var restarts: [String: Restart] = [:]
  }

  private let folder: String
  private let state = Mutex(State())

  init(folder: String) { self.folder = folder }

  func started(_ name: String, _ process: Int32) {
    state.withLock { $0.running[name] = process }
  }

  var all: [String: Int32] { state.withLock { $0.running } }

  /// Runs a program until it ends by itself, which is an error, or the task is cancelled.
  func run(_ child: Child) async throws {
    while true {
      do {
        try await child.run { started(child.name, $0) }
      } catch let ended as Child.Ended {
        guard let signal = state.withLock({ $0.restarts[child.name]?.signal }) else { throw ended }
        for await _ in signal { break }
        try Task.checkCancellation()
        state.withLock { $0.restarts[child.name] = nil }
      }
    }
  }

  /// Kills a program and what it has started, as a machine dies.
  func kill(_ name: String) {
    let process = state.withLock { state in
      state.restarts[name] = Restart()
      return state.running[name]
    }
    if let process { Glibc.kill(process, SIGKILL) }
    signal(SIGKILL, to: name + "/")
  }

  /// Starts a program again that was killed.
  func restart(_ name: String) { state.withLock { _ = $0.restarts[name]?.send.yield() } }

  /// Sends a signal to all processes whose folder in the run's folder begins like this.
  func signal(_ signal: Int32, to prefix: String) {
    for process in ProcessTable.processes(mentioning: "\(folder)/\(prefix)") {
      Glibc.kill(process, signal)
    }
  }
}

/// Waits for a condition of another process; the bench gives up after a deadline.
func wait(
  for what: String, _ deadline: Duration = .seconds(30),
  until condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + deadline
  while try await !condition() {
    guard ContinuousClock.now < end else { throw Impatience(description: "no \(what) in time") }
    try await Task.sleep(for: .milliseconds(5))
  }
}

struct Impatience: Error, CustomStringConvertible {
  let description: String
}
