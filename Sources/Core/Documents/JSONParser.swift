/// Strict JSON (RFC 8259): one value, no duplicate keys, bounded depth, positions of every member.
///
/// One parser serves requests, stored objects and blueprint items, so that what was checked is what
/// takes effect.
package struct JSONParser {
  package struct Failure: Error, Hashable, Sendable {
    package let message: String
    package let mark: Mark
  }

  /// Deep enough for every kind, shallow enough for any stack.
  package static let maximumDepth = 64

  private let bytes: [UInt8]
  private var position = 0
  private var path = FieldPath()
  private var marks: [FieldPath: Mark] = [:]
  private let keepsMarks: Bool
  /// Empty where nobody asks for marks: then only a failure has one.
  private let lineStarts: [Int]

  private init(_ bytes: [UInt8], keepsMarks: Bool) {
    self.bytes = bytes
    self.keepsMarks = keepsMarks
    lineStarts = keepsMarks ? Self.lineStarts(in: bytes) : []
  }

  private static func lineStarts(in bytes: [UInt8]) -> [Int] {
    [0] + bytes.indices.filter { bytes[$0] == 0x0A }.map { $0 + 1 }
  }

  /// The document in `bytes`, or the first thing that is wrong with them.
  package static func document(from bytes: [UInt8]) throws(Failure) -> Document {
    var parser = JSONParser(bytes, keepsMarks: false)
    return try parser.root()
  }

  /// The document in `bytes` and where each of its members begins.
  package static func markedDocument(
    from bytes: [UInt8]
  ) throws(Failure) -> (document: Document, marks: [FieldPath: Mark]) {
    var parser = JSONParser(bytes, keepsMarks: true)
    let document = try parser.root()
    return (document, parser.marks)
  }

  private mutating func root() throws(Failure) -> Document {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw failure("the text is not valid UTF-8")
    }
    skipSpace()
    let document = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw failure("unexpected text after the JSON value") }
    return document
  }

  private mutating func value(depth: Int) throws(Failure) -> Document {
    guard depth <= Self.maximumDepth else {
      throw failure("nested deeper than \(Self.maximumDepth) levels")
    }
    guard let byte = peek() else { throw failure("the text ends where a value should be") }
    if keepsMarks { marks[path] = mark(at: position) }
    switch byte {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try list(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw failure("this is not the beginning of a JSON value")
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> Document {
    position += 1
    var members: [String: Document] = [:]
    skipSpace()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipSpace()
      guard peek() == UInt8(ascii: "\"") else { throw failure("a key in quotes is missing here") }
      let start = position
      let key = try string()
      guard members[key] == nil else { throw failure("duplicate key '\(key)'", at: start) }
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw failure("':' is missing after the key '\(key)'") }
      skipSpace()
      if keepsMarks { path.steps.append(.field(key)) }
      members[key] = try value(depth: depth + 1)
      if keepsMarks {
        marks[path] = mark(at: start)
        path.steps.removeLast()
      }
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      if take(UInt8(ascii: "}")) { return .object(members) }
      throw failure("',' or '}' is missing here")
    }
  }

  private mutating func list(depth: Int) throws(Failure) -> Document {
    position += 1
    var elements: [Document] = []
    skipSpace()
    if take(UInt8(ascii: "]")) { return .list(elements) }
    while true {
      skipSpace()
      if keepsMarks { path.steps.append(.index(elements.count)) }
      elements.append(try value(depth: depth + 1))
      if keepsMarks { path.steps.removeLast() }
      skipSpace()
      if take(UInt8(ascii: ",")) { continue }
      if take(UInt8(ascii: "]")) { return .list(elements) }
      throw failure("',' or ']' is missing here")
    }
  }

  private mutating func string() throws(Failure) -> String {
    position += 1
    var start = position
    // What stood before the last escape; most strings have none.
    var content: [UInt8] = []
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        let rest = bytes[start..<position]
        position += 1
        if content.isEmpty { return String(decoding: rest, as: UTF8.self) }
        return String(decoding: content + rest, as: UTF8.self)
      case UInt8(ascii: "\\"):
        content += bytes[start..<position]
        position += 1
        try escape(into: &content)
        start = position
      case 0..<0x20: throw failure("a control character inside a string must be escaped")
      default: position += 1
      }
    }
    throw failure("the text ends inside a string")
  }

  private mutating func escape(into content: inout [UInt8]) throws(Failure) {
    guard let byte = peek() else { throw failure("the text ends inside a string") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try fourDigits())
      if (0xD800..<0xDC00).contains(code) {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
          throw failure("half of a surrogate pair")
        }
        let low = UInt32(try fourDigits())
        guard (0xDC00..<0xE000).contains(low) else { throw failure("half of a surrogate pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
      content += String(Character(scalar)).utf8
    default: throw failure("unknown escape sequence", at: position - 2)
    }
  }

  private mutating func fourDigits() throws(Failure) -> UInt16 {
    guard position + 4 <= bytes.count,
      let digits = String(validating: bytes[position..<position + 4], as: UTF8.self),
      digits.utf8.allSatisfy({ Self.isHexDigit($0) }), let code = UInt16(digits, radix: 16)
    else { throw failure("\\u must be followed by four hexadecimal digits") }
    position += 4
    return code
  }

  private mutating func number() throws(Failure) -> Document {
    let start = position
    _ = take(UInt8(ascii: "-"))
    guard let first = peek(), Self.isDigit(first) else { throw failure("a digit is missing here") }
    if first == UInt8(ascii: "0") { position += 1 } else { skipDigits() }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard let next = peek(), Self.isDigit(next) else { throw failure("a digit is missing here") }
      skipDigits()
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard let next = peek(), Self.isDigit(next) else { throw failure("a digit is missing here") }
      skipDigits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let number = Int64(text) { return .integer(number) }
    guard let number = Double(text), number.isFinite else {
      throw failure("the number \(text) is out of range", at: start)
    }
    return .number(number)
  }

  private mutating func word(_ text: String, _ value: Document) throws(Failure) -> Document {
    guard bytes[position...].starts(with: text.utf8) else {
      throw failure("this is not the beginning of a JSON value")
    }
    position += text.utf8.count
    return value
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
      position += 1
    }
  }

  private mutating func skipDigits() {
    while let byte = peek(), Self.isDigit(byte) { position += 1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte)
  }

  private func failure(_ message: String, at place: Int? = nil) -> Failure {
    Failure(message: message, mark: mark(at: place ?? position))
  }

  /// Columns count bytes: on one long line, counting characters would cost its length each time.
  private func mark(at place: Int) -> Mark {
    let lineStarts = keepsMarks ? lineStarts : Self.lineStarts(in: bytes)
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= place { low = middle } else { high = middle }
    }
    return Mark(line: low + 1, column: place - lineStarts[low] + 1)
  }
}
