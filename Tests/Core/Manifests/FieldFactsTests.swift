import Documents
import Model
import TestSupport
import Testing

@testable import Manifests

/// Holds the tables against what is known of the fields of Tetrate Service Bridge: one line per
/// field, with group, kind or shared type, path and type.
@Suite struct `Fields of every kind` {
  private static let facts = Fact.all()

  /// A field that we write otherwise, and how.
  private static let otherwise = [
    "RateLimiting settings.rules[].dimensions[].remoteAddress":
      "an object with value, as real files have it"
  ]

  @Test func `the list is whole`() { #expect(Self.facts.count > 700) }

  @Test func `no field is missing, and every one has its type`() {
    var problems: [String] = []
    for fact in Self.facts where fact.group != "shared" {
      let kinds = Kind.allCases.filter { kind in
        !kind.isRaw && kind.apiGroup == fact.group
          && (kind.name == fact.kind || (kind.isAccess && fact.kind == "AccessBindings"))
      }
      if kinds.isEmpty { problems.append("\(fact.group) \(fact.kind) is no kind") }
      for kind in kinds {
        problems += check(fact, in: kind.spec).map { "\(kind.rawValue): \($0)" }
      }
    }
    #expect(problems == [])
  }

  /// What is wrong with a field and, where it is of a shared type, with what is inside.
  private func check(_ fact: Fact, in shape: Shape) -> [String] {
    let steps = fact.path.split(separator: ".").map { String($0).replacing("[]", with: "") }
    var type: FieldType = .object(shape)
    for (index, step) in steps.enumerated() {
      guard let field = type.shape?.field(step) else {
        if case .anything = type { return [] }
        return ["\(fact.path) is missing"]
      }
      // What servers print is not looked into.
      if field.effect == .output || field.type.isOpaque { return [] }
      type = field.type
      if index == steps.count - 1, case .list(let element, _) = type, fact.path.hasSuffix("[]"),
        !fact.type.hasPrefix("[]")
      {
        type = element
      }
    }
    if Self.otherwise["\(fact.kind) \(fact.path)"] != nil { return [] }
    return check(type, is: fact.type, at: fact.path)
  }

  private func check(_ type: FieldType, is name: String, at path: String) -> [String] {
    let name = name.replacing("?", with: "")
    if name.hasPrefix("[]") {
      guard case .list(let element, _) = type else { return ["\(path) is no list"] }
      return check(element, is: String(name.dropFirst(2)), at: path)
    }
    if name.hasPrefix("map<string,") {
      guard case .map(_, let values) = type else { return ["\(path) is no map"] }
      return check(values, is: String(name.dropFirst("map<string,".count).dropLast()), at: path)
    }
    switch (name, type) {
    case ("string", .text), ("string", .choice), ("bool", .boolean), ("number", .integer),
      ("number", .number), ("duration", .duration), ("object", .object), (_, .anything):
      return []
    case ("string", _), ("bool", _), ("number", _), ("duration", _), ("object", _):
      return ["\(path) is \(type.title), not \(name)"]
    default: break
    }
    guard let shape = type.shape else { return ["\(path) is no \(name)"] }
    let inside = Self.facts.filter { fact in
      fact.kind == name
        && (fact.group == "shared" || ["TrafficSetting", "SecuritySetting"].contains(name))
    }
    if inside.isEmpty { return ["\(path): no type \(name)"] }
    return inside.flatMap { check($0, in: shape) }.map { "\(path) › \($0)" }
  }

  /// Decision: what does nothing yet says so, wherever it is written.
  @Test(arguments: Kind.allCases.filter { !$0.isRaw })
  func `a field without effect is in the list of its object`(_ kind: Kind) {
    for path in withoutEffect(in: kind.spec, at: []) {
      let spec = nested(path.map(\.name), path[path.count - 1].type.example, path)
      let found = Manifests.notYetEffective(in: ["spec": spec], of: kind).map(\.text)
      let expected = "spec." + path.map(\.name).joined(separator: ".")
      #expect(found.map { $0.replacing("[0]", with: "") } == [expected], "\(spec.canonicalText)")
    }
  }

  private func withoutEffect(in shape: Shape, at path: [Field]) -> [[Field]] {
    shape.fields.flatMap { field -> [[Field]] in
      switch field.effect {
      case .notYetEffective: [path + [field]]
      case .takesEffect: field.type.shape.map { withoutEffect(in: $0, at: path + [field]) } ?? []
      case .descriptive, .output: []
      }
    }
  }

  /// The value at a path of fields, through the lists on its way.
  private func nested(_ names: [String], _ value: Document, _ path: [Field]) -> Document {
    zip(names, path).enumerated().reversed().reduce(value) { inner, step in
      let isLast = step.offset == path.count - 1
      let isList = if case .list = step.element.1.type { !isLast } else { false }
      return .object([step.element.0: isList ? .list([inner]) : inner])
    }
  }
}

/// One line of the list.
private struct Fact {
  let group: String
  let kind: String
  let path: String
  let type: String

  static func all() -> [Fact] {
    let bytes = GoldenCase.all(of: "Fields").first?.readIfPresent("facts.tsv") ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").compactMap { line in
      let columns = line.split(separator: "\t").map(String.init)
      guard columns.count == 4 else { return nil }
      return Fact(group: columns[0], kind: columns[1], path: columns[2], type: columns[3])
    }
  }
}

extension FieldType {
  /// Whether nobody looks inside.
  fileprivate var isOpaque: Bool {
    switch self {
    case .anything: true
    case .list(let element, _): element.isOpaque
    case .text, .boolean, .integer, .number, .duration, .choice, .map, .object: false
    }
  }

  /// A value that is not what absence means.
  fileprivate var example: Document {
    switch self {
    case .text: "x"
    case .boolean: true
    case .integer(let range): .integer(range.upperBound)
    case .number: 1
    case .duration: "77s"
    case .choice(let words): .string(words[words.count - 1])
    case .list(let element, _): .list([element.example])
    case .map: ["a": "b"]
    case .object, .anything: [:]
    }
  }
}
