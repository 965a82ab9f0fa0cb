import ArgumentParser
import FoundationEssentials
import Glibc
import ManagementClient

/// What a command works with: the server, where its words go, and the time.
struct Session: Sendable {
  var client: ManagementClient
  var context: ClientContext
  var terminal: Terminal
  /// The time of day, for ages.
  var now: @Sendable () -> Date
  /// Throws `CancellationError` when it is cancelled first.
  var sleep: @Sendable (Duration) async throws -> Void

  /// Runs a command against the server of its context and turns what goes wrong into three lines and
  /// an exit status.
  static func run(
    _ options: ConnectionOptions, what: String,
    _ work: (Session) async throws -> Void
  ) async throws {
    try await Failure.reported(doing: what, to: .standard) {
      let environment = ProcessInfo.processInfo.environment
      let context = try options.selection(environment).load()
      try await ManagementClient.with(
        context, verbose: options.verbose ? Terminal.standard.note : nil
      ) {
        client in
        var terminal = Terminal.standard
        if options.quiet { terminal.note = { _ in } }
        try await work(
          Session(
            client: client, context: context, terminal: terminal, now: { Date() },
            sleep: { try await Task.sleep(for: $0) }))
      }
    }
  }
}

/// Where the words of a command go: data to the standard output, everything else beside it.
struct Terminal: Sendable {
  var data: @Sendable (String) -> Void
  var note: @Sendable (String) -> Void

  static let standard = Terminal(
    data: { write($0, to: STDOUT_FILENO) }, note: { write("\($0)\n", to: STDERR_FILENO) })

  /// One line of data.
  func line(_ text: String) { data("\(text)\n") }

  private static func write(_ text: String, to descriptor: CInt) {
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
