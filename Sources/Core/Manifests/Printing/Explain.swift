package import Documents
import Model

/// What is known of a kind, a field or a code: for people, and for programs.
package struct Explanation: Hashable, Sendable {
  package var text: String
  package var document: Document

  /// Of a code.
  package init(code: String, _ explanation: String) {
    text = "\(code)\n\n    \(explanation)\n"
    document = ["code": .string(code), "explanation": .string(explanation)]
  }

  fileprivate init(_ page: Page) {
    text = page.text
    document = page.document
  }
}

/// The documentation of a kind or a field, for `rialto explain serviceroute.spec.subsets.weight`,
/// or of a code, for `rialto explain RL1042`.
///
/// The value is nil when the path leads nowhere; the diagnostic says where it ends. The word `group`
/// means three kinds, whose fields are the same; the first stands for all.
package func explain(_ path: String) -> Diagnosed<Explanation?> {
  if let code = ManifestCode(text: path) {
    return Diagnosed(value: Explanation(code: code.rawValue, code.explanation))
  }
  let steps = path.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    .map { String(decoding: $0.filter { !"[]".utf8.contains($0) }, as: UTF8.self) }
  var report = Report()
  let word = steps.first ?? ""
  guard let kind = kinds(named: word).first else {
    let near = nearestKindWord(to: word).map { "; did you mean '\($0)'?" }
    report.add(
      .unknownKind, "no kind '\(shown(word))'" + (near ?? "; the kinds are \(kindList())"))
    return Diagnosed(value: nil, diagnostics: report.diagnostics)
  }
  var page = Page(kind: kind)
  // `gateway.http` is what people type for `gateway.spec.http`.
  if let first = steps.dropFirst().first, page.shape?.field(camelCased(first)) == nil,
    kind.spec.field(camelCased(first)) != nil
  {
    _ = page.enter("spec")
  }
  for step in steps.dropFirst() where !page.enter(step) {
    let near = didYouMean(step, of: page.shape?.fields.map(\.name) ?? [])
    report.add(.unknownField, "\(page.path) has no field '\(shown(step))'\(near)")
    return Diagnosed(value: nil, diagnostics: report.diagnostics)
  }
  return Diagnosed(value: Explanation(page))
}

/// What `explain` takes that goes one step further than what is written: a kind, then its fields.
package func explainable(_ written: String) -> [String] {
  let steps = written.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    .map { String(decoding: $0, as: UTF8.self) }
  guard steps.count > 1, let kind = kinds(named: steps[0]).first else {
    return Kind.allCases.map(\.rawValue)
  }
  var page = Page(kind: kind)
  for step in steps.dropFirst().dropLast() where !page.enter(step) { return [] }
  let above = steps.dropLast().joined(separator: ".")
  return (page.shape?.fields ?? []).map { "\(above).\($0.name)" }
}

private func kindList() -> String { Kind.allCases.map(\.rawValue).joined(separator: ", ") }

private struct Page {
  let kind: Kind
  private(set) var path: String
  private(set) var field: Field?
  private(set) var shape: Shape?
  /// Whether a field above has no effect yet.
  private var isWithoutEffect = false

  init(kind: Kind) {
    self.kind = kind
    path = kind.rawValue
    shape = Shape([
      Field(
        "apiVersion", .choice([kind.apiVersion]), "The API group and version.", isRequired: true),
      Field("kind", .choice([kind.name]), "The kind.", isRequired: true),
      Field(
        "metadata", .object(EnvelopeFields.metadata(of: kind)), "Which object it is.",
        isRequired: true),
      Field("spec", .object(kind.spec), kind.summary),
    ])
  }

  /// Goes down one step; false when there is no such field.
  mutating func enter(_ step: String) -> Bool {
    guard let next = shape?.field(camelCased(step)) else { return false }
    isWithoutEffect = isWithoutEffect || field?.effect == .notYetEffective
    field = next
    shape = next.type.shape
    path += ".\(next.name)"
    return true
  }

  var text: String {
    var text = "KIND:    \(kind.name)\nGROUP:   \(kind.apiVersion)\n"
    if let field {
      text +=
        "FIELD:   \(path) <\(field.type.title)>\(marks(of: field, isWithoutEffect: isWithoutEffect))\n"
    }
    text += "\n    \(field?.doc ?? kind.summary)\n"
    if let absent = field?.absent { text += "    Absent: \(absent).\n" }
    if let successor = field?.successor { text += "    Deprecated: write \(successor).\n" }
    guard let shape, !shape.fields.isEmpty else { return text }
    text += "\nFIELDS:\n"
    let isWithout = isWithoutEffect || field?.effect == .notYetEffective
    for field in shape.fields {
      text +=
        "    \(field.name) <\(field.type.title)>\(marks(of: field, isWithoutEffect: isWithout))\n        \(field.doc)\n"
    }
    return text
  }

  private func marks(of field: Field, isWithoutEffect: Bool) -> String {
    (field.isRequired ? " required" : "") + (field.successor == nil ? "" : " deprecated")
      + (field.effect == .notYetEffective || isWithoutEffect ? " no effect yet" : "")
      + (field.effect == .output ? " read only" : "") + (field.type.isSecret ? " secret" : "")
  }

  var document: Document {
    var members: [String: Document] = [
      "kind": .string(kind.name), "apiVersion": .string(kind.apiVersion), "path": .string(path),
      "description": .string(kind.summary),
    ]
    if let field {
      members.merge(facts(of: field, isWithoutEffect: isWithoutEffect)) { $1 }
    }
    let isWithout = isWithoutEffect || field?.effect == .notYetEffective
    members["fields"] = .list(
      (shape?.fields ?? []).map { field in
        var members = facts(of: field, isWithoutEffect: isWithout)
        members["name"] = .string(field.name)
        return .object(members)
      })
    return .object(members)
  }

  private func facts(of field: Field, isWithoutEffect: Bool) -> [String: Document] {
    var facts: [String: Document] = [
      "type": .string(field.type.title), "description": .string(field.doc),
      "required": .bool(field.isRequired), "readOnly": .bool(field.effect == .output),
      "secret": .bool(field.type.isSecret),
      "notYetEffective": .bool(field.effect == .notYetEffective || isWithoutEffect),
    ]
    facts["absent"] = field.absent.map(Document.string)
    facts["successor"] = field.successor.map(Document.string)
    return facts
  }
}
