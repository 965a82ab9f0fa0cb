import ArgumentParser

struct CompletionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "completion", abstract: "Print a script that completes commands in a shell.",
    discussion: """
      Example:
        source <(rialto completion bash)
      """)

  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish
  }

  @Argument(help: "bash, zsh or fish.")
  var shell: Shell

  func run() async throws { Terminal.standard.line(Self.script(for: shell)) }

  static func script(for shell: Shell) -> String {
    switch shell {
    case .bash: Rialto.completionScript(for: .bash)
    case .zsh: Rialto.completionScript(for: .zsh)
    case .fish: Rialto.completionScript(for: .fish)
    }
  }
}
