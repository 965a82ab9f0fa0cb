import ArgumentParser
import Documents
import Glibc

/// What is deleted for good is asked about on a terminal, and nowhere else.
struct ConfirmationOptions: ParsableArguments {
  @Flag(name: [.customShort("y"), .long], help: "Do not ask, even where something is deleted.")
  var yes = false

  /// - Parameter rehearse: a dry run of what is asked about.
  /// - Throws: `Failure`: the answer is no.
  func confirm(
    in session: Session, isTerminal: Bool = isatty(STDIN_FILENO) == 1,
    answer: () -> String? = { readLine() }, _ rehearse: () async throws -> Document
  ) async throws {
    guard !yes, isTerminal, session.terminal.isWatched else { return }
    let deleted = (try await rehearse()["results"]?.list ?? []).filter { $0["action"] == "deleted" }
    guard !deleted.isEmpty else { return }
    for item in deleted { session.terminal.note("- \(visible(item["fqn"]?.string ?? "-"))") }
    session.terminal.note("Delete \(deleted.count == 1 ? "it" : "all \(deleted.count)")? [y/N]")
    guard ["y", "yes"].contains(answer()?.lowercased()) else {
      throw Failure(
        .failed, .interrupted, "you did not say yes", advice: "--yes deletes without asking.")
    }
  }
}
