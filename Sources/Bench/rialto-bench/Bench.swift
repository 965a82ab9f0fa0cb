import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rialto-bench", abstract: "Measures Rialto, with a baseline in the same run.",
    subcommands: [
      PropagationCommand.self, DiscoveryCommand.self, FailoverCommand.self, IdleCommand.self,
      FanoutCommand.self, ScopedCommand.self, EndpointsCommand.self, ReconnectCommand.self,
      AgentsCommand.self, MemoryCommand.self, WritesCommand.self, BareServerCommand.self,
    ])
}
