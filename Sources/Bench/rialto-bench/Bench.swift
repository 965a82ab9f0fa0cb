import ArgumentParser

@main
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rialto-bench", abstract: "Measures Rialto, with a baseline in the same run.",
    subcommands: AllCommand.scenarios + [AllCommand.self, BareServerCommand.self])
}
