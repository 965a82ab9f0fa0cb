import ArgumentParser
import FoundationEssentials
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
    let environment = ProcessInfo.processInfo.environment
    let standard = Terminal.standard(color: options.color, environment)
    try await Failure.reported(doing: what, to: standard) {
      let context = try options.selection(environment).load()
      try await Progress.shown(doing: what, on: standard, isQuiet: options.quiet) { terminal in
        try await ManagementClient.with(
          context, trace: Trace(level: options.verbosity, note: terminal.note)
        ) { client in
          var terminal = terminal
          if options.quiet { terminal.note = { _ in } }
          try await work(
            Session(
              client: client, context: context, terminal: terminal, now: { Date() },
              sleep: { try await Task.sleep(for: $0) }))
        }
      }
    }
  }
}
