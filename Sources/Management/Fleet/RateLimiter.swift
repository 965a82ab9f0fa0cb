/// Lets so many attempts through, per caller and for all callers together, and forgets them again
/// as time goes by. Bounded: callers who are not remembered share one allowance.
struct RateLimiter {
  struct Allowance: Hashable {
    /// How many attempts at once.
    var burst: Double
    var perSecond: Double
  }

  private struct Bucket {
    var tokens: Double
    var filledAt: Double

    mutating func fill(_ allowance: Allowance, at now: Double) {
      tokens = min(allowance.burst, tokens + max(0, now - filledAt) * allowance.perSecond)
      filledAt = now
    }
  }

  private let each: Allowance
  private let all: Allowance
  private let capacity: Int
  private var total: Bucket?
  private var buckets: [String: Bucket] = [:]

  init(
    each: Allowance = Allowance(burst: 60, perSecond: 1),
    all: Allowance = Allowance(burst: 300, perSecond: 20), capacity: Int = 1024
  ) {
    self.each = each
    self.all = all
    self.capacity = capacity
  }

  /// Whether `caller` may try now. `now` is in seconds and never goes back.
  mutating func admits(_ caller: String, at now: Double) -> Bool {
    var total = total ?? Bucket(tokens: all.burst, filledAt: now)
    total.fill(all, at: now)
    let key = buckets[caller] != nil || buckets.count < capacity ? caller : ""
    if buckets.count >= capacity { forgetTheIdle(at: now) }
    var own = buckets[key] ?? Bucket(tokens: each.burst, filledAt: now)
    own.fill(each, at: now)
    let admitted = total.tokens >= 1 && own.tokens >= 1
    if admitted {
      total.tokens -= 1
      own.tokens -= 1
    }
    self.total = total
    buckets[key] = own
    return admitted
  }

  /// Gives back what `caller` took last: it was no guess.
  mutating func refund(_ caller: String) {
    if let total { self.total?.tokens = min(all.burst, total.tokens + 1) }
    let key = buckets[caller] != nil ? caller : ""
    if let own = buckets[key] { buckets[key]?.tokens = min(each.burst, own.tokens + 1) }
  }

  private mutating func forgetTheIdle(at now: Double) {
    buckets = buckets.filter { _, bucket in
      var bucket = bucket
      bucket.fill(each, at: now)
      return bucket.tokens < each.burst
    }
  }
}
