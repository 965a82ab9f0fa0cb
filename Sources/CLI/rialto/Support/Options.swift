import ArgumentParser
import ManagementClient
import Model

/// Which server, and as whom.
struct ConnectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The file of contexts; else $RIALTO_CONFIG, else $XDG_CONFIG_HOME/rialto/config.yaml.",
      valueName: "file"))
  var config: String?

  @Option(
    help: ArgumentHelp("The context to use; else $RIALTO_CONTEXT, else the current one."))
  var context: String?

  @Flag(help: "Only data, and what goes wrong.")
  var quiet = false

  @Flag(name: [.customShort("v"), .long], help: "Show what is asked of the server.")
  var verbose = false

  func selection(_ environment: [String: String]) -> ContextSelection {
    ContextSelection(file: config, context: context, environment: environment)
  }
}

/// Where in the tree. What is not said comes from the context, as far as it knows.
struct ParentOptions: ParsableArguments {
  @Option(
    name: [.long, .customLong("org")],
    help: ArgumentHelp("The organization.", valueName: "name"))
  var organization: String?

  @Option(help: ArgumentHelp("The tenant.", valueName: "name"))
  var tenant: String?

  @Option(help: ArgumentHelp("The workspace.", valueName: "name"))
  var workspace: String?

  @Option(help: ArgumentHelp("The group.", valueName: "name"))
  var group: String?

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
