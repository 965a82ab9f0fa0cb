import ArgumentParser
import Documents

/// The version of everything in this program.
enum Version {
  static let text = "0.1.0"
}

struct VersionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version", abstract: "Show the version of this program.",
    discussion: """
      Examples:
        rialto version
        rialto version -o json
      """)

  @OptionGroup var output: OutputOptions

  func run() async throws {
    output.show(["version": .string(Version.text)], to: .standard, names: [Version.text]) {
      Terminal.standard.line(Version.text)
    }
  }
}
