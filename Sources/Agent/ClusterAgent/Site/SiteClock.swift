package import FoundationEssentials

/// The times that a site reads, so that tests can set them.
package struct SiteClock: Sendable {
  /// Wall time, for certificates and tokens.
  package var date: @Sendable () -> Date
  /// Microseconds that never go back, for stages and leases.
  package var microseconds: @Sendable () -> Int64
  /// Returns after that many seconds, or throws when it is cancelled.
  package var sleep: @Sendable (Double) async throws -> Void

  package init(
    date: @escaping @Sendable () -> Date, microseconds: @escaping @Sendable () -> Int64,
    sleep: @escaping @Sendable (Double) async throws -> Void
  ) {
    self.date = date
    self.microseconds = microseconds
    self.sleep = sleep
  }

  /// The machine's.
  package static var system: SiteClock {
    let clock = ContinuousClock()
    let start = clock.now
    return SiteClock(
      date: { Date() },
      microseconds: {
        let (seconds, attoseconds) = start.duration(to: clock.now).components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
      },
      sleep: { try await clock.sleep(for: .seconds($0)) })
  }

  func seconds() -> Double { Double(microseconds()) / 1_000_000 }

  /// Milliseconds since 1970.
  func wall() -> Int64 { Int64(date().timeIntervalSince1970 * 1000) }
}
