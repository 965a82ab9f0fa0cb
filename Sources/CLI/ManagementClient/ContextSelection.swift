import FoundationEssentials

/// Which context a command uses: a flag goes before the environment, that before the file of the
/// folder, that before the user's.
package struct ContextSelection: Sendable {
  private let file: String?
  private let context: String?
  private let environment: [String: String]
  private let folder: String?

  /// - Parameters:
  ///   - file: `--config`.
  ///   - context: `--context`.
  ///   - folder: where the command runs; it or one above may have a file of its own.
  package init(
    file: String?, context: String?, environment: [String: String], folder: String? = nil
  ) {
    self.file = file
    self.context = context
    self.environment = environment
    self.folder = folder
  }

  package enum Failure: Error, Hashable, Sendable {
    /// Neither a file nor a place to look for one.
    case noHome
    case noContext(path: String)
    case unknownContext(String, path: String, known: [String])
  }

  /// The path of the file, whether it is there or not.
  package func path() throws(Failure) -> String {
    if let file { return file }
    if let path = value("RIALTO_CONFIG") { return path }
    if let path = folder.flatMap(Self.file(ofFolder:)) { return path }
    if let folder = value("XDG_CONFIG_HOME"), folder.utf8.first == UInt8(ascii: "/") {
      return "\(folder)/rialto/config.yaml"
    }
    guard let home = value("HOME") else { throw .noHome }
    return "\(home)/.config/rialto/config.yaml"
  }

  /// `.rialto/config.yaml` in the folder or in the nearest one above that has it.
  private static func file(ofFolder folder: String) -> String? {
    var folder = folder[...]
    while true {
      let path = "\(folder == "/" ? "" : folder)/.rialto/config.yaml"
      if FileManager.default.fileExists(atPath: path) { return path }
      guard let slash = folder.lastIndex(of: "/"), folder.utf8.count > 1 else { return nil }
      folder = slash == folder.startIndex ? "/" : folder[..<slash]
    }
  }

  /// The name that flag or environment ask for.
  package var wanted: String? { context ?? value("RIALTO_CONTEXT") }

  /// The context to use, read from its file.
  /// - Throws: `Failure` or `ContextFile.Failure`
  package func load() throws -> ClientContext {
    let path = try path()
    var context = try choose(from: try ContextFile.read(path: path), path: path)
    if let token = value("RIALTO_TOKEN") { context.token = token }
    return context
  }

  package func choose(from file: ContextFile, path: String) throws(Failure) -> ClientContext {
    let only = file.contexts.count == 1 ? file.contexts.first?.name : nil
    guard let name = wanted ?? file.current ?? only else { throw .noContext(path: path) }
    guard let context = file.contexts.first(where: { $0.name == name }) else {
      throw .unknownContext(name, path: path, known: file.contexts.map(\.name))
    }
    return context
  }

  private func value(_ name: String) -> String? {
    guard let value = environment[name], !value.utf8.isEmpty else { return nil }
    return value
  }
}
