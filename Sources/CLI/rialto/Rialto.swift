import ArgumentParser

@main
struct Rialto: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rialto",
    abstract: "Bridges meshes: one server, an agent per site, Envoy beside every workload.",
    subcommands: [
      AgentCommand.self,
      ProxyCommand.self,
      WorkloadCommand.self,
    ])
}
