import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show how far an object has come, and what stops it.",
    discussion: """
      Examples:
        rialto status sr orders
        rialto status organizations/acme/tenants/web/workspaces/shop -o json
      """)

  @Argument(help: ArgumentHelp("KIND NAME, KIND/NAME or an FQN.", valueName: "what"))
  var words: [String]

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "show the status of \(words.joined(separator: " "))") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    let (kinds, name) = try Targets.words(words)
    guard let name else {
      throw Failure(
        .usage, .missing, "a name is needed",
        advice: "'rialto get \(kinds[0].plural)' shows the state of all of them.")
    }
    let ref = try await Targets(session: session, parents: parents).one(kinds, name)
    let status = try await session.client.status(of: ref)
    switch output.output {
    case .table, .wide: session.terminal.data(statusText(status))
    case .json: session.terminal.line(status.prettyJSON)
    case .yaml: session.terminal.data(Manifests.yaml(status))
    case .name: session.terminal.line(visible(status["state"]?.string ?? "-"))
    }
  }
}
