/// Waits between attempts: doubling up to a limit, each shortened at random by up to half, so that
/// many proxies do not come back at the same moment.
package struct Backoff: Sendable {
  private let first: Duration
  private let limit: Duration
  private var next: Duration

  package init(first: Duration, limit: Duration) {
    self.first = first
    self.limit = limit
    next = first
  }

  package mutating func delay(using generator: inout some RandomNumberGenerator) -> Duration {
    defer { next = min(next * 2, limit) }
    return next * Double.random(in: 0.5...1, using: &generator)
  }

  package mutating func delay() -> Duration {
    var generator = SystemRandomNumberGenerator()
    return delay(using: &generator)
  }

  package mutating func reset() { next = first }
}
