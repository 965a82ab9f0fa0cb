extension Document {
  /// This document as canonical JSON: keys sorted by their bytes, no insignificant space, integers
  /// as integers. Equal documents have equal bytes, in every process and on every machine.
  package var canonicalJSON: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes, indentation: nil)
    return bytes
  }

  /// This document as JSON for people: canonical order, two spaces of indentation.
  package var prettyJSON: String {
    var bytes: [UInt8] = []
    write(to: &bytes, indentation: 0)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// This document as canonical JSON text.
  package var canonicalText: String { String(decoding: canonicalJSON, as: UTF8.self) }

  private func write(to bytes: inout [UInt8], indentation: Int?) {
    switch self {
    case .null: bytes += "null".utf8
    case .bool(let flag): bytes += (flag ? "true" : "false").utf8
    case .integer(let number): bytes += String(number).utf8
    case .number(let number):
      // JSON has no infinities; the strict decoders never produce one.
      bytes += (number.isFinite ? number.description : "null").utf8
    case .string(let text): Self.write(text, to: &bytes)
    case .list(let elements):
      Self.write(
        elements, between: (UInt8(ascii: "["), UInt8(ascii: "]")), to: &bytes,
        indentation: indentation
      ) { element, bytes, inner in element.write(to: &bytes, indentation: inner) }
    case .object(let members):
      let sorted = members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      Self.write(
        sorted, between: (UInt8(ascii: "{"), UInt8(ascii: "}")), to: &bytes,
        indentation: indentation
      ) { member, bytes, inner in
        Self.write(member.key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        if inner != nil { bytes.append(UInt8(ascii: " ")) }
        member.value.write(to: &bytes, indentation: inner)
      }
    }
  }

  private static func write<Element>(
    _ elements: [Element], between brackets: (UInt8, UInt8),
    to bytes: inout [UInt8], indentation: Int?,
    each: (Element, inout [UInt8], Int?) -> Void
  ) {
    bytes.append(brackets.0)
    let inner = indentation.map { $0 + 2 }
    for (index, element) in elements.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      newLine(indentedBy: inner, in: &bytes)
      each(element, &bytes, inner)
    }
    if !elements.isEmpty { newLine(indentedBy: indentation, in: &bytes) }
    bytes.append(brackets.1)
  }

  private static func newLine(indentedBy indentation: Int?, in bytes: inout [UInt8]) {
    guard let indentation else { return }
    bytes.append(UInt8(ascii: "\n"))
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation))
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    if text.utf8.contains(where: needsEscape) {
      writeEscaped(text, to: &bytes)
    } else {
      bytes += text.utf8
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
  }

  private static func writeEscaped(_ text: String, to bytes: inout [UInt8]) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case 0x0A: bytes += "\\n".utf8
      case 0x0D: bytes += "\\r".utf8
      case 0x09: bytes += "\\t".utf8
      case 0..<0x20, 0x7F:
        let digits = String(byte, radix: 16)
        bytes += "\\u00\(digits.utf8.count == 1 ? "0" : "")\(digits)".utf8
      default: bytes.append(byte)
      }
    }
  }
}
