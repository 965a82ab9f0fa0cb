import ArgumentParser
import ManagementClient
import Manifests

/// What the exit status says, for scripts.
enum ExitStatus: Int32, CaseIterable, Sendable {
  case success = 0
  case failed = 1
  case differences = 2
  case findings = 3
  case timedOut = 4
  case conflict = 5
  case forbidden = 6
  case unreachable = 7
  case usage = 64

  var meaning: String {
    switch self {
    case .success: "it worked"
    case .failed: "the operation failed"
    case .differences: "differences were found (with --exit-code)"
    case .findings: "a check found something at or above --fail-on"
    case .timedOut: "waiting took longer than the timeout"
    case .conflict: "conflict: a stale etag, or the object exists or is in use"
    case .forbidden: "not authenticated, or not allowed"
    case .unreachable: "the server cannot be reached"
    case .usage: "the command line makes no sense"
    }
  }
}

/// Something that went wrong, in three parts: what happened, why, what to do.
struct Failure: Error, Hashable, Sendable {
  var status: ExitStatus
  /// Stable: `RL` and four digits.
  var code: String
  /// Why, one line each.
  var reasons: [String]
  var advice: String

  init(_ status: ExitStatus, _ code: ClientCode, _ reasons: String..., advice: String) {
    self.init(status, code.rawValue, reasons, advice: advice)
  }

  init(_ status: ExitStatus, _ code: String, _ reasons: [String], advice: String) {
    self.status = status
    self.code = code
    self.reasons = reasons
    self.advice = advice
  }

  /// Several as one: the first says what to do.
  ///
  /// - Precondition: there is one at least.
  init(all failures: [Failure]) {
    self = failures[0]
    reasons = failures.flatMap(\.reasons)
    advice = failures.map(\.advice).first { !$0.isEmpty } ?? ""
  }

  /// - Parameter what: `apply shop.yaml`.
  func text(doing what: String) -> String {
    let reasons = reasons.map { "  \(visible($0))\n" }.joined()
    return "error: cannot \(visible(what)) (\(code))\n\(reasons)  \(visible(advice))"
  }

  /// Runs something, writes what goes wrong as three parts and leaves with the status for it.
  static func reported(
    doing what: String, to terminal: Terminal, _ work: () async throws -> Void
  ) async throws {
    do { try await work() } catch let error where !(error is ExitCode || error is CleanExit) {
      guard let failure = Failure(error) else { throw error }
      terminal.note(failure.text(doing: what))
      throw ExitCode(failure.status.rawValue)
    }
  }

  /// nil for errors that the parser of arguments reports itself.
  init?(_ error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as ClientError: self.init(error)
    case let error as ContextFile.Failure: self.init(error)
    case let error as ContextSelection.Failure: self.init(error)
    case is ValidationError: return nil
    case is CancellationError:
      self.init(.failed, .interrupted, "it was interrupted", advice: "Repeat it.")
    default: self.init(.failed, .unexpected, "\(error)", advice: "Repeat it.")
    }
  }

  private init(_ error: ClientError) {
    switch error {
    case .refused(let problem): self.init(problem)
    case .unreachable(let server, let reason):
      self.init(
        .unreachable, .unreachable, "\(server): \(reason)",
        advice: "Is the server running, and is it the right one? 'rialto config view' shows it.")
    case .timedOut(let server):
      self.init(
        .unreachable, .noAnswer, "\(server): no answer in time",
        advice: "Try again; a write may have been done nevertheless ('rialto changes').")
    case .unintelligible(let reason):
      self.init(
        .failed, .unintelligible, reason,
        advice: "Is this a Rialto server of the same version? 'rialto config view' shows it.")
    case .unusableContext(let reason):
      self.init(
        .failed, .context, "the context cannot be used: \(reason)",
        advice: "The server's first start wrote a context file; use that one with --config.")
    }
  }

  private init(_ problem: ProblemDetails) {
    let status: ExitStatus =
      switch problem.status {
      case 409, 412: .conflict
      case 401, 403: .forbidden
      default: .failed
      }
    let errors = problem.errors.filter { $0.severity == "error" }
    let code = problem.code ?? ClientCode.unintelligible.rawValue
    let advice: String =
      switch problem.status {
      case 401: "Use a context with a valid token: 'rialto config view', --context, RIALTO_TOKEN."
      case 403: "Ask an administrator for the right to do this."
      case 409 where code == "RL2411": "Delete them first, or use --cascade to delete all of it."
      default: "'rialto explain \(code)' says more."
      }
    self.init(
      status, code, errors.isEmpty ? [problem.detail] : errors.map(\.text), advice: advice)
  }

  private init(_ error: ContextSelection.Failure) {
    switch error {
    case .noHome:
      self.init(
        .failed, .context, "neither HOME nor XDG_CONFIG_HOME is set",
        advice: "Name the file with --config or RIALTO_CONFIG.")
    case .noContext(let path):
      self.init(
        .failed, .context, "\(path) has no current context",
        advice: "Choose one with 'rialto config use-context NAME' or --context.")
    case .unknownContext(let name, let path, let known):
      self.init(
        .failed, .context, "\(path) has no context '\(name)'",
        advice: (nearest(to: name, of: known).map { "Did you mean '\($0)'? " } ?? "")
          + (known.isEmpty ? "It has none." : "It has: \(known.joined(separator: ", "))."))
    }
  }

  private init(_ error: ContextFile.Failure) {
    switch error {
    case .missing(let path):
      self.init(
        .failed, .context, "there is no file \(path)",
        advice: "The server's first start wrote one and printed its path; use --config FILE.")
    case .unsafe(let path, let mode):
      self.init(
        .failed, .unsafeFile, "\(path) has mode \(mode), so others can read the secrets in it",
        advice: "chmod 600 '\(path)', and get a new token if others may have read it.")
    case .foreign(let path):
      self.init(
        .failed, .unsafeFile, "\(path) belongs to somebody else",
        advice: "Use a file of your own with --config, or become its owner with chown.")
    case .unreadable(let path, let reason):
      self.init(
        .failed, .context, "\(path): \(reason)", advice: "Name another file with --config.")
    case .malformed(let path, let problems):
      self.init(
        .failed, ClientCode.context.rawValue, problems,
        advice: "Correct \(path), or name another file with --config.")
    case .unwritable(let path, let reason):
      self.init(.failed, .context, "\(path): \(reason)", advice: "Name another file with --config.")
    }
  }
}
