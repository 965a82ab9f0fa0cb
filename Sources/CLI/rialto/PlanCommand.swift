import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Show what applying files would change: objects, blueprints and every Envoy.",
    usage: "rialto plan -f FILE [-f FILE ...] [--out FILE] [options]",
    discussion: """
      Nothing is written. Exits with 2 when something would change and --exit-code is given.

      Examples:
        rialto plan -f shop.yaml
        rialto plan -f shop.yaml --out shop.plan && rialto apply --plan shop.plan
        rialto plan -f shop.yaml -o json
      """)

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp("A file, a folder, or - for standard input.", valueName: "file"),
    completion: .file())
  var files: [String]

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Option(help: ArgumentHelp("Keep the plan for 'rialto apply --plan'.", valueName: "file"))
  var out: String?

  @Flag(help: "Exit with 2 when something would change.")
  var exitCode = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "plan \(ManifestFiles.names(files))") {
      try await plan(
        try ManifestFiles.read(
          files, isRecursive: recursive,
          standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) }), in: $0)
    }
  }

  func plan(_ read: ManifestFiles, in session: Session) async throws {
    for warning in read.warnings { session.terminal.note("warning: \(visible(warning.shortText))") }
    let result = try await session.client.plan(read.body.canonicalJSON)
    let names = (result["results"]?.list ?? []).map(ApplyCommand.shortText)
    output.show(result, to: session.terminal, names: names) {
      session.terminal.text(PlanText.text(of: result))
    }
    if let out {
      let plan = SavedPlan(
        revision: result["base"]?.integer ?? 0, body: read.body, refs: read.manifests.map(\.ref))
      try plan.write(out)
      session.terminal.note("'rialto apply --plan \(out)' does exactly this")
    }
    if exitCode, result["changed"]?.bool == true {
      throw ExitCode(ExitStatus.differences.rawValue)
    }
  }
}

struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Show how files differ from what the server has.",
    usage: "rialto diff -f FILE [-f FILE ...] [options]",
    discussion: """
      Exits with 0 when nothing differs, with 1 when something does, and above that when the \
      question could not be answered.

      Examples:
        rialto diff -f shop.yaml
        rialto diff -f Deploy/demo/config
      """)

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp("A file, a folder, or - for standard input.", valueName: "file"),
    completion: .file())
  var files: [String]

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  /// What a failure exits with that has no better number: 1 means a difference.
  static let failure: Int32 = 70

  func run() async throws {
    var isDifferent = false
    do {
      try await Session.run(connection, what: "compare \(ManifestFiles.names(files))") {
        isDifferent = try await differs(
          try ManifestFiles.read(
            files, isRecursive: recursive,
            standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) }), in: $0)
      }
    } catch let code as ExitCode where code.rawValue == ExitStatus.failed.rawValue {
      throw ExitCode(Self.failure)
    }
    if isDifferent { throw ExitCode(1) }
  }

  /// Whether something differs.
  func differs(_ read: ManifestFiles, in session: Session) async throws -> Bool {
    let result = try await session.client.plan(read.body.canonicalJSON)
    let names = (result["results"]?.list ?? []).filter { $0["action"] != "unchanged" }
      .map(ApplyCommand.shortText)
    output.show(result, to: session.terminal, names: names) {
      session.terminal.text(PlanText.objects(of: result))
    }
    return result["changed"]?.bool == true
  }
}
