import ArgumentParser
import Documents
import Manifests
import Model

struct WaitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait",
    abstract: "Wait until an object is in force; without a name, until everything is.",
    usage: "rialto wait [KIND NAME...] [--for ready|configured|deleted] [--timeout 60s] [options]",
    discussion: """
      Exits with 4 when the time is up, and with 1 as soon as the object is refused for good.

      Examples:
        rialto wait serviceroute orders --timeout 30s
        rialto wait workspace shop --for deleted
        rialto wait sr/orders sr/ledger -o name
        rialto wait --for=ready --change 412
        rialto wait
      """)

  @Argument(
    help: ArgumentHelp(
      "KIND NAME…, or each KIND/NAME or an FQN; nothing means everything.", valueName: "what"),
    completion: Completions.objects)
  var words: [String] = []

  @Option(
    name: .customLong("for"), help: "ready, configured (every agent has it) or deleted.",
    completion: .list(WaitCondition.allCases.map(\.rawValue)))
  var condition = "ready"

  @Option(help: ArgumentHelp("Wait for this change alone.", valueName: "revision"))
  var change: Int64?

  @Option(help: "How long to wait.")
  var timeout = DurationArgument(.seconds(60))

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  /// kubectl's users write `condition=Ready`.
  private var wanted: WaitCondition? {
    let word = condition.lowercased()
    return WaitCondition(rawValue: word.hasPrefix("condition=") ? String(word.dropFirst(10)) : word)
  }

  func validate() throws {
    if wanted == nil { throw ValidationError("--for is ready, configured or deleted") }
    if change != nil, !words.isEmpty || wanted == .deleted {
      throw ValidationError("--change is waited for alone, until it is ready or configured")
    }
    if words.isEmpty, change == nil, wanted != .ready {
      throw ValidationError("--for \(condition) needs the name of an object")
    }
  }

  func run() async throws {
    let what = words.isEmpty ? "everything" : words.joined(separator: " ")
    try await Session.run(connection, what: "wait for \(what)") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    guard let wanted else { return }
    if let change {
      try await session.wait(forChange: change, wanted, timeout: timeout.duration)
      return show(["revision": .integer(change)], ["change/\(change)"], wanted, session)
    }
    guard !words.isEmpty else {
      try await session.waitForEverything(timeout: timeout.duration)
      return output.show(Self.document([:], wanted), to: session.terminal, names: []) {
        session.terminal.line("everything is in force")
      }
    }
    let named = try Targets.named(words, verb: "wait")
    let (refs, failures) = try await Targets(session: session, parents: parents).find(named)
    if !failures.isEmpty { throw Failure(all: failures) }
    try await session.wait(until: refs, wanted, timeout: timeout.duration)
    show(
      ["objects": .list(refs.map { .string($0.fqn) })], refs.map(\.shortText), wanted, session)
  }

  private func show(
    _ members: [String: Document], _ names: [String], _ condition: WaitCondition,
    _ session: Session
  ) {
    output.show(Self.document(members, condition), to: session.terminal, names: names) {
      for name in names { session.terminal.line("\(visible(name)) \(condition.rawValue)") }
    }
  }

  private static func document(
    _ members: [String: Document], _ condition: WaitCondition
  ) -> Document {
    .object(members.merging(["condition": .string(condition.rawValue)]) { own, _ in own })
  }
}
