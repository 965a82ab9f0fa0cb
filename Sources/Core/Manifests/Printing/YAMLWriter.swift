package import Documents
import Model

/// A document as YAML that every reader, ours above all, reads back as the same document.
///
/// Manifests come in the order apiVersion, kind, metadata, spec, status and with the fields of their
/// kind in the order of its table; everything else is sorted.
package func yaml(_ document: Document) -> String {
  var writer = YAMLWriter()
  writer.write(document, FieldOrder(of: document), indentation: 0)
  return writer.text
}

/// Several documents as one YAML text, separated by `---`.
package func yaml(_ documents: [Document]) -> String {
  documents.map(yaml).joined(separator: "---\n")
}

/// In which order the members of an object are printed, and of what is inside.
private indirect enum FieldOrder {
  case sorted
  case manifest(Kind?)
  case shape(Shape)

  init(of document: Document) {
    guard let version = document["apiVersion"]?.string, let name = document["kind"]?.string else {
      self = .sorted
      return
    }
    self = .manifest(EnvelopeReader.kinds(apiVersion: version, name: name).first)
  }

  func ordered(
    _ members: [String: Document]
  ) -> [(key: String, value: Document, order: FieldOrder)] {
    let known: [String] =
      switch self {
      case .sorted: []
      case .manifest: ["apiVersion", "kind", "metadata", "spec", "status"]
      case .shape(let shape): shape.fields.map(\.name)
      }
    let first = known.filter { members[$0] != nil }
    let rest = inOrder(members).map(\.key).filter { !known.contains($0) }
    return (first + rest).map { ($0, members[$0] ?? .null, order(inside: $0)) }
  }

  private func order(inside key: String) -> FieldOrder {
    switch self {
    case .sorted: return .sorted
    case .manifest(let kind):
      guard let kind else { return .sorted }
      switch key {
      case "metadata": return .shape(EnvelopeFields.metadata(of: kind))
      case "spec": return .shape(kind.spec)
      default: return .sorted
      }
    case .shape(let shape):
      guard let type = shape.field(key)?.type, let inner = type.shape else { return .sorted }
      if case .map = type { return .sorted }
      return .shape(inner)
    }
  }
}

private struct YAMLWriter {
  private(set) var text = ""

  mutating func write(_ document: Document, _ order: FieldOrder, indentation: Int) {
    switch document {
    case .object(let members) where !members.isEmpty:
      for (key, value, inner) in order.ordered(members) {
        indent(indentation)
        text += "\(scalar(key)):"
        writeValue(value, inner, indentation: indentation)
      }
    case .list(let elements) where !elements.isEmpty:
      for element in elements {
        indent(indentation)
        text += "-"
        writeElement(element, order, indentation: indentation)
      }
    case .object, .list, .null, .bool, .integer, .number, .string:
      indent(indentation)
      text += "\(inline(document))\n"
    }
  }

  /// What follows `key:`.
  private mutating func writeValue(_ value: Document, _ order: FieldOrder, indentation: Int) {
    switch value {
    case .object(let members) where !members.isEmpty:
      text += "\n"
      write(value, order, indentation: indentation + 2)
    case .list(let elements) where !elements.isEmpty:
      text += "\n"
      write(value, order, indentation: indentation)
    case .object, .list, .null, .bool, .integer, .number, .string:
      text += " \(inline(value))\n"
    }
  }

  /// What follows `-`: the first member of an object stands on the same line.
  private mutating func writeElement(_ value: Document, _ order: FieldOrder, indentation: Int) {
    switch value {
    case .object(let members) where !members.isEmpty:
      for (index, member) in order.ordered(members).enumerated() {
        if index == 0 { text += " " } else { indent(indentation + 2) }
        text += "\(scalar(member.key)):"
        writeValue(member.value, member.order, indentation: indentation + 2)
      }
    case .list(let elements) where !elements.isEmpty:
      text += "\n"
      write(value, order, indentation: indentation + 2)
    case .object, .list, .null, .bool, .integer, .number, .string:
      text += " \(inline(value))\n"
    }
  }

  private mutating func indent(_ count: Int) { text += String(repeating: " ", count: count) }

  private func inline(_ value: Document) -> String {
    switch value {
    case .string(let text): scalar(text)
    case .object: "{}"
    case .list: "[]"
    case .null, .bool, .integer, .number: value.canonicalText
    }
  }

  /// Plain when no reader of YAML 1.1 or 1.2 takes it for anything but this text, else quoted.
  private func scalar(_ text: String) -> String {
    isPlain(text) ? text : quoted(text)
  }

  private func isPlain(_ text: String) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first) || first == UInt8(ascii: "/") else {
      return false
    }
    let isOrdinary = text.utf8.allSatisfy { byte in
      isAlphanumeric(byte) || "-_./ ".utf8.contains(byte)
    }
    guard isOrdinary, text.utf8.last != UInt8(ascii: " "), !text.utf8.contains(where: isLineBreak)
    else { return false }
    if isDigit(first) { return text.utf8.contains(where: isNoNumber) }
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    return !words.contains(asciiLowercased(text))
  }

  private func isLineBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

  /// Letters that are part of no number, date or time in any dialect.
  private func isNoNumber(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) && !isDigit(byte) && !"abcdefoxABCDEFOXTZtzinINP".utf8.contains(byte)
  }

  /// Double quotes with JSON's escapes, which YAML has too; C1 controls and separators are escaped
  /// so that no reader sees a line break in them.
  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      let value = scalar.value
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        if value < 0x20 || (0x7F...0xA0).contains(value) || value == 0x2028 || value == 0x2029
          || value == 0xFEFF || (0xFFFE...0xFFFF).contains(value)
        {
          let digits = String(value, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }
}
