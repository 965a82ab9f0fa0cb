import Documents
import FoundationEssentials
import ManagementClient
import Manifests
import Model

/// The manifests in files, folders and on the standard input, checked before anything is sent.
struct ManifestFiles: Sendable {
  var manifests: [Manifest]
  var warnings: [Diagnostic]

  /// Files as a person would say them.
  static func names(_ paths: [String]) -> String {
    paths.map { $0 == "-" ? "the standard input" : $0 }.joined(separator: ", ")
  }

  private static let extensions = ["json", "yaml", "yml"]

  /// What is in files, right or wrong.
  struct Reading: Sendable {
    /// nil: something is wrong with them.
    var files: ManifestFiles?
    /// Everything that was noticed.
    var findings: [ProblemDetails.Item]
    fileprivate var errors: [Diagnostic]
  }

  /// - Parameters:
  ///   - paths: files, folders, `-` for the standard input.
  ///   - isRecursive: whether folders inside folders count.
  /// - Throws: `Failure` with everything that is wrong in any of them.
  static func read(
    _ paths: [String], isRecursive: Bool, options: ReadingOptions = ReadingOptions(),
    standardInput: () throws -> [UInt8]
  ) throws -> ManifestFiles {
    let read = try reading(
      paths, isRecursive: isRecursive, options: options, standardInput: standardInput)
    guard let files = read.files else {
      let code = read.errors.first?.code ?? ClientCode.invalidInput.rawValue
      throw Failure(
        .failed, code, read.errors.map(\.shortText),
        advice: "Nothing was sent. 'rialto explain \(code)' says more.")
    }
    return files
  }

  /// - Throws: `Failure` when there is nothing to read.
  static func reading(
    _ paths: [String], isRecursive: Bool, options: ReadingOptions = ReadingOptions(),
    standardInput: () throws -> [UInt8]
  ) throws -> Reading {
    let entries = try entries(
      paths, isRecursive: isRecursive, options: options, standardInput: standardInput)
    let diagnostics = entries.flatMap(\.diagnostics)
    let errors = diagnostics.filter { $0.severity == .error }
    let manifests = entries.compactMap(\.manifest)
    guard !manifests.isEmpty || !errors.isEmpty else { throw nothing(in: paths) }
    return Reading(
      files: errors.isEmpty ? ManifestFiles(manifests: manifests, warnings: diagnostics) : nil,
      findings: diagnostics.map(ProblemDetails.Item.init), errors: errors)
  }

  /// Every document of the files, what cannot be taken included.
  static func entries(
    _ paths: [String], isRecursive: Bool, options: ReadingOptions,
    standardInput: () throws -> [UInt8]
  ) throws -> [ManifestEntry] {
    var entries: [ManifestEntry] = []
    for path in try paths.flatMap({ try files(at: $0, isRecursive: isRecursive) }) {
      let bytes = path == "-" ? try standardInput() : try contents(of: path)
      entries += Manifests.readEntries(
        bytes, file: path == "-" ? "standard input" : path,
        format: path.hasSuffix(".json") ? .json : .yaml, options: options)
    }
    markRepeated(&entries)
    return entries
  }

  static func nothing(in paths: [String]) -> Failure {
    Failure(
      .failed, .noInput, "\(paths.joined(separator: ", ")): no manifest in it",
      advice: "Files end in .yaml, .yml or .json; -R looks into folders inside folders.")
  }

  /// One file holds an object once by itself; several have to agree.
  private static func markRepeated(_ entries: inout [ManifestEntry]) {
    var files: [ResourceRef: String?] = [:]
    for index in entries.indices where !entries[index].hasErrors {
      guard let manifest = entries[index].manifest else { continue }
      if let first = files[manifest.ref] {
        entries[index].diagnostics.append(
          Diagnostic(
            code: ManifestCode.repeated.rawValue, subject: manifest.ref.fqn, file: manifest.file,
            message: "the object is in \(first ?? "another file") too"))
      }
      files[manifest.ref] = manifest.file
    }
  }

  private static func files(at path: String, isRecursive: Bool) throws -> [String] {
    var isFolder = false
    let manager = FileManager.default
    guard path != "-", manager.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
      return [path]
    }
    let names: [String]
    do { names = try manager.contentsOfDirectory(atPath: path).sorted() } catch {
      throw unreadable(path)
    }
    return try names.flatMap { name -> [String] in
      let inner = path.hasSuffix("/") ? "\(path)\(name)" : "\(path)/\(name)"
      var isInnerFolder = false
      guard manager.fileExists(atPath: inner, isDirectory: &isInnerFolder) else { return [] }
      if isInnerFolder { return isRecursive ? try files(at: inner, isRecursive: true) : [] }
      return extensions.contains { name.hasSuffix(".\($0)") } ? [inner] : []
    }
  }

  private static func contents(of path: String) throws -> [UInt8] {
    do { return Array(try Data(contentsOf: URL(filePath: path))) } catch { throw unreadable(path) }
  }

  private static func unreadable(_ path: String) -> Failure {
    Failure(
      .failed, .noInput, "\(path): there is no such file, or it may not be read",
      advice: "Name a file, a folder or - for the standard input.")
  }

  /// What `POST /v2/apply` takes: one list, so that it is one change.
  var body: Document {
    [
      "apiVersion": "api.rialto.mesh/v2", "kind": "List",
      "items": .list(manifests.map(Self.sent)),
    ]
  }

  /// The canonical manifest with the revision that its writer had seen.
  private static func sent(_ manifest: Manifest) -> Document {
    guard let etag = manifest.etag, case .object(var members) = manifest.document,
      case .object(var metadata)? = members["metadata"]
    else { return manifest.document }
    metadata["etag"] = .string(etag)
    members["metadata"] = .object(metadata)
    return .object(members)
  }

  /// The same, whose one object is only written while it is at a revision.
  /// - Throws: `Failure`: there are several objects.
  func expecting(_ revision: Int64) throws -> ManifestFiles {
    guard manifests.count == 1 else {
      throw Failure(
        .usage, .invalidInput, "--if-match is for one object, and there are \(manifests.count)",
        advice: "Write metadata.etag into each manifest instead.")
    }
    var expecting = self
    expecting.manifests[0].etag = String(revision)
    return expecting
  }

  /// A refusal whose problems have their places in the files.
  func placed(_ problem: ProblemDetails) -> ProblemDetails {
    var placed = problem
    for index in placed.errors.indices {
      let item = placed.errors[index]
      guard let place = place(subject: item.subject, path: item.path) else { continue }
      placed.errors[index].file = place.file
      placed.errors[index].line = (place.mark?.line).map(Int64.init)
      placed.errors[index].column = (place.mark?.column).map(Int64.init)
    }
    return placed
  }

  /// Where in the files something is that is wrong.
  func place(subject: String?, path: String?) -> (file: String?, mark: Mark?)? {
    guard let manifest = manifests.first(where: { $0.ref.fqn == subject }) else { return nil }
    var text = path ?? ""
    while !text.isEmpty {
      if let mark = manifest.marks.first(where: { $0.key.text == text })?.value {
        return (manifest.file, mark)
      }
      let end = text.utf8.lastIndex { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "[") }
      text = end.map { String(text[..<$0]) } ?? ""
    }
    return (manifest.file, manifest.marks[FieldPath()])
  }
}
