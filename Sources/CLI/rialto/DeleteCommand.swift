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

  @Argument(
    help: ArgumentHelp("KIND NAME, KIND/NAME or an FQN.", valueName: "what"),
    completion: Completions.objects)
  var words: [String] = []

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp(
      "Delete the objects in a file, a folder, or - for standard input.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Flag(help: "Delete everything below the objects too.")
  var cascade = false

  @Flag(help: "An object that is not there is no error.")
  var ignoreNotFound = false

  @Option(help: "none or server (everything but do it).")
  var dryRun: ApplyCommand.DryRun = .none

  @Option(
    help: ArgumentHelp(
      "Only if the one object is still at this revision, its etag.", valueName: "revision"))
  var ifMatch: Int64?

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
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
    guard ifMatch == nil || refs.count == 1 else {
      throw Failure(
        .usage, .invalidInput, "--if-match is for one object, and there are \(refs.count)",
        advice: "Delete them one by one.")
    }
    let suffix = dryRun == .server ? " (server dry run)" : ""
    for ref in refs {
      do {
        // One object that was named is no surprise; what is below it may be.
        if cascade, dryRun == .none {
          try await confirmation.confirm(in: session) {
            try await session.client.delete(ref, cascade: true, dryRun: true)
          }
        }
        let result = try await session.client.delete(
          ref, cascade: cascade, ifMatch: ifMatch.map(String.init), dryRun: dryRun == .server)
        let names = (result["results"]?.list ?? []).map(ApplyCommand.shortText)
        output.show(result, to: session.terminal, names: names) {
          for name in names { session.terminal.text("\(name) deleted\(suffix)\n") }
        }
      } catch ClientError.refused(let problem) where problem.status == 404 && ignoreNotFound {
        session.terminal.note("\(ref.shortText) was not there")
      }
    }
  }
}
