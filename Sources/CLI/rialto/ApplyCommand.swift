import ArgumentParser
import Documents
import FoundationEssentials
import ManagementClient
import Manifests
import Model

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Create or change objects: all of them in one change, or none.",
    discussion: """
      Examples:
        rialto apply -f shop.yaml
        rialto apply -f Deploy/demo -R --wait
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
    help: ArgumentHelp("A file, a folder, or - for standard input.", valueName: "file"))
  var files: [String]

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Option(help: "none, client (only check the files) or server (everything but store it).")
  var dryRun: DryRun = .none

  @Flag(help: "Come back when everything is in force.")
  var wait = false

  @Option(help: "How long to wait.")
  var timeout = DurationArgument(.seconds(60))

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if files.isEmpty { throw ValidationError("name a file with -f") }
  }

  func run() async throws {
    let what = "apply \(files.joined(separator: ", "))"
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
    for warning in read.warnings { terminal.note("warning: \(visible(warning.text))") }
    for manifest in read.manifests {
      terminal.line("\(manifest.ref.shortText) valid (client dry run)")
    }
  }

  func apply(_ read: ManifestFiles, in session: Session) async throws {
    for warning in read.warnings { session.terminal.note("warning: \(visible(warning.text))") }
    let result: Document
    do {
      result = try await session.client.apply(
        read.body.canonicalJSON, dryRun: dryRun == .server)
    } catch ClientError.refused(var problem) {
      for index in problem.errors.indices {
        let item = problem.errors[index]
        guard let place = read.place(subject: item.subject, path: item.path) else { continue }
        problem.errors[index].file = place.file
        problem.errors[index].line = (place.mark?.line).map(Int64.init)
        problem.errors[index].column = (place.mark?.column).map(Int64.init)
      }
      throw ClientError.refused(problem)
    }
    print(result, session)
    guard wait, dryRun == .none else { return }
    try await session.wait(
      until: read.manifests.map(\.ref), .ready, timeout: timeout.duration)
    session.terminal.note("everything is in force")
  }

  private func print(_ result: Document, _ session: Session) {
    let items = result["results"]?.list ?? []
    switch output.output {
    case .json: session.terminal.line(result.prettyJSON)
    case .yaml: session.terminal.data(Manifests.yaml(result))
    case .name: for item in items { session.terminal.line(Self.shortText(item)) }
    case .table, .wide:
      let suffix = dryRun == .server ? " (server dry run)" : ""
      for item in items {
        let action = item["action"]?.string ?? "-"
        session.terminal.line("\(Self.shortText(item)) \(visible(action))\(suffix)")
      }
      if dryRun == .none, result["changed"]?.bool != false,
        let revision = result["revision"]?.integer
      {
        session.terminal.note("revision \(revision)")
      }
    }
  }

  /// `serviceroute/orders`.
  static func shortText(_ item: Document) -> String {
    let fqn = item["fqn"]?.string ?? "-"
    return ResourceRef(fqn: fqn)?.shortText ?? visible(fqn)
  }
}
