import Glibc
import Synchronization

/// Says on a terminal what takes long, until there is something else to show.
final class Progress: Sendable {
  private enum State { case waiting, shown, over }

  private let state = Mutex(State.waiting)
  private let write: @Sendable (String) -> Void

  /// After this long somebody who waits wonders.
  static let patience = Duration.milliseconds(500)

  init(write: @escaping @Sendable (String) -> Void) { self.write = write }

  /// Runs a command; what it shows ends the progress.
  static func shown(
    doing what: String, on terminal: Terminal, isQuiet: Bool,
    _ work: (Terminal) async throws -> Void
  ) async throws {
    guard terminal.isWatched, !isQuiet else { return try await work(terminal) }
    let progress = Progress { Terminal.write($0, to: STDERR_FILENO) }
    let clock = Task {
      try await Task.sleep(for: patience)
      progress.begin("\(visible(what)) …")
    }
    defer {
      clock.cancel()
      progress.end()
    }
    try await work(progress.ending(with: terminal))
  }

  /// Shows it unless it is over already.
  func begin(_ text: String) {
    state.withLock { state in
      guard state == .waiting else { return }
      state = .shown
      write(text)
    }
  }

  func end() {
    state.withLock { state in
      // Back to the start of the line, and nothing on it.
      if state == .shown { write("\r\u{1b}[K") }
      state = .over
    }
  }

  /// The same terminal, whose first word ends the progress.
  func ending(with terminal: Terminal) -> Terminal {
    var ending = terminal
    ending.clear = { self.end() }
    ending.data = { text in
      self.end()
      terminal.data(text)
    }
    ending.note = { text in
      self.end()
      terminal.note(text)
    }
    return ending
  }
}
