import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take over what Tetrate Service Bridge has: all of it in one change, or nothing.",
    usage: "rialto import -f FILE [-f FILE ...] [--report] [options]",
    discussion: """
      Says what became of every object: taken, converted, warned, refused or skipped. Where something
      is refused nothing is written, and the exit status is 1. What holds there where nobody says
      otherwise (mTLS OPTIONAL, reachability CLUSTER) is written out in the organization's setting,
      when there is none yet or it is among the files.

      Examples:
        rialto import -f exported.yaml --report --dry-run
        rialto import -f tsb/ -R --report --skip-unknown
        rialto import -f tsb.yaml --var CLUSTER=east --var-file site.env
        helm template chart | rialto import -f -
      """)

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp("A file, a folder, or - for standard input.", valueName: "file"))
  var files: [String]

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Flag(help: "Print what became of every object, not only of those that need a look.")
  var report = false

  @Flag(help: "Let the server do everything but store it.")
  var dryRun = false

  @OptionGroup var reading: ReadingArguments
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "import \(ManifestFiles.names(files))") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    var entries = try ManifestFiles.entries(
      files, isRecursive: recursive, options: try reading.options(),
      standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) })
    guard !entries.isEmpty else { throw ManifestFiles.nothing(in: files) }
    try await addDefaults(to: &entries, session)
    let isRefused = entries.contains(where: \.hasErrors)
    let refusals = try await write(entries, isDryRun: dryRun || isRefused, session)
    let found = ImportReport(entries, refusals: refusals)
    output.show(
      found.document, to: session.terminal, names: found.rows.map { $0.fqn ?? $0.title }
    ) {
      session.terminal.data(
        found.text(report ? ImportReport.Outcome.allCases : [.refused, .skipped])
          + found.summary + "\n")
    }
    if found.isRefused {
      session.terminal.note("nothing was written: see what is refused above")
      throw ExitCode(ExitStatus.failed.rawValue)
    }
    if dryRun { session.terminal.note("nothing was written: --dry-run") }
  }

  /// What the server refuses of what can be read.
  private func write(
    _ entries: [ManifestEntry], isDryRun: Bool, _ session: Session
  ) async throws -> [ProblemDetails.Item] {
    let manifests = entries.filter { !$0.hasErrors }.compactMap(\.manifest)
    guard !manifests.isEmpty else { return [] }
    let body = ManifestFiles(manifests: manifests, warnings: []).body
    do {
      _ = try await session.client.apply(body.canonicalJSON, dryRun: isDryRun)
      return []
    } catch ClientError.refused(let problem) {
      let subjects = Set(manifests.map(\.ref.fqn))
      guard problem.errors.contains(where: { subjects.contains($0.subject ?? "") }) else {
        throw ClientError.refused(problem)
      }
      return problem.errors
    }
  }

  /// What holds in Tetrate Service Bridge where nobody says otherwise, for every organization whose
  /// objects come from there.
  private func addDefaults(to entries: inout [ManifestEntry], _ session: Session) async throws {
    let organizations = Set(
      entries.filter { $0.isOfServiceBridge && !$0.hasErrors }
        .compactMap { $0.manifest?.ref.ancestor(.organization) })
    for organization in organizations.sorted() {
      let index = entries.firstIndex { entry in
        entry.manifest?.ref.kind == .organizationSetting
          && entry.manifest?.ref.parent == organization
      }
      if let index {
        if entries[index].isOfServiceBridge { entries[index].fillDefaults() }
      } else if try await hasNoSetting(organization, session) {
        entries.append(ManifestEntry(defaultsOf: organization))
      }
    }
  }

  private func hasNoSetting(
    _ organization: ResourceRef, _ session: Session
  ) async throws -> Bool {
    do {
      return try await session.client.objects(in: "\(organization.fqn)/settings").isEmpty
    } catch ClientError.refused(let problem) where problem.status == 404 {
      // The organization may be among the files.
      return true
    }
  }
}
