import Foundation

/// A folder of `Tests/Golden/<translation>/` with what goes in and what comes out.
package struct GoldenCase: CustomStringConvertible, Sendable {
  package let name: String
  private let folder: URL

  package var description: String { name }

  /// The cases of a translation, by name. A test should make sure that there are some: a folder
  /// that has moved would turn everything green.
  package static func all(of translation: String) -> [GoldenCase] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Golden/\(translation)").standardizedFileURL
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().map { GoldenCase(name: $0, folder: folder.appending(path: $0)) }
  }

  package func read(_ file: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: folder.appending(path: file)))
  }

  package func readIfPresent(_ file: String) -> [UInt8]? { try? read(file) }

  /// What is recorded in `file`; with `UPDATE_GOLDEN=1`, after recording `text`.
  package func recorded(_ file: String, updatingTo text: String) throws -> String {
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      try Data(text.utf8).write(to: folder.appending(path: file))
    }
    return String(decoding: try read(file), as: UTF8.self)
  }
}
