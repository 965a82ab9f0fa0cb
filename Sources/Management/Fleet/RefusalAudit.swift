import Identity
import Logging
import Storage
import Synchronization

/// Writes refusals to the audit log. Strangers can cause them, so they are counted rather than
/// listed when there are too many at a time, from one caller or from all together.
final class RefusalAudit: Sendable {
  private struct State {
    var limiter = RateLimiter(
      each: RateLimiter.Allowance(burst: 40, perSecond: 0.2),
      all: RateLimiter.Allowance(burst: 400, perSecond: 2))
    var unlisted = 0
  }

  private let store: Store
  private let logger: Logger
  private let state = Mutex(State())
  private let start = ContinuousClock.now
  private let handshakes: AsyncStream<Refusal>
  private let handshake: AsyncStream<Refusal>.Continuation

  init(store: Store, logger: Logger) {
    self.store = store
    self.logger = logger
    (handshakes, handshake) = AsyncStream.makeStream(
      of: Refusal.self, bufferingPolicy: .bufferingOldest(256))
  }

  func note(_ refusal: Refusal) {
    if case .dropped = handshake.yield(refusal) {
      state.withLock { $0.unlisted += 1 }
    }
  }

  /// Records what was noted, until the task is cancelled.
  func run() async {
    for await refusal in handshakes {
      // Whoever it was: all that is known is what the certificate claims.
      await record(
        AuditEvent(
          event: "handshake.refused", actor: refusal.claim, subject: "",
          detail: refusal.description))
    }
  }

  func record(_ event: AuditEvent) async {
    let elapsed = start.duration(to: .now) / .seconds(1)
    let unlisted = state.withLock { state -> Int? in
      guard state.limiter.admits(withoutPort(event.actor), at: elapsed) else {
        state.unlisted += 1
        return nil
      }
      defer { state.unlisted = 0 }
      return state.unlisted
    }
    guard let unlisted else { return }
    var event = event
    if unlisted > 0 { event.detail += " (and \(unlisted) refusals that are not listed)" }
    logger.notice(
      "refused",
      metadata: [
        "event": "\(event.event)", "actor": "\(event.actor)", "subject": "\(event.subject)",
        "reason": "\(event.detail)",
      ])
    do { try await store.audit(event) } catch {
      logger.error("a refusal could not be audited", metadata: ["error": "\(error)"])
    }
  }
}

/// A caller's address without its port, which changes with every connection; other names as they are.
func withoutPort(_ caller: String) -> String {
  guard !caller.utf8.contains(UInt8(ascii: "/")),
    let colon = caller.utf8.lastIndex(of: UInt8(ascii: ":"))
  else { return caller }
  return String(caller[..<colon])
}
