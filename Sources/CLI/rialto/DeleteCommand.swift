import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete objects.",
    usage: "rialto delete (KIND NAME | -f FILE) [options]",
    discussion: """
      Examples:
        rialto delete serviceroute orders
        rialto delete organizations/acme/tenants/web --cascade
        rialto delete -f shop.yaml --ignore-not-found
      """)

  @Argument(help: ArgumentHelp("KIND NAME, KIND/NAME or an FQN.", valueName: "what"))
  var words: [String] = []

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp(
      "Delete the objects in a file, a folder, or - for standard input.", valueName: "file"))
  var files: [String] = []

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Flag(help: "Delete everything below the objects too.")
  var cascade = false

  @Flag(help: "An object that is not there is no error.")
  var ignoreNotFound = false

  @Option(help: "none or server (everything but do it).")
  var dryRun: ApplyCommand.DryRun = .none

  @OptionGroup var parents: ParentOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if words.isEmpty == files.isEmpty { throw ValidationError("name an object, or files with -f") }
    if dryRun == .client { throw ValidationError("deleting has no dry run at the client") }
  }

  func run() async throws {
    let what = "delete \(words.joined(separator: " "))\(ManifestFiles.names(files))"
    try await Session.run(connection, what: what) { session in
      try await delete(try await targets(in: session), in: session)
    }
  }

  /// Children before parents.
  private func targets(in session: Session) async throws -> [ResourceRef] {
    guard files.isEmpty else {
      let read = try ManifestFiles.read(
        files, isRecursive: recursive,
        standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) })
      return read.manifests.map(\.ref).sorted(by: >)
    }
    let (kinds, name) = try Targets.words(words)
    guard let name else {
      throw Failure(
        .usage, .missing, "deleting needs a name",
        advice: "For example: rialto delete \(kinds[0].rawValue.lowercased()) NAME.")
    }
    return [try await Targets(session: session, parents: parents).one(kinds, name)]
  }

  func delete(_ refs: [ResourceRef], in session: Session) async throws {
    let suffix = dryRun == .server ? " (server dry run)" : ""
    for ref in refs {
      do {
        let result = try await session.client.delete(
          ref, cascade: cascade, dryRun: dryRun == .server)
        for item in result["results"]?.list ?? [] {
          session.terminal.line("\(ApplyCommand.shortText(item)) deleted\(suffix)")
        }
      } catch ClientError.refused(let problem) where problem.status == 404 && ignoreNotFound {
        session.terminal.note("\(ref.shortText) was not there")
      }
    }
  }
}
