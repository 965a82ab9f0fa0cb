import Documents

/// A text with references to variables in it: `${NAME}` and `$NAME`.
struct Template {
  private enum Part {
    case text([UInt8])
    /// `$$`, which stands for a dollar sign.
    case dollar
    case variable(name: String, written: [UInt8])
    /// What other programs would replace: `${NAME:-default}`, `${a.b}`.
    case unknown(written: [UInt8])
  }

  private var parts: [Part] = []

  init(_ text: String) {
    guard text.utf8.contains(UInt8(ascii: "$")) else {
      parts = [.text(Array(text.utf8))]
      return
    }
    var rest = Array(text.utf8)[...]
    while let dollar = rest.firstIndex(of: UInt8(ascii: "$")) {
      parts.append(.text(Array(rest[..<dollar])))
      let part = Self.reference(at: rest[dollar...])
      parts.append(part.part)
      rest = rest.dropFirst(dollar - rest.startIndex + part.length)
    }
    parts.append(.text(Array(rest)))
  }

  /// The variables, in their order.
  var names: [String] {
    parts.compactMap { part in
      if case .variable(let name, _) = part { name } else { nil }
    }
  }

  /// References that are none here, in their order.
  var unknown: [String] {
    parts.compactMap { part in
      if case .unknown(let written) = part { String(decoding: written, as: UTF8.self) } else { nil }
    }
  }

  /// Whether a variable is written as `${NAME}`, which nobody writes by accident.
  var hasBraces: Bool {
    parts.contains { part in
      if case .variable(_, let written) = part { written.last == UInt8(ascii: "}") } else { false }
    }
  }

  /// The text with the values in it.
  ///
  /// - Parameter isLenient: what has no value stays as it is, `$$` too.
  func filled(_ values: [String: String], isLenient: Bool) -> String {
    let bytes = parts.flatMap { part -> [UInt8] in
      switch part {
      case .text(let bytes), .unknown(let bytes): bytes
      case .dollar: Array((isLenient ? "$$" : "$").utf8)
      case .variable(let name, let written): values[name].map { Array($0.utf8) } ?? written
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func reference(at text: ArraySlice<UInt8>) -> (part: Part, length: Int) {
    let rest = text.dropFirst()
    if rest.first == UInt8(ascii: "$") { return (.dollar, 2) }
    let isBraced = rest.first == UInt8(ascii: "{")
    let inner = isBraced ? rest.dropFirst() : rest
    let name = inner.prefix { isDigit($0) || isLetter($0) }
    let isClosed = !isBraced || inner.dropFirst(name.count).first == UInt8(ascii: "}")
    guard let first = name.first, !isDigit(first), isClosed else {
      if isBraced, let end = inner.firstIndex(of: UInt8(ascii: "}")) {
        return (.unknown(written: Array(text[text.startIndex...end])), end - text.startIndex + 1)
      }
      return (.text([UInt8(ascii: "$")]), 1)
    }
    let length = name.count + (isBraced ? 3 : 1)
    return (
      .variable(
        name: String(decoding: name, as: UTF8.self), written: Array(text.prefix(length))), length
    )
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
  }
}

extension MarkedDocument {
  /// Puts the values of variables into the texts of a document that was no YAML.
  mutating func fill(_ values: [String: String]?, _ report: inout Report) {
    value = filled(value, at: FieldPath(), values, &report)
  }

  private mutating func filled(
    _ value: Document, at path: FieldPath, _ values: [String: String]?, _ report: inout Report
  ) -> Document {
    switch value {
    case .string(let text):
      let template = Template(text)
      guard let values else {
        if !template.names.isEmpty, let mark = marks[path] { variables[mark] = template }
        return value
      }
      for name in Set(template.names).sorted() where values[name] == nil {
        isDefective = true
        report.add(
          .unreplacedVariable, at: path, mark: marks[path], missingVariable(name, values))
      }
      for written in template.unknown {
        isDefective = true
        report.add(.unreplacedVariable, at: path, mark: marks[path], unknownReference(written))
      }
      return .string(template.filled(values, isLenient: false))
    case .list(let elements):
      return .list(
        elements.enumerated().map { filled($1, at: path[$0], values, &report) })
    case .object(let members):
      var result: [String: Document] = [:]
      for (key, member) in inOrder(members) {
        result[key] = filled(member, at: path / key, values, &report)
      }
      return .object(result)
    case .null, .bool, .integer, .number: return value
    }
  }
}
