import ArgumentParser
import Documents
import ManagementClient
import Model
import Synchronization

struct GetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Show objects, workloads, proxies.",
    usage: "rialto get KIND [NAME] [options]",
    discussion: """
      Parents need not be named where the name is the only one of its kind.

      Examples:
        rialto get all
        rialto get workspaces
        rialto get serviceroute orders -o yaml
        rialto get sr orders --workspace shop
        rialto get organizations/acme/tenants/web
        rialto get services
        rialto get workloads -n shop -o wide
        rialto get serviceroutes --watch
      """)

  @Argument(
    help: ArgumentHelp(
      "KIND, KIND NAME, KIND/NAME, an FQN, 'all', 'workloads' or 'proxies'; 'rialto explain' "
        + "lists the kinds.", valueName: "what"))
  var words: [String]

  @Option(
    name: [.customShort("l"), .customLong("selector")],
    help: ArgumentHelp("Only objects with these labels: team=web,tier!=db.", valueName: "labels"))
  var labels: String?

  @Flag(name: [.short, .long], help: "Go on showing what changes.")
  var watch = false

  @Option(
    name: [.customShort("n"), .long],
    help: ArgumentHelp("Only workloads of this namespace.", valueName: "name"))
  var namespace: String?

  /// What kubectl's users type; here it is so anyway.
  @Flag(name: [.customShort("A"), .long], help: .hidden)
  var allNamespaces = false

  @OptionGroup var parents: ParentOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "get \(words.joined(separator: " "))") {
      try await run(in: $0)
    }
  }

  func run(in session: Session) async throws {
    if words.count <= 2, let word = words.first?.lowercased() {
      if WorkloadTable.words.contains(word) {
        let name = words.count == 2 ? words[1] : nil
        return try await WorkloadTable(output: output, namespace: namespace, name: name)
          .print(in: session)
      }
      if words.count == 1, ProxyTable.words.contains(word) {
        return try await ProxyTable(output: output).print(in: session)
      }
    }
    guard namespace == nil else {
      throw Failure(
        .usage, .unknownKind, "objects are in workspaces and groups, not in namespaces",
        advice: "Use --workspace and --group; -n is for 'rialto get workloads'.")
    }
    let targets = Targets(session: session, parents: parents)
    let isAll = words.count == 1 && words[0].lowercased() == "all"
    let (kinds, name) = isAll ? (Kind.allCases, nil) : try Targets.words(words)
    guard let name else { return try await list(kinds, targets) }
    let ref = try await targets.one(kinds, name)
    let document = try await session.client.object(ref, view: view)
    let printer = ObjectPrinter(output, now: session.now())
    session.terminal.data(printer.text(of: FoundObject(ref: ref, document: document)))
  }

  /// Tables show the state; what can be applied again does not.
  private var view: ManagementClient.View {
    switch output.output {
    case .table, .wide, .csv: .full
    case .json, .yaml, .name, .jsonpath: .basic
    }
  }

  private func list(_ kinds: [Kind], _ targets: Targets) async throws {
    let session = targets.session
    let found = try await targets.all(kinds, labels: labels, view: view)
    if found.isEmpty { try await targets.checkParents(of: kinds) }
    let printer = ObjectPrinter(output, now: session.now())
    if found.isEmpty, output.output.isTable {
      session.terminal.note("none found")
    } else {
      session.terminal.data(printer.text(of: found))
    }
    if watch { try await follow(kinds, targets, shown: found) }
  }

  /// Shows what differs from what was shown, whenever the server says that something happened.
  private func follow(
    _ kinds: [Kind], _ targets: Targets, shown: [FoundObject]
  ) async throws {
    let known = Mutex(Dictionary(shown.map { ($0.ref, $0.document) }, uniquingKeysWith: { $1 }))
    let session = targets.session
    try await session.client.watch { events in
      // What is observed changes with the proxies.
      let names =
        ["change", "propagation"] + (kinds.contains(where: \.isObserved) ? ["proxies"] : [])
      guard events.contains(where: { names.contains($0.name) }) else { return true }
      let found = try await targets.all(kinds, labels: labels, view: view)
      let news = known.withLock { known in
        let news = found.filter { known[$0.ref] != $0.document }
        known = Dictionary(found.map { ($0.ref, $0.document) }, uniquingKeysWith: { $1 })
        return news
      }
      var printer = ObjectPrinter(output, now: session.now())
      printer.options.noHeaders = true
      if !news.isEmpty { session.terminal.data(printer.text(of: news)) }
      return true
    }
  }
}
