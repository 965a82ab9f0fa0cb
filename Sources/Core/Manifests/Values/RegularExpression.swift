/// What RE2 would refuse about a regular expression; nil when nothing was found.
///
/// A sanity check and not RE2: it refuses what people bring from other dialects and what is plainly
/// broken. Envoy has the last word, and its refusal is reported on the object.
func regularExpressionProblem(_ text: String) -> String? {
  var scanner = RegularExpressionScanner(bytes: Array(text.utf8))
  return scanner.problem()
}

private struct RegularExpressionScanner {
  let bytes: [UInt8]
  var position = 0
  var depth = 0
  /// Whether something precedes that a quantifier could repeat.
  var isRepeatable = false
  var isRepeated = false

  mutating func problem() -> String? {
    if bytes.isEmpty { return "it is empty" }
    while position < bytes.count {
      if let problem = step() { return problem }
    }
    return depth == 0 ? nil : "a ')' is missing"
  }

  private mutating func step() -> String? {
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\\"): return escape()
    case UInt8(ascii: "["): return characterClass()
    case UInt8(ascii: "("): return open()
    case UInt8(ascii: ")"):
      guard depth > 0 else { return "a ')' has no '('" }
      depth -= 1
      return atom()
    case UInt8(ascii: "*"), UInt8(ascii: "+"): return quantifier()
    case UInt8(ascii: "?"):
      if isRepeated {
        isRepeated = false
        isRepeatable = false
        return nil
      }
      return quantifier()
    case UInt8(ascii: "{"): return counted()
    case UInt8(ascii: "|"):
      isRepeatable = false
      isRepeated = false
      return nil
    case 0..<0x20, 0x7F: return "it holds a control character"
    default: return atom()
    }
  }

  private mutating func atom() -> String? {
    isRepeatable = true
    isRepeated = false
    return nil
  }

  private mutating func quantifier() -> String? {
    guard isRepeatable else { return "a quantifier has nothing to repeat" }
    isRepeatable = false
    isRepeated = true
    return nil
  }

  private mutating func escape() -> String? {
    guard let byte = peek() else { return "it ends in a backslash" }
    position += 1
    if (UInt8(ascii: "1")...UInt8(ascii: "9")).contains(byte) { return "back references" }
    let letters = "aAbBCdDfnrstvwWzpPxQE0".utf8
    if isAlphanumeric(byte), !letters.contains(byte) {
      return "the escape '\\\(Character(Unicode.Scalar(byte)))' is unknown"
    }
    return atom()
  }

  private mutating func open() -> String? {
    depth += 1
    guard depth <= 50 else { return "it is nested too deeply" }
    isRepeatable = false
    isRepeated = false
    guard peek() == UInt8(ascii: "?") else { return nil }
    position += 1
    let rest = bytes[position...]
    if rest.starts(with: "=".utf8) || rest.starts(with: "!".utf8)
      || rest.starts(with: "<=".utf8) || rest.starts(with: "<!".utf8)
    {
      return "look-around"
    }
    if rest.starts(with: ">".utf8) { return "atomic groups" }
    while let byte = peek(), byte != UInt8(ascii: ":"), byte != UInt8(ascii: ")") {
      let isAllowed = isAlphanumeric(byte) || "<>_-".utf8.contains(byte)
      guard isAllowed else { return "the group after '(?' is unknown" }
      position += 1
      if byte == UInt8(ascii: ">") { return nil }
    }
    if peek() == UInt8(ascii: ":") { position += 1 }
    return nil
  }

  private mutating func characterClass() -> String? {
    if peek() == UInt8(ascii: "^") { position += 1 }
    var isFirst = true
    var lower: UInt8?
    while let byte = peek() {
      position += 1
      if byte == UInt8(ascii: "]"), !isFirst { return atom() }
      if byte == UInt8(ascii: "["), peek() == UInt8(ascii: ":") {
        guard skip(past: ":]") else { return "a ':]' is missing" }
        lower = nil
      } else if byte == UInt8(ascii: "\\") {
        guard peek() != nil else { return "it ends in a backslash" }
        position += 1
        lower = nil
      } else if byte == UInt8(ascii: "-"), let start = lower, let end = peek(),
        end != UInt8(ascii: "]"), end != UInt8(ascii: "\\"), end != UInt8(ascii: "[")
      {
        guard start <= end else { return "the range in brackets runs backwards" }
        position += 1
        lower = nil
      } else {
        lower = byte < 0x80 ? byte : nil
      }
      isFirst = false
    }
    return "a ']' is missing"
  }

  /// `{2}`, `{2,}`, `{2,5}`; anything else in braces is literal text, as in RE2.
  private mutating func counted() -> String? {
    guard let end = bytes[position...].firstIndex(of: UInt8(ascii: "}")) else { return atom() }
    let parts = bytes[position..<end].split(
      separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    let isCount =
      (1...2).contains(parts.count) && !(parts.first?.isEmpty ?? true)
      && parts.allSatisfy { $0.allSatisfy(isDigit) }
    guard isCount else { return atom() }
    position = end + 1
    let numbers = parts.filter { !$0.isEmpty }.map { part in
      part.count <= 4 ? Int(String(decoding: part, as: UTF8.self)) ?? .max : .max
    }
    guard numbers.allSatisfy({ $0 <= 1000 }) else { return "a repetition of more than 1,000" }
    if numbers.count == 2, numbers[0] > numbers[1] { return "a repetition that runs backwards" }
    return quantifier()
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skip(past text: StaticString) -> Bool {
    let wanted = Array(text.description.utf8)
    while position < bytes.count {
      if bytes[position...].starts(with: wanted) {
        position += wanted.count
        return true
      }
      position += 1
    }
    return false
  }
}
