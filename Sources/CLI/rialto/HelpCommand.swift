import ArgumentParser

/// `rialto help`, with one page more than the parser's own: the exit codes.
struct HelpTopicCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "help", abstract: "Show help for a command, or 'help exit-codes'.",
    discussion: """
      Examples:
        rialto help apply
        rialto help proxies config
        rialto help exit-codes
      """)

  @Argument(help: ArgumentHelp("A command, or exit-codes.", valueName: "topic"))
  var words: [String] = []

  func run() async throws { Terminal.standard.data(try Self.text(words)) }

  static func text(_ words: [String]) throws -> String {
    if words == ["exit-codes"] {
      var table = Table(headings: ["CODE", "MEANING"])
      table.rows = ExitStatus.allCases.map { [String($0.rawValue), $0.meaning] }
      return table.text(hidesHeadings: false)
    }
    var command: any ParsableCommand.Type = Rialto.self
    for word in words {
      let next = command.configuration.subcommands.first {
        UnknownCommand.names(of: $0).contains(word)
      }
      guard let next else { throw ValidationError("there is no command '\(visible(word))'") }
      command = next
    }
    return Rialto.helpMessage(for: command) + "\n"
  }
}
