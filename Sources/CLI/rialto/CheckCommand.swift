import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

/// `rialto check`: is this installation healthy? For scripts that go on only when it is.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check that the installation is healthy; exits with 3 if not.",
    discussion: """
      Looks at the server, every site's agent, every proxy and every object. What is away, unhealthy \
      or refused is an error; what is still on its way, or has no effect yet, is a warning.

      Examples:
        rialto check
        rialto check --fail-on warning
        rialto check -o json
      """)

  @Option(help: "error, warning or none: what makes the command exit with 3.")
  var failOn = Severity.error

  enum Severity: String, ExpressibleByArgument, CaseIterable { case error, warning, none }

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "check the installation") { try await run(in: $0) }
  }

  /// - Throws: `ExitCode` of findings.
  func run(in session: Session) async throws {
    let checks = try await InstallationCheck(of: session, parents: parents).checks
    let findings = checks.filter { $0.result != .good }
    try output.print(
      checks.map(\.document), named: { $0["check"]?.string ?? "-" },
      {
        var table = Table(headings: ["RESULT", "CHECK", "WHAT", "ADVICE"])
        table.rows = checks.map { [$0.result.word, $0.name, $0.detail, $0.advice ?? "-"] }
        return table
      }, to: session.terminal)
    let errors = findings.count { $0.result == .error }
    let warnings = findings.count - errors
    session.terminal.note(
      findings.isEmpty
        ? "\(checks.count) checks, all good"
        : "\(checks.count) checks, \(errors) errors, \(warnings) warnings")
    let isBad =
      switch failOn {
      case .error: errors > 0
      case .warning: !findings.isEmpty
      case .none: false
      }
    if isBad { throw ExitCode(ExitStatus.findings.rawValue) }
  }
}
