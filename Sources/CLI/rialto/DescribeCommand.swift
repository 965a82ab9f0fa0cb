import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model

struct DescribeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Show all there is to know about an object: what it says, where, and how it fares.",
    usage: "rialto describe KIND NAME... [options]",
    discussion: """
      The object, its state per cluster and proxy, the namespaces that it is about, what it refers \
      to, what is below it, warnings, and what happened last.

      Examples:
        rialto describe serviceroute orders
        rialto describe workspace shop
        rialto describe ws/shop tg/shop
        rialto describe organizations/acme/tenants/web -o json
      """)

  @Argument(
    help: ArgumentHelp("KIND NAME…, or each KIND/NAME or an FQN.", valueName: "what"),
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
    let wanted = try Targets.named(words, verb: "describe")
    let targets = Targets(session: session, parents: parents)
    if wanted.count == 1 {
      let ref = try await targets.one(wanted[0].kinds, wanted[0].name ?? "")
      let description = try await Description(of: ref, session.client)
      return show([description], description.document, [ref], session)
    }
    let (found, failures) = try await targets.read(wanted, view: .basic)
    var descriptions: [Description] = []
    for object in found {
      descriptions.append(try await Description(of: object.ref, session.client))
    }
    if !found.isEmpty {
      show(
        descriptions, ["items": .list(descriptions.map(\.document))], found.map(\.ref), session)
    }
    if !failures.isEmpty { throw Failure(all: failures) }
  }

  private func show(
    _ descriptions: [Description], _ document: Document, _ refs: [ResourceRef], _ session: Session
  ) {
    output.show(document, to: session.terminal, names: refs.map(\.shortText)) {
      session.terminal.text(
        descriptions.map { $0.text(at: session.now()) }.joined(separator: "\n\n"))
    }
  }
}
