import Foundation

/// A folder that goes away with its test.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "rialto-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func write(_ text: String, as name: String) throws {
    try Data(text.utf8).write(to: url.appending(path: name))
  }

  /// The exit status of openssl, run here.
  func openssl(_ arguments: String...) throws -> Int32 { try run("/usr/bin/openssl", arguments) }

  /// The exit status of a shell script, run here. Nobody's thread waits meanwhile.
  func shell(_ script: String) async throws -> Int32 {
    let process = Process()
    let (ends, end) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { process in
      end.yield(process.terminationStatus)
      end.finish()
    }
    try start(process, "/bin/sh", ["-c", script])
    return await ends.first { _ in true } ?? -1
  }

  private func run(_ program: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    try start(process, program, arguments)
    process.waitUntilExit()
    return process.terminationStatus
  }

  private func start(_ process: Process, _ program: String, _ arguments: [String]) throws {
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = url
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }
}
