import Documents

/// One document of a YAML text, cut out before it is parsed: what is broken in it does not hide what
/// comes after it.
struct TextChunk {
  var bytes: [UInt8]
  /// The line of the text, from 0, in which it begins.
  var line: Int
  /// The line, from 1, whose dashes were taken as the end of this document although YAML would not.
  var mendedLine: Int?

  /// Where the first `{{` is.
  var placeOfBraces: Mark? {
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      let braces = zip(line, line.dropFirst()).enumerated().first { _, pair in
        pair.0 == UInt8(ascii: "{") && pair.1 == UInt8(ascii: "{")
      }
      if let braces { return Mark(line: self.line + number + 1, column: braces.offset + 1) }
    }
    return nil
  }

  static func chunks(of text: [UInt8]) -> [TextChunk] {
    var splitter = Splitter(lines: text.split(separator: 0x0A, omittingEmptySubsequences: false))
    splitter.split()
    return splitter.chunks
  }
}

private struct Splitter {
  let lines: [ArraySlice<UInt8>]
  private(set) var chunks: [TextChunk] = []
  private var current: [UInt8] = []
  private var first = 0
  /// Whether there is more in the current chunk than comments, directives and a marker.
  private var hasContent = false
  /// The keys of a manifest that the current chunk has at its margin, in lower case.
  private var keys: Set<String> = []

  init(lines: [ArraySlice<UInt8>]) { self.lines = lines }

  mutating func split() {
    for (number, line) in lines.enumerated() {
      let text = Self.trimmed(line)
      if Self.isMarker(text) {
        if hasContent { finish(next: number) }
        append(line)
      } else if text.count > 3, text.allSatisfy({ $0 == UInt8(ascii: "-") }) {
        finish(next: number + 1, mended: number + 1)
      } else if isEndOfDocument(text, at: number) {
        append(text.dropLast(3))
        finish(next: number + 1, mended: number + 1)
      } else {
        note(text)
        append(line)
      }
    }
    finish(next: lines.count)
  }

  private mutating func append(_ line: ArraySlice<UInt8>) {
    current += line
    current.append(0x0A)
  }

  private mutating func note(_ text: ArraySlice<UInt8>) {
    guard let first = text.first, first != UInt8(ascii: "#"), first != UInt8(ascii: "%") else {
      return
    }
    hasContent = true
    if let key = Self.key(of: text) { keys.insert(key) }
  }

  private mutating func finish(next: Int, mended: Int? = nil) {
    chunks.append(TextChunk(bytes: current, line: first, mendedLine: mended))
    current = []
    first = next
    hasContent = false
    keys = []
  }

  /// `false---` where a file without a last line end was joined to the next one: what follows begins
  /// another manifest.
  private func isEndOfDocument(_ text: ArraySlice<UInt8>, at number: Int) -> Bool {
    guard text.count > 3, text.suffix(3).allSatisfy({ $0 == UInt8(ascii: "-") }),
      text.dropLast(3).last != UInt8(ascii: "-"),
      text.first(where: { $0 != 0x20 }) != UInt8(ascii: "#")
    else { return false }
    let next = lines[(number + 1)...].lazy.map(Self.trimmed).first { !$0.isEmpty }
    return next.flatMap(Self.key).map(keys.contains) ?? false
  }

  private static func isMarker(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.starts(with: "---".utf8) else { return false }
    let next = text.dropFirst(3).first
    return next == nil || next == 0x20 || next == 0x09
  }

  /// `apiversion` of `apiVersion: x` at the margin.
  private static func key(of text: ArraySlice<UInt8>) -> String? {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let key = asciiLowercased(String(decoding: text[..<colon], as: UTF8.self))
    return ["apiversion", "kind", "metadata", "spec"].contains(key) ? key : nil
  }

  /// Without spaces and a carriage return at its end.
  private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let end = line.lastIndex { ![0x20, 0x09, 0x0D].contains($0) }
    return end.map { line[line.startIndex...$0] } ?? []
  }
}
