import ArgumentParser
import RestAPI

/// `50:100`: requests per second, and at once.
struct RateLimitArgument: ExpressibleByArgument {
  let limit: RateLimit

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    guard parts.count == 2, let rate = parts[0], let burst = parts[1], rate > 0, burst >= 1,
      rate <= 1e6, burst <= 1e6
    else { return nil }
    limit = RateLimit(perSecond: rate, burst: burst)
  }
}
