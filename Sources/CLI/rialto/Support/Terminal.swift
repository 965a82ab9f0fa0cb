import ArgumentParser
import Glibc

/// Where the words of a command go: data to the standard output, everything else beside it.
struct Terminal: Sendable {
  var data: @Sendable (String) -> Void
  var note: @Sendable (String) -> Void
  /// Whether what people read is coloured on the standard output.
  var isColored = false
  /// Whether somebody looks at what is said beside the data, now.
  var isWatched = false
  /// Takes away what is shown only until there is something else to show.
  var clear: @Sendable () -> Void = {}

  /// Without colours: for what is said before the options are known.
  static let standard = Terminal(
    data: { write($0, to: STDOUT_FILENO) }, note: { write("\($0)\n", to: STDERR_FILENO) })

  /// The terminal that a command was started from.
  static func standard(color: ColorChoice, _ environment: [String: String]) -> Terminal {
    var terminal = standard
    terminal.isColored = color.isOn(isTerminal: isatty(STDOUT_FILENO) == 1, environment)
    terminal.isWatched = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    return terminal
  }

  /// One line of data.
  func line(_ text: String) { data("\(text)\n") }

  /// Text for people; no program should read it.
  func text(_ text: String) { data(isColored ? Highlighter.colored(text) : text) }

  static func write(_ text: String, to descriptor: CInt) {
    let bytes = Array(text.utf8)
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(
          descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      written += count
    }
  }
}

/// `--color`.
enum ColorChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, always, never

  /// What was asked for goes before what the surroundings suggest.
  func isOn(isTerminal: Bool, _ environment: [String: String]) -> Bool {
    switch self {
    case .always: true
    case .never: false
    case .auto:
      isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }
  }
}

/// Text that came from elsewhere, made safe for a terminal: control bytes and marks that turn text
/// around are shown as escapes.
func visible(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    let value = scalar.value
    let isHidden =
      value < 0x20 || (0x7F..<0xA0).contains(value) || (0x200B...0x200F).contains(value)
      || (0x2028...0x202E).contains(value) || (0x2066...0x2069).contains(value) || value == 0xFEFF
    if isHidden {
      result += "\\u{\(String(value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
