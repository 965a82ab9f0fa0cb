import ArgumentParser
import FoundationEssentials
import ManagementClient
import Model

/// Which server, and as whom.
struct ConnectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The file of contexts; else $RIALTO_CONFIG, else $XDG_CONFIG_HOME/rialto/config.yaml.",
      valueName: "file"), completion: .file())
  var config: String?

  @Option(
    help: ArgumentHelp("The context to use; else $RIALTO_CONTEXT, else the current one."),
    completion: Completions.contexts)
  var context: String?

  @Flag(help: "Only data, and what goes wrong.")
  var quiet = false

  @Flag(
    name: [.customShort("v"), .customLong("verbose")],
    help: "Show what is asked of the server; -vv with what is sent and answered, but no secrets.")
  var verbosity: Int

  @Option(help: "auto (on a terminal, unless NO_COLOR is set), always or never.")
  var color = ColorChoice.auto

  func selection(_ environment: [String: String]) -> ContextSelection {
    ContextSelection(
      file: config, context: context, environment: environment,
      folder: FileManager.default.currentDirectoryPath)
  }
}

/// Where in the tree. What is not said comes from the context, as far as it knows.
struct ParentOptions: ParsableArguments {
  @Option(
    name: [.long, .customLong("org")],
    help: ArgumentHelp("The organization.", valueName: "name"),
    completion: Completions.organizations)
  var organization: String?

  @Option(
    help: ArgumentHelp("The tenant.", valueName: "name"), completion: Completions.tenants)
  var tenant: String?

  @Option(
    help: ArgumentHelp("The workspace.", valueName: "name"), completion: Completions.workspaces)
  var workspace: String?

  @Option(help: ArgumentHelp("The group.", valueName: "name"), completion: Completions.groups)
  var group: String?

  /// Whether an object is below the parents that are known.
  func hold(_ ref: ResourceRef, in context: ClientContext) -> Bool {
    zip(ref.kind.ancestry, ref.names).dropLast().allSatisfy { kind, name in
      self.name(of: kind, in: context).map { $0 == name } ?? true
    }
  }

  /// The name of a parent of this kind, when it is known.
  func name(of kind: Kind, in context: ClientContext) -> String? {
    if kind.isGroup { return group }
    return switch kind {
    case .organization: organization ?? context.organization
    case .tenant: tenant ?? context.tenant
    case .workspace: workspace
    default: nil
    }
  }
}

/// `--wait`: a write comes back when it has come so far.
struct WaitOptions: ParsableArguments {
  @Option(
    name: .customLong("wait"), defaultAsFlag: WaitLevel.ready, parsing: .next,
    help: ArgumentHelp(
      "Come back when every Envoy has it (ready), or every agent (configured).",
      valueName: "ready|configured"))
  var level: WaitLevel?

  @Option(help: "How long to wait.")
  var timeout = DurationArgument(.seconds(60))

  func wait(until refs: [ResourceRef], in session: Session) async throws {
    guard let level else { return }
    try await session.wait(until: refs, level.condition, timeout: timeout.duration)
    session.terminal.note(level.sentence)
  }

  func wait(forChange revision: Int64, in session: Session) async throws {
    guard let level else { return }
    try await session.wait(forChange: revision, level.condition, timeout: timeout.duration)
    session.terminal.note(level.sentence)
  }
}

enum WaitLevel: String, ExpressibleByArgument, CaseIterable {
  case ready, configured

  var condition: WaitCondition {
    switch self {
    case .ready: .ready
    case .configured: .configured
    }
  }

  fileprivate var sentence: String {
    switch self {
    case .ready: "everything is in force"
    case .configured: "every agent has it"
    }
  }
}

/// `60s`, `1.5m`, `250ms`, or a bare number of seconds.
struct DurationArgument: ExpressibleByArgument {
  let duration: Duration

  init(_ duration: Duration) { self.duration = duration }

  init?(argument: String) {
    let units: [(suffix: String, seconds: Double)] = [
      ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("", 1),
    ]
    for (suffix, seconds) in units where argument.hasSuffix(suffix) {
      let digits = argument.utf8.dropLast(suffix.utf8.count)
      let isPlain = digits.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
      guard isPlain, let number = Double(String(decoding: Array(digits), as: UTF8.self)),
        number * seconds <= 86_400
      else { return nil }
      duration = .milliseconds(Int64((number * seconds * 1000).rounded()))
      return
    }
    return nil
  }

  var defaultValueDescription: String { "\(duration.components.seconds)s" }
}
