import ArgumentParser
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A load that is bounded in count and time, and says in one line of JSON what came of it.
struct Load: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Sends requests and prints one JSON object about the answers.")

  @Option(help: "What to call; several are called in turn.") var url: [String]
  @Option(help: "How many requests.") var requests = 100
  @Option(help: "Requests per second; 0 is as fast as the connections allow.") var rate = 0.0
  @Option(help: "How many requests at a time.") var connections = 4
  @Option(help: "KEY:VALUE, sent with every request.") var header: [String] = []
  @Option(help: "Seconds that one request may take.") var timeout = 5.0
  @Option(help: "Count by this field of the answer.") var by = "version"
  @Option(help: "Count the answers of this service, wherever it is nested.") var of: String?
  @Flag(help: "A connection of its own for every request.") var reconnect = false
  @Flag(help: "A request that fails is sent once more, to the next URL.") var elsewhere = false

  func validate() throws {
    guard !url.isEmpty, (1...1_000_000).contains(requests), (1...512).contains(connections),
      rate >= 0, timeout > 0, timeout <= 60
    else { throw ValidationError("requests 1…1000000, connections 1…512, timeout ≤ 60 s") }
    guard header.allSatisfy({ $0.contains(":") }) else {
      throw ValidationError("--header is KEY:VALUE")
    }
  }

  func run() async throws {
    let plan = LoadPlan(
      urls: url, requests: requests, rate: rate, timeout: timeout,
      headers: header.map { pair in
        let parts = pair.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
      } + (reconnect ? [("connection", "close")] : []),
      field: by, service: of, triesElsewhere: elsewhere)
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
    configuration.redirectConfiguration = .disallow
    let client = HTTPClient(
      eventLoopGroup: .singletonMultiThreadedEventLoopGroup, configuration: configuration)
    let progress = Progress()
    let start = ContinuousClock.now
    let began = Date().timeIntervalSince1970
    await withDiscardingTaskGroup { group in
      for _ in 0..<connections {
        group.addTask { await plan.work(from: start, with: client, counting: progress) }
      }
    }
    print(progress.report(began: began, elapsed: ContinuousClock.now - start).line)
    try await client.shutdown()
  }
}

private final class Progress: Sendable {
  private let next = Atomic(0)
  private let tally = Mutex(Tally())

  func takeIndex() -> Int { next.add(1, ordering: .relaxed).oldValue }
  func count(_ outcome: Outcome) { tally.withLock { $0.count(outcome) } }
  func report(began: Double, elapsed: Duration) -> JSON {
    tally.withLock { $0.report(began: began, elapsed: elapsed) }
  }
}

private struct LoadPlan: Sendable {
  let urls: [String]
  let requests: Int
  let rate: Double
  let timeout: Double
  let headers: [(String, String)]
  let field: String
  let service: String?
  let triesElsewhere: Bool

  func work(
    from start: ContinuousClock.Instant, with client: HTTPClient, counting progress: Progress
  ) async {
    while true {
      let index = progress.takeIndex()
      guard index < requests else { return }
      if rate > 0 { try? await Task.sleep(until: start + .seconds(Double(index) / rate)) }
      let sent = ContinuousClock.now - start
      var outcome = await send(index, with: client)
      if !outcome.succeeded, triesElsewhere {
        outcome = await send(index + 1, with: client)
        outcome.isRetried = true
      }
      outcome.sent = sent
      progress.count(outcome)
    }
  }

  private func send(_ index: Int, with client: HTTPClient) async -> Outcome {
    var request = HTTPClientRequest(url: urls[index % urls.count])
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    let start = ContinuousClock.now
    do {
      let response = try await client.execute(
        request, timeout: .milliseconds(Int64(timeout * 1000)))
      let body = try await response.body.collect(upTo: 1 << 20)
      return Outcome(
        latency: ContinuousClock.now - start, status: Int(response.status.code),
        key: key(of: JSON(bytes: body.readableBytesView)), error: nil)
    } catch {
      return Outcome(
        latency: ContinuousClock.now - start, status: nil, key: nil, error: "\(error)")
    }
  }

  private func key(of answer: JSON?) -> String? {
    guard let answer else { return nil }
    if let service { return answer.answer(of: service)?[field]?.text ?? "none" }
    guard let name = answer["service"]?.text else { return nil }
    return "\(name)/\(answer[field]?.text ?? "")"
  }
}

private struct Outcome: Sendable {
  var latency: Duration
  var status: Int?
  var key: String?
  var error: String?
  /// Since the load began.
  var sent = Duration.zero
  var isRetried = false

  var succeeded: Bool { status.map { (200..<300).contains($0) } ?? false }
}

private struct Tally {
  private static let maximumErrors = 20
  private static let maximumFailures = 1000
  private var latencies: [Double] = []
  private var succeeded = 0
  private var statuses: [String: Int] = [:]
  private var keys: [String: Int] = [:]
  private var errors: [String: Int] = [:]
  private var retried = 0
  private var failures: [Double] = []

  mutating func count(_ outcome: Outcome) {
    latencies.append(outcome.latency / .milliseconds(1))
    if let status = outcome.status {
      statuses[String(status), default: 0] += 1
    }
    if outcome.isRetried { retried += 1 }
    if outcome.succeeded {
      succeeded += 1
    } else if failures.count < Self.maximumFailures {
      failures.append((outcome.sent / .milliseconds(1)).rounded() / 1000)
    }
    if let key = outcome.key { keys[key, default: 0] += 1 }
    if let error = outcome.error, errors[error] != nil || errors.count < Self.maximumErrors {
      errors[error, default: 0] += 1
    }
  }

  /// `began` in seconds since 1970.
  func report(began: Double, elapsed: Duration) -> JSON {
    let sorted = latencies.sorted()
    func quantile(_ part: Double) -> JSON {
      guard !sorted.isEmpty else { return .null }
      let index = min(
        sorted.count - 1, Int(exactly: (part * Double(sorted.count)).rounded(.down)) ?? 0)
      return .number((sorted[index] * 1000).rounded() / 1000)
    }
    func counts(_ counts: [String: Int]) -> JSON {
      .object(counts.mapValues { .number(Double($0)) })
    }
    return .object([
      "requests": .number(Double(latencies.count)), "ok": .number(Double(succeeded)),
      "failed": .number(Double(latencies.count - succeeded)), "statuses": counts(statuses),
      "retried": .number(Double(retried)), "failed_at": .list(failures.sorted().map(JSON.number)),
      "by": counts(keys), "errors": counts(errors), "p50_ms": quantile(0.5),
      "p99_ms": quantile(0.99), "max_ms": quantile(1), "began": .number(began),
      "seconds": .number((elapsed / .seconds(1) * 1000).rounded() / 1000),
    ])
  }
}
