import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show how far an object has come, and what stops it; without a name, the whole mesh.",
    usage: "rialto status [KIND NAME] [options]",
    discussion: """
      Examples:
        rialto status
        rialto status serviceroute orders
        rialto status organizations/acme/tenants/web/workspaces/shop -o json
      """)

  @Argument(
    help: ArgumentHelp(
      "KIND NAME, KIND/NAME or an FQN; nothing means everything.", valueName: "what"),
    completion: Completions.objects)
  var words: [String] = []

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let what = words.isEmpty ? "the mesh" : words.joined(separator: " ")
    try await Session.run(connection, what: "show the status of \(what)") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    guard !words.isEmpty else { return try await showOverview(in: session) }
    let (kinds, name) = try Targets.words(words)
    guard let name else {
      throw Failure(
        .usage, .missing, "a name is needed",
        advice: "'rialto get \(kinds[0].plural)' shows the state of all of them.")
    }
    let ref = try await Targets(session: session, parents: parents).one(kinds, name)
    let status = try await session.client.status(of: ref)
    output.show(status, to: session.terminal, names: [status["state"]?.string ?? "-"]) {
      session.terminal.text(statusText(status))
    }
  }

  private func showOverview(in session: Session) async throws {
    let overview = try await Overview(of: session, parents: parents)
    output.show(
      overview.document, to: session.terminal, names: [overview.isGood ? "READY" : "PARTIAL"]
    ) { session.terminal.text(overview.text(at: session.now())) }
  }
}
