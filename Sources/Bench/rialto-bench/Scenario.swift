import ArgumentParser

/// A command that measures one thing and prints a `Report`.
protocol Scenario: AsyncParsableCommand {
  /// The options that make it so small that it takes seconds: enough for what it checks, not for
  /// what it measures.
  static var quick: [String] { get }
}

extension Scenario {
  static var name: String { configuration.commandName ?? "" }
}
