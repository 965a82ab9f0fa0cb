import ArgumentParser
import Documents
import ManagementClient
import Model
import Synchronization

struct GetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Show objects, workloads, proxies.",
    usage: "rialto get KIND [NAME ...] [options]",
    discussion: """
      Parents need not be named where the name is the only one of its kind.

      Examples:
        rialto get all
        rialto get workspaces
        rialto get serviceroute orders -o yaml
        rialto get sr orders --workspace shop
        rialto get workspaces shop bank
        rialto get ws/shop tg/shop -o yaml
        rialto get organizations/acme/tenants/web
        rialto get workspace shop --effective
        rialto get services
        rialto get workloads -n shop -o wide
        rialto get serviceroutes --watch
        rialto get serviceroutes --columns name,state --sort-by age
      """)

  @Argument(
    help: ArgumentHelp(
      "KIND, KIND NAME…, or each KIND/NAME or an FQN; 'all', 'workloads' or 'proxies'; 'rialto "
        + "explain' lists the kinds.", valueName: "what"), completion: Completions.objects)
  var words: [String]

  @Option(
    name: [.customShort("l"), .customLong("selector")],
    help: ArgumentHelp("Only objects with these labels: team=web,tier!=db.", valueName: "labels"))
  var labels: String?

  @Flag(
    help: ArgumentHelp(
      "Show what holds where one object is, and which object or profile says so.",
      discussion: "Settings of the organization, the tenant, the workspace, the group and the "
        + "service, with the profiles attached to them, merged as they are in force; then what "
        + "only the object itself says."))
  var effective = false

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
    if let word = words.first?.lowercased() {
      if WorkloadTable.words.contains(word) {
        return try await WorkloadTable(
          output: output, namespace: namespace, names: Array(words.dropFirst())
        ).print(in: session)
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
    if effective { return try await showEffective(targets) }
    let isAll = words.count == 1 && words[0].lowercased() == "all"
    let wanted = isAll ? [Targets.Wanted(kinds: Kind.allCases)] : try Targets.several(words)
    guard wanted.allSatisfy({ $0.name != nil }) else {
      let kinds = wanted[0].kinds
      let find = { @Sendable in try await targets.all(kinds, labels: labels, view: view) }
      return try await list(find, in: session) {
        try await targets.checkParents(of: kinds)
      }
    }
    guard labels == nil else {
      throw Failure(
        .usage, .invalidInput, "--selector chooses among objects that are not named",
        advice: "Leave out the names, or --selector.")
    }
    if wanted.count > 1 { return try await getAll(wanted, targets) }
    let ref = try await targets.one(wanted[0].kinds, wanted[0].name ?? "")
    let find = { @Sendable in
      FoundObject(ref: ref, document: try await session.client.object(ref, view: view))
    }
    if watch {
      return try await list({ [try await find()] }, in: session)
    }
    try ObjectPrinter(output, now: session.now()).print(try await find(), to: session.terminal)
  }

  /// Shows those that there are, and fails where some are not.
  private func getAll(_ wanted: [Targets.Wanted], _ targets: Targets) async throws {
    let session = targets.session
    let (found, failures) = try await targets.read(wanted, view: view)
    if !found.isEmpty {
      if watch, failures.isEmpty {
        let exact = found.map { Targets.Wanted(kinds: [$0.ref.kind], name: $0.ref.fqn) }
        return try await list({ try await targets.read(exact, view: view).found }, in: session)
      }
      try ObjectPrinter(output, now: session.now()).print(found, to: session.terminal)
    }
    if !failures.isEmpty { throw Failure(all: failures) }
  }

  private func showEffective(_ targets: Targets) async throws {
    let wanted = try Targets.several(words)
    guard wanted.count == 1, let name = wanted[0].name, !watch, labels == nil else {
      throw Failure(
        .usage, .unknownKind, "--effective is about one object: KIND NAME",
        advice: "For example: rialto get workspace shop --effective.")
    }
    let ref = try await targets.one(wanted[0].kinds, name)
    let document = try await targets.session.client.object(ref, view: .effective)
    try targets.session.terminal.data(EffectiveText(output: output).text(of: document, at: ref))
  }

  /// Tables show the state; what can be applied again does not.
  private var view: ManagementClient.View {
    switch output.output {
    case .table, .wide, .csv: .full
    case .json, .yaml, .name, .jsonpath: .basic
    }
  }

  /// - Parameter ifNone: what to look at when there is nothing.
  private func list(
    _ find: @escaping @Sendable () async throws -> [FoundObject], in session: Session,
    ifNone: () async throws -> Void = {}
  ) async throws {
    // Before the list is made: what is written in between comes again, and is no news.
    let start = watch ? try await session.client.newestRevision() : 0
    let found = try await find()
    if found.isEmpty { try await ifNone() }
    var list = WatchedList(output, goesOn: watch)
    if found.isEmpty, output.output.isTable {
      session.terminal.note("none found")
    } else {
      try list.show(found, at: session.now(), on: session.terminal)
    }
    if watch { try await follow(find, in: session, list, after: start) }
  }

  /// The events after which something may differ: what is observed changes with the proxies.
  private var newsworthy: Set<String> {
    let kinds = ((try? Targets.several(words)) ?? []).flatMap(\.kinds)
    return kinds.contains(where: \.isObserved)
      ? ["change", "propagation", "proxies"] : ["change", "propagation"]
  }

  /// Shows what differs from what was shown, whenever the server says that something happened.
  private func follow(
    _ find: @escaping @Sendable () async throws -> [FoundObject], in session: Session,
    _ list: WatchedList, after start: Int64
  ) async throws {
    let list = Mutex(list)
    let news = newsworthy
    try await session.follow(after: start) { events in
      guard events.contains(where: { news.contains($0.name) }) else { return true }
      let found: [FoundObject]
      do { found = try await find() } catch ClientError.refused(let problem)
        where problem.status == 404
      { found = [] }
      try list.withLock { try $0.show(found, at: session.now(), on: session.terminal) }
      return true
    }
  }
}
