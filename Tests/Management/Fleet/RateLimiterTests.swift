import Testing

@testable import Fleet

@Suite struct RateLimiterTests {
  private func limiter() -> RateLimiter {
    RateLimiter(
      each: .init(burst: 2, perSecond: 1), all: .init(burst: 3, perSecond: 1), capacity: 4)
  }

  @Test func `guesses are limited for each caller and for all together`() {
    var limiter = limiter()
    #expect((0..<3).map { _ in limiter.admits("one", at: 0) } == [true, true, false])
    #expect(limiter.admits("two", at: 0))
    #expect(!limiter.admits("three", at: 0))
    #expect(limiter.admits("three", at: 1))
  }

  @Test func `who succeeds may come again at once`() {
    var limiter = limiter()
    for _ in 0..<10 {
      #expect(limiter.admits("one", at: 0))
      limiter.refund("one")
    }
    #expect((0..<3).map { _ in limiter.admits("one", at: 0) } == [true, true, false])
  }
}
