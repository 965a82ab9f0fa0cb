import ArgumentParser
import Documents
import ProxySupervisor

/// The file with the options that an agent or a proxy was last started with.
struct OptionMemory {
  let folder: String

  private var path: String { folder + "/options.json" }

  func read() throws -> Document? {
    guard let bytes = try readFile(at: path, limit: 1 << 20) else { return nil }
    do {
      return try JSONParser.document(from: bytes)
    } catch {
      throw ValidationError("\(path) cannot be read: \(error.message)")
    }
  }

  func write(_ options: Document) throws {
    try createPrivateFolder(folder)
    try replaceFile(at: path, with: Array((options.prettyJSON + "\n").utf8))
  }
}
