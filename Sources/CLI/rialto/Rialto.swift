import ArgumentParser

@main
struct Rialto: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rialto",
    abstract: "Bridges meshes: one server, an agent per site, Envoy beside every workload.",
    version: Version.text,
    subcommands: [
      AgentCommand.self,
      ApplyCommand.self,
      ChangesCommand.self,
      ClusterCommand.self,
      CompletionCommand.self,
      ConfigCommand.self,
      DeleteCommand.self,
      ExplainCommand.self,
      GetCommand.self,
      HelpTopicCommand.self,
      ProxiesCommand.self,
      ProxyCommand.self,
      ServerCommand.self,
      StatusCommand.self,
      VersionCommand.self,
      WaitCommand.self,
      WorkloadCommand.self,
    ])
}
