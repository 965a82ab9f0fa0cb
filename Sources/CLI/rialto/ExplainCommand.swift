import ArgumentParser
import Documents
import Manifests
import Model

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain a kind, a field or an error code; needs no server.",
    discussion: """
      Examples:
        rialto explain
        rialto explain serviceroute.spec.subsets.weight
        rialto explain RL1042
        rialto explain oidc.spec -o json
      """)

  @Argument(
    help: "KIND, KIND.FIELD… or a code; nothing lists the kinds.", completion: Completions.fields)
  var path: String?

  @OptionGroup var output: OutputOptions

  func run() async throws { try await run(to: .standard) }

  func run(to terminal: Terminal) async throws {
    try await Failure.reported(doing: "explain \(path ?? "the kinds")", to: terminal) {
      guard let path else { return try printKinds(to: terminal) }
      let explanation = try Self.explanation(path)
      output.show(explanation.document, to: terminal, names: [path]) {
        terminal.data(explanation.text)
      }
    }
  }

  private func printKinds(to terminal: Terminal) throws {
    let items = Kind.allCases.map { kind -> Document in
      [
        "name": .string(kind.rawValue), "short": .string(kind.shortName),
        "kind": .string(kind.name), "apiVersion": .string(kind.apiVersion),
        "description": .string(kind.summary),
      ]
    }
    try output.print(
      items, named: { $0["name"]?.string ?? "-" },
      {
        var table = Table(headings: ["NAME", "SHORT", "WHAT"])
        if output.output == .wide { table.headings.insert("API VERSION", at: 2) }
        table.rows = Kind.allCases.map { kind in
          [kind.rawValue, kind.shortName] + (output.output == .wide ? [kind.apiVersion] : [])
            + [kind.summary]
        }
        return table
      }, to: terminal)
  }

  static func explanation(_ path: String) throws -> Explanation {
    let code = path.uppercased()
    if let explanation = ClientCode(rawValue: code)?.explanation ?? ServerCode.explanation(of: code)
    {
      return Explanation(code: code, explanation)
    }
    let read = Manifests.explain(path)
    if let explanation = read.value { return explanation }
    throw Failure(
      .failed, read.diagnostics.first?.code ?? ClientCode.unknownKind.rawValue,
      read.diagnostics.map(\.message), advice: "'rialto explain' lists the kinds.")
  }
}
