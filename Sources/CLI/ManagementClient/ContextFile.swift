import Documents
import FoundationEssentials
import Glibc
import Manifests

/// The contexts that a user has, as `config.yaml` holds them. The file has secrets in it and is
/// readable for its owner only.
package struct ContextFile: Hashable, Sendable {
  /// The name of the context that is used unless another is asked for.
  package var current: String?
  package var contexts: [ClientContext]

  package init(current: String?, contexts: [ClientContext]) {
    self.current = current
    self.contexts = contexts
  }

  package enum Failure: Error, Hashable, Sendable {
    case missing(path: String)
    /// Somebody else could read the secrets in it. `mode` is octal.
    case unsafe(path: String, mode: String)
    /// Somebody else wrote it: whoever uses it would ask their server.
    case foreign(path: String)
    case unreadable(path: String, reason: String)
    case malformed(path: String, problems: [String])
    case unwritable(path: String, reason: String)
  }

  private static let largest = 1 << 20

  // MARK: Reading

  /// - Throws: `Failure`
  package static func read(path: String) throws(Failure) -> ContextFile {
    let bytes = try contents(of: path)
    let read = Manifests.document(fromYAML: bytes, file: path)
    guard let document = read.value else {
      let problems = read.diagnostics.map(\.text)
      throw .malformed(path: path, problems: problems.isEmpty ? ["\(path): empty"] : problems)
    }
    var problems: [String] = []
    let file = ContextFile(document, &problems)
    guard problems.isEmpty else { throw .malformed(path: path, problems: problems) }
    return file
  }

  /// Opens first and looks then, so that what was looked at is what is read.
  private static func contents(of path: String) throws(Failure) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { throw .missing(path: path) }
      throw .unreadable(path: path, reason: systemError())
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      throw .unreadable(path: path, reason: systemError())
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is no ordinary file")
    }
    guard status.st_uid == geteuid() || status.st_uid == 0 || geteuid() == 0 else {
      throw .foreign(path: path)
    }
    guard status.st_mode & 0o077 == 0 else {
      throw .unsafe(path: path, mode: String(status.st_mode & 0o777, radix: 8))
    }
    var bytes = [UInt8](repeating: 0, count: largest + 1)
    var filled = 0
    while filled < bytes.count {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        unsafe Glibc.read(
          descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw .unreadable(path: path, reason: systemError())
      }
      if count == 0 { return Array(bytes[..<filled]) }
      filled += count
    }
    throw .unreadable(path: path, reason: "it is larger than 1 MiB")
  }

  private init(_ document: Document, _ problems: inout [String]) {
    self.init(current: nil, contexts: [])
    let fields = Fields(document, at: "", allowed: ["current", "contexts"], &problems)
    current = fields.text("current", &problems)
    guard let entries = document["contexts"]?.list else {
      problems.append("contexts: a list of contexts is expected")
      return
    }
    for (index, entry) in entries.enumerated() {
      let place = "contexts[\(index)]"
      let fields = Fields(entry, at: place, allowed: Self.fieldNames, &problems)
      guard let name = fields.required("name", &problems),
        let server = fields.required("server", &problems),
        let authority = fields.required("certificateAuthority", &problems),
        let token = fields.required("token", &problems)
      else { continue }
      contexts.append(
        ClientContext(
          name: name, server: server, certificateAuthority: authority, token: token,
          organization: fields.text("organization", &problems),
          tenant: fields.text("tenant", &problems)))
    }
    let names = contexts.map(\.name)
    if Set(names).count != names.count { problems.append("contexts: a name is there twice") }
  }

  private static let fieldNames = [
    "name", "server", "certificateAuthority", "token", "organization", "tenant",
  ]

  // MARK: Writing

  /// Replaces the file in one step; its folder is made when it is not there. The new file is on the
  /// disk when the call returns. Of a link, it is the file that it leads to which is replaced.
  package func write(path: String) throws(Failure) {
    let path = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[..<$0]) } ?? "."
    if !folder.isEmpty {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      } catch { throw .unwritable(path: folder, reason: "\(error)") }
    }
    let draft = "\(path).\(getpid()).new"
    try Self.write(Array(yaml.utf8), to: draft)
    guard unsafe rename(draft, path) == 0 else {
      let reason = Self.systemError()
      unsafe unlink(draft)
      throw .unwritable(path: path, reason: reason)
    }
    let descriptor = unsafe open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  private static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    unsafe unlink(path)
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let descriptor = unsafe open(path, flags, 0o600)
    guard descriptor >= 0 else { throw .unwritable(path: path, reason: systemError()) }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .unwritable(path: path, reason: systemError()) }
      written += count
    }
    guard fsync(descriptor) == 0 else { throw .unwritable(path: path, reason: systemError()) }
  }

  package var yaml: String {
    var members: [String: Document] = [
      "contexts": .list(
        contexts.map { context in
          var members: [String: Document] = [
            "name": .string(context.name), "server": .string(context.server),
            "certificateAuthority": .string(context.certificateAuthority),
            "token": .string(context.token),
          ]
          members["organization"] = context.organization.map(Document.string)
          members["tenant"] = context.tenant.map(Document.string)
          return .object(members)
        })
    ]
    members["current"] = current.map(Document.string)
    return Manifests.yaml(.object(members))
  }

  private static func systemError() -> String { unsafe String(cString: strerror(errno)) }
}

/// The members of an object of which each is text, with complaints about all others.
private struct Fields {
  private let members: [String: Document]
  private let place: String

  init(_ document: Document, at place: String, allowed: [String], _ problems: inout [String]) {
    members = document.object ?? [:]
    self.place = place.isEmpty ? "" : "\(place)."
    if document.object == nil { problems.append("\(place): an object is expected") }
    for key in members.keys.sorted() where !allowed.contains(key) {
      problems.append("\(self.place)\(key): unknown field")
    }
  }

  func text(_ name: String, _ problems: inout [String]) -> String? {
    guard let value = members[name], value != .null else { return nil }
    guard let text = value.string, !text.utf8.isEmpty else {
      problems.append("\(place)\(name): text is expected")
      return nil
    }
    return text
  }

  func required(_ name: String, _ problems: inout [String]) -> String? {
    if members[name] == nil { problems.append("\(place)\(name): this field is required") }
    return text(name, &problems)
  }
}
