import ArgumentParser
import Documents
import FoundationEssentials
import ManagementClient

struct ConfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "The contexts: which servers there are, and as whom.",
    subcommands: [
      ConfigViewCommand.self, ConfigCurrentContextCommand.self, ConfigUseContextCommand.self,
      ConfigSetCommand.self, ConfigImportCommand.self, ConfigDeleteContextCommand.self,
    ], defaultSubcommand: ConfigViewCommand.self)
}

struct ConfigViewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view", abstract: "Show the contexts without their secrets.",
    discussion: """
      Examples:
        rialto config view
        rialto config view --config /var/lib/rialto-demo/context.yaml
      """, aliases: ["get-contexts"])

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Failure.reported(doing: "show the contexts", to: .standard) {
      let selection = connection.selection(ProcessInfo.processInfo.environment)
      let path = try selection.path()
      try print(try ContextFile.read(path: path), path: path, selection.wanted, to: .standard)
    }
  }

  func print(_ file: ContextFile, path: String, _ wanted: String?, to terminal: Terminal)
    throws
  {
    let current = wanted ?? file.current
    let items = file.contexts.map { context -> Document in
      var members: [String: Document] = [
        "name": .string(context.name), "server": .string(context.server), "token": "(redacted)",
        "current": .bool(context.name == current),
      ]
      members["organization"] = context.organization.map(Document.string)
      members["tenant"] = context.tenant.map(Document.string)
      return .object(members)
    }
    try output.print(
      items, named: { "context/\($0["name"]?.string ?? "-")" },
      {
        var table = Table(headings: ["CURRENT", "NAME", "SERVER", "ORGANIZATION", "TENANT"])
        table.rows = file.contexts.map { context in
          [
            context.name == current ? "*" : "", context.name, context.server,
            context.organization ?? "-", context.tenant ?? "-",
          ]
        }
        return table
      }, to: terminal)
    terminal.note("from \(visible(path))")
  }
}

struct ConfigUseContextCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "use-context", abstract: "Make a context the current one.",
    discussion: """
      Example:
        rialto config use-context production
      """)

  @Argument(help: "The context's name.", completion: Completions.contexts)
  var name: String

  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Failure.reported(doing: "use the context \(name)", to: .standard) {
      let environment = ProcessInfo.processInfo.environment
      let path = try connection.selection(environment).path()
      try use(path: path)
      Terminal.standard.note("context \(visible(name)) is the current one")
    }
  }

  func use(path: String) throws {
    var file = try ContextFile.read(path: path)
    let selection = ContextSelection(file: path, context: name, environment: [:])
    file.current = try selection.choose(from: file, path: path).name
    try file.write(path: path)
  }
}
