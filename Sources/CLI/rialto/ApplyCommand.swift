import ArgumentParser
import Documents
import FoundationEssentials
import ManagementClient
import Manifests
import Model

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Create or change objects: all of them in one change, or none.",
    usage: "rialto apply -f FILE [-f FILE ...] [options]",
    discussion: """
      Examples:
        rialto apply -f shop.yaml
        rialto apply -f Deploy/demo/config --wait
        rialto plan -f shop.yaml --out shop.plan && rialto apply --plan shop.plan
        cat shop.yaml | rialto apply -f - --dry-run=server
      """)

  enum DryRun: String, ExpressibleByArgument, CaseIterable {
    /// Does it.
    case none
    /// Checks the files and sends nothing.
    case client
    /// The server does everything but store it.
    case server
  }

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp("A file, a folder, or - for standard input.", valueName: "file"),
    completion: .file())
  var named: [String] = []

  /// What a shell makes of `-f *.yaml`.
  @Argument(help: ArgumentHelp("More files.", valueName: "file"), completion: .file())
  var more: [String] = []

  @Option(
    help: ArgumentHelp(
      "Do exactly what 'rialto plan --out' saved, or nothing when the revision has moved.",
      valueName: "file"))
  var plan: String?

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Option(help: "none, client (only check the files) or server (everything but store it).")
  var dryRun: DryRun = .none

  @Option(
    help: ArgumentHelp(
      "Only if the one object is still at this revision, its etag.",
      valueName: "revision"))
  var ifMatch: Int64?

  @OptionGroup var waiting: WaitOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if plan != nil, !files.isEmpty || dryRun != .none || ifMatch != nil {
      throw ValidationError("a plan says what to do: give --plan alone")
    }
    if files.isEmpty, plan == nil {
      throw ValidationError("name a file or a folder, such as -f shop.yaml; - is standard input")
    }
  }

  private var files: [String] { named + more }

  func run() async throws {
    if let plan {
      return try await Session.run(connection, what: "apply the plan \(plan)") {
        try await apply(try SavedPlan.read(plan), in: $0)
      }
    }
    let what = "apply \(ManifestFiles.names(files))"
    try await Failure.reported(doing: what, to: .standard) {
      // Before the server is asked for: what is wrong in a file does not depend on it.
      let read = try ManifestFiles.read(
        files, isRecursive: recursive,
        standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) })
      if dryRun == .client {
        check(read, to: .standard)
      } else {
        try await Session.run(connection, what: what) { try await apply(read, in: $0) }
      }
    }
  }

  func check(_ read: ManifestFiles, to terminal: Terminal) {
    for warning in read.warnings { terminal.note("warning: \(visible(warning.shortText))") }
    for manifest in read.manifests {
      terminal.line("\(manifest.ref.shortText) valid (client dry run)")
    }
  }

  func apply(_ read: ManifestFiles, in session: Session) async throws {
    for warning in read.warnings { session.terminal.note("warning: \(visible(warning.shortText))") }
    let read = try ifMatch.map(read.expecting) ?? read
    let result: Document
    do {
      result = try await session.client.apply(
        read.body.canonicalJSON, dryRun: dryRun == .server)
    } catch ClientError.refused(let problem) {
      throw ClientError.refused(read.placed(problem))
    }
    print(result, session)
    if dryRun == .none { try await waiting.wait(until: read.manifests.map(\.ref), in: session) }
  }

  /// - Throws: `Failure` of a conflict when something was written since the plan was made.
  func apply(_ plan: SavedPlan, in session: Session) async throws {
    print(
      try await session.client.apply(plan.body.canonicalJSON, on: plan.revision), session)
    try await waiting.wait(until: plan.refs, in: session)
  }

  private func print(_ result: Document, _ session: Session) {
    let items = result["results"]?.list ?? []
    output.show(result, to: session.terminal, names: items.map(Self.shortText)) {
      let suffix = dryRun == .server ? " (server dry run)" : ""
      let names = items.map(Self.shortText)
      for (name, item) in zip(names, items) {
        let action = item["action"]?.string ?? "-"
        // Two of one name: their groups tell them apart.
        let isAlone = names.count { $0 == name } == 1
        let place = isAlone ? "" : Self.parentText(item)
        session.terminal.line("\(name)\(place) \(visible(action))\(suffix)")
      }
      if dryRun == .none, result["changed"]?.bool != false,
        let revision = result["revision"]?.integer
      {
        session.terminal.note("revision \(revision)")
      }
    }
  }

  /// ` in securitygroup/payments`.
  private static func parentText(_ item: Document) -> String {
    let parent = item["fqn"]?.string.flatMap { ResourceRef(fqn: $0) }?.parent
    return parent.map { " in \($0.shortText)" } ?? ""
  }

  /// `serviceroute/orders`.
  static func shortText(_ item: Document) -> String {
    let fqn = item["fqn"]?.string ?? "-"
    return ResourceRef(fqn: fqn)?.shortText ?? visible(fqn)
  }
}
