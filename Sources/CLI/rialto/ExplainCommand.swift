import ArgumentParser
import Documents
import Manifests

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain a kind, a field or an error code; needs no server.",
    discussion: """
      Examples:
        rialto explain
        rialto explain serviceroute.spec.subsets.weight
        rialto explain RL1042
      """)

  @Argument(
    help: "KIND, KIND.FIELD… or a code; nothing lists the kinds.", completion: Completions.fields)
  var path: String?

  func run() async throws { try await run(to: .standard) }

  func run(to terminal: Terminal) async throws {
    guard let path else { return terminal.data(Manifests.explainKinds()) }
    try await Failure.reported(doing: "explain \(path)", to: terminal) {
      terminal.data(try Self.text(path))
    }
  }

  static func text(_ path: String) throws -> String {
    let code = path.uppercased()
    if let explanation = ClientCode(rawValue: code)?.explanation ?? ServerCode.explanation(of: code)
    {
      return "\(code)\n\n    \(explanation)\n"
    }
    let read = Manifests.explain(path)
    if let text = read.value { return text }
    throw Failure(
      .failed, read.diagnostics.first?.code ?? ClientCode.unknownKind.rawValue,
      read.diagnostics.map(\.message), advice: "'rialto explain' lists the kinds.")
  }
}
