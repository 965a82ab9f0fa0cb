import Testing

@testable import Fleet

@Suite struct RateLimiterTests {
  private func limiter() -> RateLimiter {
    RateLimiter(
      each: .init(burst: 2, perSecond: 1), all: .init(burst: 3, perSecond: 1), capacity: 4)
  }

  private func answers(
    of limiter: inout RateLimiter, to callers: [String], at now: Double
  ) -> [Bool] {
    var answers: [Bool] = []
    for caller in callers { answers.append(limiter.admits(caller, at: now)) }
    return answers
  }

  @Test func `guesses are limited for each caller and for all together`() {
    var limiter = limiter()
    #expect(
      answers(of: &limiter, to: ["one", "one", "one", "two", "three"], at: 0) == [
        true, true, false, true, false,
      ])
    #expect(answers(of: &limiter, to: ["three"], at: 1) == [true])
  }

  @Test func `who succeeds may come again at once`() {
    var limiter = limiter()
    for _ in 0..<10 {
      #expect(answers(of: &limiter, to: ["one"], at: 0) == [true])
      limiter.refund("one")
    }
    #expect(answers(of: &limiter, to: ["one", "one", "one"], at: 0) == [true, true, false])
  }
}
