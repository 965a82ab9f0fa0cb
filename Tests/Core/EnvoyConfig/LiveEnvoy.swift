import Documents
import Foundation
import Glibc
import TestSupport

/// An Envoy that serves a configuration, for as long as a test needs it, and the `curl` to try it
/// with.
struct LiveEnvoy: Sendable {
  struct Failed: Error, CustomStringConvertible { let description: String }

  let folder: TemporaryFolder
  /// Where its administration listens: HOST:PORT.
  private let administration: String

  /// - Parameter address: a loopback address that nobody else uses, for the administration.
  static func serving<Result: Sendable>(
    _ bootstrap: Document, address: String, _ body: (LiveEnvoy) async throws -> Result
  ) async throws -> Result {
    let folder = try TemporaryFolder()
    guard case .object(var members) = bootstrap else { throw Failed(description: "no bootstrap") }
    members["admin"] = [
      "address": ["socketAddress": ["address": .string(address), "portValue": 9901]]
    ]
    try Document.object(members).prettyJSON.write(
      toFile: "\(folder.path)/bootstrap.json", atomically: true, encoding: .utf8)
    let (process, ends) = try start(
      try StockEnvoy().path,
      ["-c", "bootstrap.json", "--disable-hot-restart", "--concurrency", "1", "-l", "warning"],
      in: folder, output: "envoy.log")
    // It may have been started with signals blocked that ask it to end.
    defer { kill(process.processIdentifier, SIGKILL) }
    let envoy = LiveEnvoy(folder: folder, administration: "\(address):9901")
    do {
      try await waitUntil {
        guard process.isRunning else { throw Failed(description: envoy.log) }
        return try await envoy.curl("http://\(address):9901/ready").status == 200
      }
      let result = try await body(envoy)
      kill(process.processIdentifier, SIGKILL)
      for await _ in ends {}
      return result
    } catch let error as DeadlinePassed {
      throw Failed(description: "\(error): \(envoy.log)")
    }
  }

  var log: String {
    (try? String(contentsOfFile: "\(folder.path)/envoy.log", encoding: .utf8)) ?? ""
  }

  /// The sum of Envoy's counters whose names match.
  func count(_ pattern: String) async throws -> Int {
    let text = try await curl("http://\(administration)/stats?filter=\(pattern)").body
    return text.split(separator: "\n").reduce(0) { sum, line in
      sum + (line.split(separator: " ").last.flatMap { Int($0) } ?? 0)
    }
  }

  /// What a request came to; status 0: there was no answer.
  func curl(_ arguments: String...) async throws -> (status: Int, body: String) {
    let output = "curl-\(UUID().uuidString)"
    let (process, ends) = try Self.start(
      "/usr/bin/curl",
      ["-sk", "--max-time", "10", "-w", "\n%{http_code}"] + arguments, in: folder, output: output)
    // A process that nobody holds does not say when it ends.
    try await withTaskCancellationHandler {
      for await _ in ends {}
      try Task.checkCancellation()
    } onCancel: {
      kill(process.processIdentifier, SIGKILL)
    }
    let text = try String(contentsOfFile: "\(folder.path)/\(output)", encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return (lines.last.flatMap { Int($0) } ?? 0, lines.dropLast().joined(separator: "\n"))
  }

  /// Nobody's thread waits for the process: there are few for all tests.
  private static func start(
    _ program: String, _ arguments: [String], in folder: TemporaryFolder, output: String
  ) throws -> (Process, AsyncStream<Void>) {
    let path = "\(folder.path)/\(output)"
    try Data().write(to: URL(filePath: path))
    let file = try FileHandle(forWritingTo: URL(filePath: path))
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = file
    process.standardError = file
    process.terminationHandler = { _ in end.finish() }
    try process.run()
    return (process, ends)
  }
}
