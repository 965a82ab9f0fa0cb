import ArgumentParser
import Documents
import ManagementClient
import Manifests
import Model
import Synchronization

/// `rialto watch`: what is written, and when it is in force, as it happens.
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Follow the changes of everything, of a kind or of an object, as they happen.",
    usage: "rialto watch [KIND [NAME]] [options]",
    discussion: """
      A change is one line per object, and one more when it is in force everywhere or refused. An \
      interrupted connection goes on where it ended. 'rialto get KIND --watch' shows a table of what \
      there is instead.

      Examples:
        rialto watch
        rialto watch serviceroutes --workspace shop
        rialto watch serviceroute orders -o json
        rialto watch --after 412
      """)

  @Argument(
    help: ArgumentHelp(
      "KIND, KIND NAME, KIND/NAME or an FQN; nothing means everything.", valueName: "what"),
    completion: Completions.objects)
  var words: [String] = []

  @Option(
    help: ArgumentHelp(
      "Begin with the changes after this one, rather than now.", valueName: "revision"))
  var after: Int64?

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if let after, after < 0 { throw ValidationError("revisions count from 1") }
  }

  func run() async throws {
    let what = words.isEmpty ? "everything" : words.joined(separator: " ")
    try await Session.run(connection, what: "watch \(what)") { try await run(in: $0) }
  }

  func run(in session: Session) async throws {
    let isAll = words.isEmpty || words.map { $0.lowercased() } == ["all"]
    let (kinds, name) = isAll ? (Kind.allCases, nil) : try Targets.words(words)
    let start = if let after { after } else { try await session.client.newestRevision() }
    let parents = parents
    let feed = Mutex(
      ChangeFeed(after: start) { ref in
        kinds.contains(ref.kind) && (name == nil || name == ref.name || name == ref.fqn)
          && (name == ref.fqn || parents.hold(ref, in: session.context))
      })
    let printer = Mutex(EventPrinter(output))
    try await session.follow(after: start) { events in
      for event in events {
        let news: [ChangeEvent]
        if let revision = feed.withLock({ $0.interesting(event) }) {
          // The stream says what was written; the change itself says how it looks.
          let change = try await session.client.change(revision)
          news = feed.withLock { $0.written(change) }
        } else {
          news = feed.withLock { $0.progress(event) }
        }
        try printer.withLock { printer in
          for event in news { try printer.print(event, to: session.terminal) }
        }
      }
      return true
    }
  }
}

/// Prints one event after the other, in columns that only ever grow.
private struct EventPrinter {
  private var output: OutputOptions
  /// Room for what comes later: a column that grows does not line up with what is above.
  private var widths = ["ACTION": 8, "OBJECT": 32]

  init(_ output: OutputOptions) { self.output = output }

  mutating func print(_ event: ChangeEvent, to terminal: Terminal) throws {
    switch output.output {
    // One line each, for programs that read line by line.
    case .json: terminal.line(event.document.canonicalText)
    case .yaml: terminal.data("---\n" + Manifests.yaml(event.document))
    case .name, .jsonpath:
      output.show(event.document, to: terminal, names: [event.name]) {}
    case .table, .wide, .csv:
      var table = Table(headings: ["REVISION", "TIME", "ACTION", "OBJECT", "DETAIL"])
      table.leastWidths = widths
      table.rows = [
        [
          String(event.revision), event.time, event.action.rawValue,
          output.output == .wide ? event.place : event.name, event.detail,
        ]
      ]
      try output.print(table, to: terminal)
      widths = table.widths
      output.noHeaders = true
    }
  }
}
