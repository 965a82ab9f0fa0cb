import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct DescribeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Show all there is to know about an object: what it says, where, and how it fares.",
    usage: "rialto describe KIND NAME [options]",
    discussion: """
      The object, its state per cluster and proxy, the namespaces that it is about, what it refers \
      to, what is below it, warnings, and what happened last.

      Examples:
        rialto describe serviceroute orders
        rialto describe workspace shop
        rialto describe organizations/acme/tenants/web -o json
      """)

  @Argument(
    help: ArgumentHelp("KIND NAME, KIND/NAME or an FQN.", valueName: "what"),
    completion: Completions.objects)
  var words: [String]

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "describe \(words.joined(separator: " "))") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    let (kinds, name) = try Targets.words(words)
    guard let name else {
      throw Failure(
        .usage, .missing, "a name is needed",
        advice: "'rialto get \(kinds[0].plural)' lists them.")
    }
    let ref = try await Targets(session: session, parents: parents).one(kinds, name)
    let description = try await Description(of: ref, session.client)
    output.show(description.document, to: session.terminal, names: [ref.shortText]) {
      session.terminal.text(description.text(at: session.now()))
    }
  }
}
