import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// A client that keeps its connections.
struct Caller: Sendable {
  private let client: HTTPClient

  static func with<Result>(_ body: (Caller) async throws -> Result) async throws -> Result {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .milliseconds(500)
    // As many as wait: a request must not fail for want of a connection to the caller's own proxy.
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4096
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(configuration: configuration)
    do {
      let result = try await body(Caller(client: client))
      try await client.shutdown()
      return result
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  /// The body of a good answer, nil for any other.
  func ask(_ url: String, within limit: TimeAmount = .seconds(1)) async throws -> String? {
    try Task.checkCancellation()
    do {
      let answer = try await client.execute(HTTPClientRequest(url: url), timeout: limit)
      let body = try await answer.body.collect(upTo: 1024)
      return answer.status == .ok ? String(buffer: body) : nil
    } catch {
      try Task.checkCancellation()
      return nil
    }
  }

  /// Asks until the answer is `wanted`, and says when that was.
  func watch(
    for wanted: String, from url: String, within limit: Duration = .seconds(30)
  ) async throws -> ContinuousClock.Instant {
    let end = ContinuousClock.now + limit
    while true {
      let answer = try await ask(url)
      let now = ContinuousClock.now
      if answer == wanted { return now }
      guard now < end else {
        throw Impatience(description: "\(url) did not answer \(wanted) within \(limit)")
      }
      // A refused connection fails at once: leave the processor to those who work.
      if answer == nil { try await Task.sleep(for: .microseconds(200)) }
    }
  }

  /// Asks until `count` answers in a row are `wanted`.
  func settle(on wanted: String, from url: String, count: Int = 10) async throws {
    var seen = 0
    try await wait(for: "steady answers from \(url)") {
      seen = try await ask(url) == wanted ? seen + 1 : 0
      return seen >= count
    }
  }
}
