import ArgumentParser
import Documents
import FoundationEssentials
import ManagementClient

struct ConfigCurrentContextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "current-context", abstract: "Show the name of the context that commands use.",
    discussion: """
      Example:
        rialto config current-context
      """)

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Failure.reported(doing: "show the current context", to: .standard) {
      let selection = connection.selection(ProcessInfo.processInfo.environment)
      let path = try selection.path()
      let context = try selection.choose(from: try ContextFile.read(path: path), path: path)
      output.show(
        ["name": .string(context.name)], to: .standard, names: ["context/\(context.name)"]
      ) {
        Terminal.standard.line(visible(context.name))
      }
    }
  }
}

/// Where commands look that do not say where.
struct ConfigSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set the organization and tenant that commands are about.",
    discussion: """
      An empty text takes a default away.

      Examples:
        rialto config set --tenant web
        rialto config set --tenant '' --context production
      """)

  @Option(
    name: [.long, .customLong("org")],
    help: ArgumentHelp("The organization.", valueName: "name"),
    completion: Completions.organizations)
  var organization: String?

  @Option(
    help: ArgumentHelp("The tenant.", valueName: "name"), completion: Completions.tenants)
  var tenant: String?

  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    if organization == nil, tenant == nil {
      throw ValidationError("say what to set: --organization or --tenant")
    }
  }

  func run() async throws {
    try await Failure.reported(doing: "set the defaults", to: .standard) {
      let selection = connection.selection(ProcessInfo.processInfo.environment)
      let name = try set(selection)
      Terminal.standard.note("context \(visible(name)) is changed")
    }
  }

  func set(_ selection: ContextSelection) throws -> String {
    let path = try selection.path()
    var file = try ContextFile.read(path: path)
    let name = try selection.choose(from: file, path: path).name
    for index in file.contexts.indices where file.contexts[index].name == name {
      if let organization {
        file.contexts[index].organization = organization.isEmpty ? nil : organization
      }
      if let tenant { file.contexts[index].tenant = tenant.isEmpty ? nil : tenant }
    }
    try file.write(path: path)
    return name
  }
}

/// A server writes a file of contexts; this makes them part of one's own.
struct ConfigImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Take the contexts of another file into one's own.",
    discussion: """
      The first start of a server prints the path of such a file.

      Examples:
        rialto config import /var/lib/rialto/server/context.yaml
        rialto config import context.yaml --name production
      """)

  @Argument(help: "A file of contexts.", completion: .file())
  var file: String

  @Option(help: "What to call it here, when the file holds one.")
  var name: String?

  @Flag(help: "Replace contexts that have these names already.")
  var replace = false

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Failure.reported(doing: "import \(file)", to: .standard) {
      let path = try connection.selection(ProcessInfo.processInfo.environment).path()
      for name in try take(into: path) {
        Terminal.standard.note("context \(visible(name)) is in \(visible(path))")
      }
    }
  }

  /// The names that the contexts have now; the first one is the current one.
  func take(into path: String) throws -> [String] {
    var taken = try ContextFile.read(path: file)
    if let name {
      guard taken.contexts.count == 1 else {
        throw Failure(
          .usage, .context, "\(file) holds \(taken.contexts.count) contexts",
          advice: "--name is for a file that holds one.")
      }
      taken.contexts[0].name = name
      taken.current = name
    }
    var own = try Self.ownFile(path: path)
    let names = taken.contexts.map(\.name)
    if !replace, let known = own.contexts.first(where: { names.contains($0.name) })?.name {
      throw Failure(
        .conflict, .context, "\(path) has a context '\(known)' already",
        advice: "Give it another name with --name, or take its place with --replace.")
    }
    own.contexts = own.contexts.filter { !names.contains($0.name) } + taken.contexts
    own.current = taken.current ?? names.first ?? own.current
    try own.write(path: path)
    return names
  }

  private static func ownFile(path: String) throws -> ContextFile {
    do { return try ContextFile.read(path: path) } catch {
      guard case .missing = error else { throw error }
      return ContextFile(current: nil, contexts: [])
    }
  }
}

struct ConfigDeleteContextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete-context", abstract: "Forget a context, and its token.",
    discussion: """
      Example:
        rialto config delete-context staging
      """)

  @Argument(help: "The context's name.", completion: Completions.contexts)
  var name: String

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Failure.reported(doing: "forget the context \(name)", to: .standard) {
      let path = try connection.selection(ProcessInfo.processInfo.environment).path()
      try delete(path: path)
      Terminal.standard.note("context \(visible(name)) is forgotten")
    }
  }

  func delete(path: String) throws {
    var file = try ContextFile.read(path: path)
    let selection = ContextSelection(file: path, context: name, environment: [:])
    let gone = try selection.choose(from: file, path: path).name
    file.contexts.removeAll { $0.name == gone }
    if file.current == gone { file.current = nil }
    try file.write(path: path)
  }
}
