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

/// The processes of one run, by name.
final class Children: Sendable {
  private let running = Mutex<[String: Int32]>([:])

  func started(_ name: String, _ process: Int32) { running.withLock { $0[name] = process } }
  func process(_ name: String) -> Int32? { running.withLock { $0[name] } }
  var all: [String: Int32] { running.withLock { $0 } }
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
