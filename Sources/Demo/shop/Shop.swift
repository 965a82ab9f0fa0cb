import ArgumentParser

@main
struct Shop: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shop", abstract: "The services of the demo, and a load that calls them.",
    subcommands: [Load.self, Serve.self])
}
