import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

/// `rialto analyze`: is this configuration sensible? Of files before they are applied, or of all that
/// there is.
struct AnalyzeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Look for mistakes in files, or in everything there is; exits with 3 for findings.",
    usage: "rialto analyze [-f FILE ...] [--offline] [options]",
    discussion: """
      Files are checked here, and then by the server, which knows what they refer to and which proxies \
      they concern; nothing is written. 'rialto explain CODE' explains a finding.

      Examples:
        rialto analyze
        rialto analyze -f shop.yaml
        rialto analyze -f config --offline --fail-on warning
        rialto analyze --suppress RL1009 -o json
      """)

  @Option(
    name: [.customShort("f"), .customLong("filename")],
    help: ArgumentHelp("A file, a folder, or - for standard input.", valueName: "file"),
    completion: .file())
  var files: [String] = []

  @Flag(name: [.customShort("R"), .long], help: "Look into folders inside folders.")
  var recursive = false

  @Flag(help: "Only what the files themselves show; needs no server.")
  var offline = false

  @Option(help: "error, warning or none: what makes the command exit with 3.")
  var failOn = FailOn.error

  @Option(
    help: ArgumentHelp("Leave out findings of this code; may be repeated.", valueName: "code"))
  var suppress: [String] = []

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if offline, files.isEmpty { throw ValidationError("--offline is for files: name some with -f") }
  }

  func run() async throws {
    let what = files.isEmpty ? "everything" : ManifestFiles.names(files)
    guard offline else {
      return try await Session.run(connection, what: "analyze \(what)") { session in
        let found =
          files.isEmpty
          ? try await Analysis.live(session, parents)
          : try await Analysis.files(try read(), session.client)
        try report(found, to: session.terminal)
      }
    }
    try await Failure.reported(doing: "analyze \(what)", to: .standard) {
      try report(try read().findings, to: .standard)
    }
  }

  private func read() throws -> ManifestFiles.Reading {
    try ManifestFiles.reading(
      files, isRecursive: recursive,
      standardInput: { try StandardInput.read(upTo: maximumTextSize + 1) })
  }

  /// - Throws: `ExitCode` of findings.
  func report(_ all: [ProblemDetails.Item], to terminal: Terminal) throws {
    let suppressed = Set(suppress.map { $0.uppercased() })
    let found = all.filter { !suppressed.contains($0.code) }
    let errors = found.count { $0.severity == "error" }
    if found.isEmpty, output.output.isTable {
      terminal.note("nothing found")
    } else {
      try output.print(
        found.map(Analysis.document), named: { $0["code"]?.string ?? "-" },
        {
          var table = Table(headings: ["SEVERITY", "CODE", "WHERE", "WHAT"])
          table.rows = found.map { [$0.severity, $0.code, $0.place, $0.detail] }
          return table
        }, to: terminal)
      terminal.note("\(errors) errors, \(found.count - errors) warnings")
    }
    if failOn.isReached(errors: errors, warnings: found.count - errors) {
      throw ExitCode(ExitStatus.findings.rawValue)
    }
  }
}

/// `--fail-on`: which findings make a command exit with 3.
enum FailOn: String, ExpressibleByArgument, CaseIterable {
  case error, warning, none

  func isReached(errors: Int, warnings: Int) -> Bool {
    switch self {
    case .error: errors > 0
    case .warning: errors + warnings > 0
    case .none: false
    }
  }
}
