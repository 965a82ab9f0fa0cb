import ArgumentParser

@main
struct Rialto: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rialto",
    abstract: "Bridges meshes: one server, an agent per site, Envoy beside every workload.",
    discussion: """
      Examples:
        rialto status                        is everything in force?
        rialto get all                       what there is
        rialto apply -f shop.yaml --wait     write, until every Envoy has it
        rialto proxies status                what every Envoy has acknowledged
        rialto explain serviceroute.spec     what can be written
      """,
    version: Version.text,
    groupedSubcommands: [
      CommandGroup(
        name: "Objects",
        subcommands: [
          ApplyCommand.self,
          ChangesCommand.self,
          DeleteCommand.self,
          DescribeCommand.self,
          DiffCommand.self,
          EditCommand.self,
          ExplainCommand.self,
          GetCommand.self,
          HistoryCommand.self,
          ImportCommand.self,
          PlanCommand.self,
          RenderCommand.self,
          RollbackCommand.self,
          StatusCommand.self,
          WaitCommand.self,
          WatchCommand.self,
        ]),
      CommandGroup(
        name: "Sites and health",
        subcommands: [
          AnalyzeCommand.self,
          CheckCommand.self,
          ClusterCommand.self,
          PathCommand.self,
          ProxiesCommand.self,
          WorkloadCommand.self,
        ]),
      CommandGroup(
        name: "Processes",
        subcommands: [
          AgentCommand.self,
          ProxyCommand.self,
          ServerCommand.self,
        ]),
      CommandGroup(
        name: "This program",
        subcommands: [
          CompletionCommand.self,
          ConfigCommand.self,
          HelpTopicCommand.self,
          VersionCommand.self,
        ]),
    ])

  static func main() async {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if let failure = UnknownCommand.failure(in: arguments) {
      Terminal.standard.note(failure.text(doing: "run rialto \(arguments.joined(separator: " "))"))
      exit(withError: ExitCode(failure.status.rawValue))
    }
    await main(arguments)
  }
}
