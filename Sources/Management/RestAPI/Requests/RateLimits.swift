import HTTPTypes
import Synchronization

/// How many requests one principal may send.
package struct RateLimit: Hashable, Sendable {
  package var perSecond: Double
  /// How many at once.
  package var burst: Double

  package init(perSecond: Double, burst: Double) {
    self.perSecond = perSecond
    self.burst = burst
  }

  /// What the API promises everybody.
  package static let standard = RateLimit(perSecond: 50, burst: 100)

  /// The draft of the IETF's working group on HTTP APIs: so many in so many seconds.
  var policy: String {
    "\"default\";q=\(Int(burst));w=\(max(1, Int((burst / perSecond).rounded(.up))))"
  }
}

/// A bucket of tokens for each principal.
final class RateLimits: Sendable {
  struct Verdict: Hashable {
    var isAdmitted: Bool
    /// How many may follow at once.
    var remaining: Int
    /// Seconds until the bucket is full, or, for who is turned away, until there is room for one.
    var wait: Int
  }

  private struct Bucket {
    var tokens: Double
    var filledAt: Double
  }

  /// Principals are known by their tokens, so they are not many; who is idle is forgotten.
  private static let capacity = 4_096

  let limit: RateLimit
  /// Seconds that never go back.
  private let now: @Sendable () -> Double
  private let buckets = Mutex<[String: Bucket]>([:])

  init(_ limit: RateLimit, now: @escaping @Sendable () -> Double = RateLimits.clock) {
    self.limit = limit
    self.now = now
  }

  private static let start = ContinuousClock.now

  @Sendable static func clock() -> Double {
    let (seconds, attoseconds) = start.duration(to: .now).components
    return Double(seconds) + Double(attoseconds) / 1e18
  }

  func admit(_ principal: String) -> Verdict {
    let now = now()
    return buckets.withLock { buckets in
      if buckets.count >= Self.capacity {
        buckets = buckets.filter { filled($0.value, at: now).tokens < limit.burst }
      }
      var bucket = filled(
        buckets[principal] ?? Bucket(tokens: limit.burst, filledAt: now), at: now)
      let isAdmitted = bucket.tokens >= 1
      if isAdmitted { bucket.tokens -= 1 }
      buckets[principal] = bucket
      let missing = isAdmitted ? limit.burst - bucket.tokens : 1 - bucket.tokens
      return Verdict(
        isAdmitted: isAdmitted, remaining: Int(bucket.tokens),
        wait: max(1, Int((missing / limit.perSecond).rounded(.up))))
    }
  }

  private func filled(_ bucket: Bucket, at now: Double) -> Bucket {
    let gained = max(0, now - bucket.filledAt) * limit.perSecond
    return Bucket(tokens: min(limit.burst, bucket.tokens + gained), filledAt: now)
  }
}

extension RateLimits {
  /// - Throws: `Problem` 429.
  func admitted(_ principal: String) throws -> Verdict {
    let verdict = admit(principal)
    guard !verdict.isAdmitted else { return verdict }
    var problem = Problem(
      .tooManyRequests, .tooMany, "Too many requests",
      "\(Int(limit.perSecond)) requests a second are served, \(Int(limit.burst)) at once",
      headers: [.retryAfter: String(verdict.wait)])
    note(verdict, in: &problem.headers)
    throw problem
  }

  func note(_ verdict: Verdict, in headers: inout HTTPFields) {
    for (name, value) in [
      ("RateLimit", "\"default\";r=\(verdict.remaining);t=\(verdict.wait)"),
      ("RateLimit-Policy", limit.policy),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
  }
}
