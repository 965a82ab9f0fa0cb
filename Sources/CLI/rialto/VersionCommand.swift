import ArgumentParser

/// The version of everything in this program.
enum Version {
  static let text = "0.1.0"
}

struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Show the version of this program.",
    discussion: """
      Example:
        rialto version
      """)

  func run() async throws { Terminal.standard.line(Version.text) }
}
