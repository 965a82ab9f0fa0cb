import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete objects.",
    usage: "rialto delete (KIND NAME... | -f FILE) [options]",
    discussion: """
      Several objects are deleted one after the other, what is below others first; where one of them \
      is not there, none is.

      Examples:
        rialto delete serviceroute orders
        rialto delete sr/orders sr/ledger sss/orders
        rialto delete organizations/acme/tenants/web --cascade
        rialto delete -f shop.yaml --ignore-not-found
      """)

  @Argument(
    help: ArgumentHelp("KIND NAME…, or each KIND/NAME or an FQN.", valueName: "what"),
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

  @OptionGroup var rehearsal: DryRunOptions

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
    if rehearsal.mode == .client { throw ValidationError("deleting has no dry run at the client") }
  }

  func run() async throws {
    let what = "delete \(words.joined(separator: " "))\(ManifestFiles.names(files))"
    try await Session.run(connection, what: what) { session in
      try await delete(try await targets(in: session), in: session)
    }
  }

  /// Children before parents.
  func targets(in session: Session) async throws -> [ResourceRef] {
    guard files.isEmpty else {
      let read = try ManifestFiles.read(
        files, isRecursive: recursive,
        standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) })
      return read.manifests.map(\.ref).sorted(by: >)
    }
    let wanted = try Targets.named(words, verb: "delete")
    let targets = Targets(session: session, parents: parents)
    // Of several, none is deleted before it is clear that all are there.
    var (refs, failures) =
      wanted.count == 1 || ignoreNotFound
      ? try await targets.find(wanted) : try await Self.existing(wanted, targets)
    if ignoreNotFound {
      for failure in failures where failure.code == ClientCode.missing.rawValue {
        for reason in failure.reasons { session.terminal.note(visible(reason)) }
      }
      failures.removeAll { $0.code == ClientCode.missing.rawValue }
    }
    if !failures.isEmpty { throw Failure(all: failures) }
    return refs.sorted(by: >)
  }

  private static func existing(
    _ wanted: [Targets.Wanted], _ targets: Targets
  ) async throws -> (refs: [ResourceRef], failures: [Failure]) {
    let (found, failures) = try await targets.read(wanted, view: .basic)
    return (found.map(\.ref), failures)
  }

  func delete(_ refs: [ResourceRef], in session: Session) async throws {
    guard ifMatch == nil || refs.count == 1 else {
      throw Failure(
        .usage, .invalidInput, "--if-match is for one object, and there are \(refs.count)",
        advice: "Delete them one by one.")
    }
    var results: [Document] = []
    // Also where one of them is refused: what was deleted before it is told.
    defer { show(results, isOne: refs.count == 1, in: session) }
    for ref in refs {
      do {
        // One object that was named is no surprise; what is below it may be.
        if cascade, rehearsal.mode == .none {
          try await confirmation.confirm(in: session) {
            try await session.client.delete(ref, cascade: true, dryRun: true)
          }
        }
        results.append(
          try await session.client.delete(
            ref, cascade: cascade, ifMatch: ifMatch.map(String.init),
            dryRun: rehearsal.mode == .server))
      } catch ClientError.refused(let problem) where problem.status == 404 && ignoreNotFound {
        session.terminal.note("\(ref.shortText) was not there")
      }
    }
  }

  private func show(_ results: [Document], isOne: Bool, in session: Session) {
    guard !(isOne && results.isEmpty) else { return }
    let names = results.flatMap { ($0["results"]?.list ?? []).map(ApplyCommand.shortText) }
    let suffix = rehearsal.mode == .server ? " (server dry run)" : ""
    output.show(
      isOne ? results[0] : ["items": .list(results)], to: session.terminal, names: names
    ) {
      for name in names { session.terminal.text("\(name) deleted\(suffix)\n") }
    }
  }
}
