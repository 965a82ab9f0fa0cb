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

  /// The exit status of a shell script, run here.
  func shell(_ script: String) throws -> Int32 { try run("/bin/sh", ["-c", script]) }

  private func run(_ program: String, _ arguments: [String]) throws -> Int32 {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = url
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
