import ArgumentParser
import Documents
import ManagementClient
import Model

struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Make everything as it was at a revision, by a new change.",
    usage: "rialto rollback REVISION [KIND NAME] [options]",
    discussion: """
      With an object, only that and what is below it goes back. 'rialto changes' lists the revisions.

      Examples:
        rialto rollback 412 --dry-run
        rialto rollback 412
        rialto rollback 412 workspace shop
      """)

  @Argument(help: "The revision to go back to.")
  var revision: Int64

  @Argument(
    help: ArgumentHelp("KIND NAME, KIND/NAME or an FQN.", valueName: "what"),
    completion: Completions.objects)
  var words: [String] = []

  @Flag(help: "Only show what would be changed.")
  var dryRun = false

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if revision < 1 { throw ValidationError("revisions count from 1") }
  }

  func run() async throws {
    try await Session.run(connection, what: "go back to revision \(revision)") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    let ref = try await target(words, parents, in: session)
    if !dryRun {
      try await confirmation.confirm(in: session) {
        try await session.client.rollBack(to: revision, below: ref, dryRun: true)
      }
    }
    let result = try await session.client.rollBack(to: revision, below: ref, dryRun: dryRun)
    let names = (result["results"]?.list ?? []).map(ApplyCommand.shortText)
    output.show(result, to: session.terminal, names: names) {
      if dryRun { return session.terminal.text(PlanText.text(of: result)) }
      for item in result["results"]?.list ?? [] {
        let action = item["action"]?.string ?? "-"
        session.terminal.line("\(ApplyCommand.shortText(item)) \(visible(action))")
      }
      session.terminal.note("revision \(number(result["revision"]))")
    }
    if !dryRun, result["changed"]?.bool != false, let made = result["revision"]?.integer {
      try await waiting.wait(forChange: made, in: session)
    }
  }
}

struct HistoryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "Show the changes of an object and what is below it.",
    usage: "rialto history [KIND NAME] [options]",
    discussion: """
      Examples:
        rialto history
        rialto history serviceroute orders
        rialto history workspace shop --limit 5
      """)

  @Argument(
    help: ArgumentHelp(
      "KIND NAME, KIND/NAME or an FQN; nothing means everything.", valueName: "what"),
    completion: Completions.objects)
  var words: [String] = []

  @Option(help: "How many of the newest.")
  var limit = 20

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if !(1...500).contains(limit) { throw ValidationError("--limit is from 1 to 500") }
  }

  func run() async throws {
    try await Session.run(connection, what: "show the history") { try await run(in: $0) }
  }

  func run(in session: Session) async throws {
    let ref = try await target(words, parents, in: session)
    try ChangesCommand.print(
      try await session.client.changes(limit: limit, of: ref), output, session)
  }
}

/// The object that words name; nil without words.
private func target(
  _ words: [String], _ parents: ParentOptions, in session: Session
) async throws -> ResourceRef? {
  guard !words.isEmpty else { return nil }
  let (kinds, name) = try Targets.words(words)
  guard let name else { throw ValidationFailure.words }
  return try await Targets(session: session, parents: parents).one(kinds, name)
}
