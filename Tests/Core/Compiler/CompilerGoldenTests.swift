import BlueprintCoding
import Blueprints
import Compiler
import Documents
import Model
import TestSupport
import Testing

@Suite struct `Blueprints, recorded` {
  static let cases = GoldenCase.all(of: "Compiler")

  @Test func `there are cases`() { #expect(Self.cases.count >= 9) }

  /// `UPDATE_GOLDEN=1` records what comes out.
  @Test(arguments: cases) func `a case comes out as recorded`(golden: GoldenCase) throws {
    let compilation = compile(try golden.intent(), against: try golden.inventory())
    let text = try document(compilation).prettyJSON + "\n"
    #expect(try golden.recorded("blueprint.json", updatingTo: text) == text, "\(golden)")
    for blueprint in compilation.blueprints.values { #expect(defects(in: blueprint) == []) }
  }

  private func document(_ compilation: Compilation) throws -> Document {
    let blueprints = try compilation.blueprints.mapValues { blueprint in
      var items: [String: Document] = [:]
      for (key, sourced) in blueprint.items {
        items[key.text] = [
          "item": try JSONParser.document(from: try ItemCoding.encode(sourced.item).bytes),
          "sources": .list(sourced.sources.map { .string("\($0.fqn)@\($0.revision)") }),
        ]
      }
      return Document.object(items)
    }
    let diagnostics = compilation.diagnostics.mapValues { found in
      Document.list(found.map { .string("\($0.severity.rawValue): \($0.text)") })
    }
    return ["blueprints": .object(blueprints), "diagnostics": .object(diagnostics)]
  }
}
