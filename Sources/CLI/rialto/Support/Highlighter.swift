/// Colours text for people by the words in it, so that no colour ever says what no word says.
enum Highlighter {
  private enum Color: Int {
    case bold = 1
    case red = 31
    case green = 32
    case yellow = 33

    func around(_ text: some StringProtocol) -> String {
      "\u{1b}[\(rawValue)m\(text)\u{1b}[0m"
    }
  }

  static func colored(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      if isHeading(line) { return Color.bold.around(line) }
      // A changed line is a matter of its first sign alone.
      if let color = color(ofFirstSignIn: line) { return color.around(line) }
      return words(of: line)
    }.joined(separator: "\n")
  }

  /// The headings of a table: several columns of capitals.
  private static func isHeading(_ line: Substring) -> Bool {
    var columns = 0
    var wasSpace = true
    for byte in line.utf8 {
      switch byte {
      case UInt8(ascii: " "): wasSpace = true
      case UInt8(ascii: "A")...UInt8(ascii: "Z"):
        if wasSpace { columns += 1 }
        wasSpace = false
      default: return false
      }
    }
    return columns > 2
  }

  private static func color(ofFirstSignIn line: Substring) -> Color? {
    let rest = line.utf8.drop { $0 == UInt8(ascii: " ") }
    guard rest.dropFirst().first == UInt8(ascii: " ") else { return nil }
    switch rest.first {
    case UInt8(ascii: "+"): return .green
    case UInt8(ascii: "~"): return .yellow
    case UInt8(ascii: "-") where rest.count > 2: return .red
    case UInt8(ascii: "!"): return .red
    default: return nil
    }
  }

  private static func words(of line: Substring) -> String {
    line.split(separator: " ", omittingEmptySubsequences: false).map { word in
      colors[String(word)].map { $0.around(word) } ?? String(word)
    }.joined(separator: " ")
  }

  private static let colors: [String: Color] = [
    "READY": .green, "PARTIAL": .yellow, "DIRTY": .yellow, "ACCEPTED": .yellow, "FAILED": .red,
    "connected": .green, "away": .red, "healthy": .green, "unhealthy": .red, "(unhealthy)": .red,
    "current": .green, "behind": .yellow, "complete": .green, "rejected": .red, "pending": .yellow,
    "created": .green, "updated": .yellow, "deleted": .red, "ok": .green, "warning:": .yellow,
    "error:": .red, "error": .red, "warning": .yellow,
  ]
}
