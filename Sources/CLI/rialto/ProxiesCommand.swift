import ArgumentParser
import Documents
import ManagementClient

struct ProxiesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "proxies", abstract: "Proxies: what they are told, and what they say to it.",
    subcommands: [ProxiesStatusCommand.self, ProxiesConfigCommand.self],
    defaultSubcommand: ProxiesStatusCommand.self)
}

struct ProxiesStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show every proxy, its version and what it refuses.",
    discussion: """
      A proxy is 'current' when it has acknowledged everything that it was told, and 'behind' until \
      then. What its Envoy refuses is printed below, in Envoy's words.

      Examples:
        rialto proxies status
        rialto proxies status --cluster east -o wide
      """, aliases: ["list"])

  @Option(help: "Only of this cluster.", completion: Completions.clusters)
  var cluster: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    try await Session.run(connection, what: "show the proxies") { try await run(in: $0) }
  }

  func run(in session: Session) async throws {
    try await ProxyTable(output: output, cluster: cluster).print(in: session)
  }
}
