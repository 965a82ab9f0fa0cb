/// The canonical text of an object, one of whose members can be replaced without reading the others.
package struct CanonicalObject: Sendable {
  private let bytes: [UInt8]

  /// - Parameter text: what `Document.canonicalText` gave for an object.
  package init(text: String) { bytes = Array(text.utf8) }

  /// Appends the text with a member made anew from what it is now; nil: there is no such member.
  ///
  /// - Returns: whether it could be done. Nothing is appended when not.
  package func append(
    to target: inout [UInt8], replacing name: String, _ replacement: (Document) -> Document
  ) -> Bool {
    guard let range = range(of: name),
      let member = try? JSONParser.document(from: Array(bytes[range]))
    else { return false }
    target += bytes[..<range.lowerBound]
    target += replacement(member).canonicalJSON
    target += bytes[range.upperBound...]
    return true
  }

  /// Where the value of a member of the object itself is.
  private func range(of name: String) -> Range<Int>? {
    let key = Array("\"\(name)\":".utf8)
    var depth = 0
    var index = 0
    var start: Int?
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        if depth == 1, start == nil, bytes[index...].starts(with: key) {
          index += key.count
          start = index
          continue
        }
        index = endOfString(from: index)
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0, let start { return start..<index }
      case UInt8(ascii: ","):
        if depth == 1, let start { return start..<index }
      default: break
      }
      index += 1
    }
    return nil
  }

  /// The index after the quote that ends a string.
  private func endOfString(from quote: Int) -> Int {
    var index = quote + 1
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return index + 1
  }
}
