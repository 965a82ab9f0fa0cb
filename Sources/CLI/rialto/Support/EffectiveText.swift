import Documents
import Manifests
import Model

/// What holds where an object is, for people: a property a row, with who says it.
struct EffectiveText {
  var output: OutputOptions

  /// - Parameter document: an object as the server shows it with `view=effective`.
  func text(of document: Document, at ref: ResourceRef) throws -> String {
    switch output.output {
    case .json: document.prettyJSON + "\n"
    case .yaml: Manifests.yaml(document)
    case .name: "\(ref.shortText)\n"
    case .jsonpath(let path): visible(path.text(of: document)) + "\n"
    case .table, .wide, .csv: try output.text(of: table(of: document["effective"] ?? .null))
    }
  }

  private var isShort: Bool { output.output == .table }

  private func table(of effective: Document) -> Table {
    let subsets = effective["subsets"]?.list ?? []
    var table = Table(headings: subsets.isEmpty ? [] : ["SUBSET"])
    table.headings += ["PROPERTY", "VALUE", "FROM", "HOW"]
    if !isShort { table.headings += ["FIELD", "NO EFFECT YET"] }
    let places =
      [(name: "-", policy: effective)]
      + subsets.map { ($0["name"]?.string ?? "-", $0) }
    for (name, policy) in places {
      for property in policy["properties"]?.list ?? [] {
        table.rows.append((subsets.isEmpty ? [] : [name]) + cells(of: property))
      }
    }
    return table
  }

  private func cells(of property: Document) -> [String] {
    let sources = property["sources"]?.list ?? []
    var cells = [
      property["path"]?.string ?? "-",
      property["value"].map { Self.line($0, atMost: isShort ? 60 : .max) } ?? "(empty)",
      sources.isEmpty ? "-" : sources.map(source).joined(separator: " and "),
      Self.manner(property, sources),
    ]
    if !isShort {
      let idle = sources.flatMap { $0["notYetEffective"]?.list ?? [] }.compactMap(\.string)
      cells += [
        sources.isEmpty
          ? "-" : sources.map { $0["path"]?.string ?? "-" }.joined(separator: ","),
        idle.isEmpty ? "-" : idle.joined(separator: ","),
      ]
    }
    return cells
  }

  /// `workspacesetting/shop`, and for a profile where it is attached.
  private func source(_ source: Document) -> String {
    func name(_ key: String) -> String? {
      source[key]?.string.map { fqn in
        isShort ? ResourceRef(fqn: fqn)?.shortText ?? fqn : fqn
      }
    }
    let holder = name("attachedTo").map { " (attached to \($0))" } ?? ""
    return (name("fqn") ?? "-") + holder
  }

  private static func manner(_ property: Document, _ sources: [Document]) -> String {
    var words: [String] = []
    if property["builtIn"]?.bool == true {
      words.append("built in")
    } else if property["mandated"]?.bool == true {
      words.append("mandated")
    } else {
      words.append(sources.contains { $0["attachedTo"] != nil } ? "profile's default" : "set")
    }
    if property["stricter"]?.bool == true { words.append("only stricter below") }
    let isIdle = sources.contains { $0["notYetEffective"] != nil }
    if isIdle { words.append("no effect yet, or in part") }
    return words.joined(separator: ", ")
  }

  /// On one line, without what only programs need: `mode: CUSTOM, serviceAccounts: [shop/web]`.
  static func line(_ value: Document, atMost limit: Int) -> String {
    let text =
      switch value {
      case .object(let members): pairs(members)
      default: inner(value)
      }
    return text.count <= limit ? text : String(text.prefix(limit - 1)) + "…"
  }

  private static func pairs(_ members: [String: Document]) -> String {
    members.sorted { $0.key < $1.key }.map { "\($0.key): \(inner($0.value))" }
      .joined(separator: ", ")
  }

  private static func inner(_ value: Document) -> String {
    switch value {
    case .string(let text): text
    case .list(let elements): "[\(elements.map(inner).joined(separator: ", "))]"
    case .object(let members): "{\(pairs(members))}"
    case .null, .bool, .integer, .number: String(decoding: value.canonicalJSON, as: UTF8.self)
    }
  }
}
