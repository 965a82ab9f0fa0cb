import FoundationEssentials
import Identity
import Model
import Subprocess
import SystemPackage

/// The program in which people change texts.
struct Editor: Sendable {
  /// Comes back when the file at a path is as the writer wants it.
  var edit: @Sendable (String) async throws -> Void

  /// What VISUAL, else EDITOR, names, with its arguments; else vi.
  static func of(_ environment: [String: String]) -> Editor {
    let command =
      [environment["VISUAL"], environment["EDITOR"], "vi"].compactMap { $0 }
      .first { !$0.isEmpty } ?? "vi"
    return Editor { path in
      let status: TerminationStatus
      do {
        // Through a shell, because the variable may hold arguments.
        status = try await Subprocess.run(
          .path("/bin/sh"), arguments: ["-c", "\(command) \"$1\"", "sh", path],
          input: .fileDescriptor(.standardInput, closeAfterSpawningProcess: false),
          output: .fileDescriptor(.standardOutput, closeAfterSpawningProcess: false),
          error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ).terminationStatus
      } catch {
        throw failure("'\(command)' cannot be started: \(error)")
      }
      guard status.isSuccess else { throw failure("'\(command)' ended with an error") }
    }
  }

  private static func failure(_ reason: String) -> Failure {
    Failure(
      .failed, .editor, reason,
      advice: "Set EDITOR to an editor that comes back when the text is done, such as 'vi'.")
  }
}

/// The file that an editor works on, readable for its owner only: it may hold secrets.
struct EditedFile: Sendable {
  private let folder: String
  let path: String

  init(of ref: ResourceRef) throws {
    let manager = FileManager.default
    folder = manager.temporaryDirectory.appending(path: "rialto-\(UUID().uuidString)").path()
    path = "\(folder)/\(ref.kind.rawValue.lowercased())-\(ref.name).yaml"
    try manager.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  /// - Throws: `Failure`
  func write(_ text: String) throws {
    do { try KeyFile(path: path).write(Array(text.utf8)) } catch {
      throw Failure(.failed, .editor, error.description, advice: "Set TMPDIR to another folder.")
    }
  }

  func read() throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
