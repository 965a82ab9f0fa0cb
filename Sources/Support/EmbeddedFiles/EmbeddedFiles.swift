private import CEmbeddedFiles

/// A file of the repository that travels inside the binary.
package struct EmbeddedFile: Hashable, Sendable {
  /// Its path in the repository: `Web/index.html`.
  package let path: String
  package let bytes: [UInt8]

  package init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  package var name: String { String(path.split(separator: "/").last ?? "") }
  package var text: String { String(decoding: bytes, as: UTF8.self) }
}

package enum EmbeddedFiles {
  /// Sorted by path.
  package static let all: [EmbeddedFile] = {
    var count = 0
    let first = unsafe rialto_embedded_files(&count)
    let files = unsafe UnsafeBufferPointer(start: first, count: count).map { file in
      unsafe EmbeddedFile(
        path: String(cString: file.path),
        bytes: Array(UnsafeBufferPointer(start: file.bytes, count: file.size)))
    }
    return files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }()

  /// The database of the server, in order.
  package static var serverMigrations: [EmbeddedFile] { files(beginningWith: "Migrations/m") }

  /// The database of an agent, in order.
  package static var agentMigrations: [EmbeddedFile] { files(beginningWith: "Migrations/agent-m") }

  /// The dashboard.
  package static var web: [EmbeddedFile] { files(beginningWith: "Web/") }

  private static func files(beginningWith start: String) -> [EmbeddedFile] {
    all.filter { $0.path.utf8.starts(with: start.utf8) }
  }
}
