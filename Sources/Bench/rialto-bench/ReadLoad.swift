import Documents
import Foundation
import ManagementClient
import Model
import NIOCore
import NIOHTTP1

/// A collection of many objects, of which some are written all the time while others read.
struct ReadLoad: Sendable {
  private let testbed: Testbed
  private let api: Crew.Target
  private let objects: Int

  private static let many = "many"
  private static let thousand = "thousand"
  static let thousandCount = 1_000

  /// What was found beside a steady rate of writes.
  struct Findings: Sendable {
    var pages = Samples()
    /// Of one object, on the same connection in turn with the pages.
    var objects = Samples()
    var writes = 0
    var deliveries = Samples()
    /// Revisions that a watcher did not hear of, or not in order.
    var missed = 0
    var disorder = 0
    var cutOff = 0
    /// Pages that do not have as many objects as asked for.
    var shortPages = 0
    /// The server's, in the time.
    var processor = Duration.zero
    var elapsed = Duration.zero
  }

  /// Writes the objects.
  init(_ testbed: Testbed, objects: Int) async throws {
    self.testbed = testbed
    self.objects = objects
    api = try testbed.api()
    try await testbed.apply(
      [Self.many, Self.thousand].flatMap { Testbed.workspace($0, owning: $0) })
    for start in stride(from: 0, to: objects, by: 5_000) {
      try await testbed.apply(
        (start..<min(objects, start + 5_000)).map { Self.route($0, in: Self.many, variant: 0) })
    }
    try await testbed.apply(
      (0..<min(objects, Self.thousandCount)).map {
        Self.route($0, in: Self.thousand, variant: 0)
      })
    try await rest()
  }

  func rest() async throws {
    try await ProcessTable.rest(of: testbed.children.all["server"] ?? 0)
  }

  private static func route(_ number: Int, in workspace: String, variant: Int) -> Document {
    ScaleBed.route(of: service(number, in: workspace), variant: variant)
  }

  private static func service(_ number: Int, in workspace: String) -> SimulatedAgent.Service {
    SimulatedAgent.Service(namespace: workspace, name: "svc-\(number)")
  }

  private var collection: String {
    ScaleBed.routeRef(of: Self.service(0, in: Self.many)).fqn
      .split(separator: "/").dropLast().joined(separator: "/")
  }

  // MARK: Beside writes

  /// - Parameter watchers: half of them follow the collection, half the whole mesh.
  func measure(
    watchers count: Int, writesPerSecond rate: Double, pageSize: Int, for limit: Duration
  ) async throws -> Findings {
    let newest = try await testbed.client.changes(limit: 1).first?["revision"]?.integer ?? 0
    let paths = (0..<count).map { index in
      index % 2 == 0
        ? "/v2/\(collection)?watch=true&revision=\(newest)" : "/v2/watch?revision=\(newest)"
    }
    let server = testbed.children.all["server"] ?? 0
    return try await Watchers.with(paths, on: api) { watchers in
      try await rest()
      var findings = Findings()
      let before = ProcessTable.processorTime(of: server) ?? .zero
      let start = ContinuousClock.now
      async let writing = write(rate, until: start + limit)
      try await read(pageSize, until: start + limit, &findings)
      let sent = try await writing
      findings.elapsed = ContinuousClock.now - start
      findings.processor = (ProcessTable.processorTime(of: server) ?? .zero) - before
      findings.writes = sent.count
      try await settle(watchers, sent)
      collect(watchers.current, sent, &findings)
      return findings
    }
  }

  /// Every revision, and when its request was sent.
  private func write(
    _ rate: Double, until end: ContinuousClock.Instant
  ) async throws -> [Int64: ContinuousClock.Instant] {
    let start = ContinuousClock.now
    return try await withThrowingTaskGroup(of: (Int64, ContinuousClock.Instant).self) { group in
      var index = 0
      while ContinuousClock.now < end {
        let number = index
        group.addTask {
          // Another one each time, spread over the collection.
          let service = Self.service(number * 7919 % objects, in: Self.many)
          let sent = ContinuousClock.now
          let result = try await testbed.client.put(
            ScaleBed.routeRef(of: service),
            ScaleBed.route(of: service, variant: number / objects + 1))
          return (result["revision"]?.integer ?? 0, sent)
        }
        index += 1
        try await Task.sleep(until: start + .seconds(Double(index) / rate))
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
  }

  private func read(
    _ size: Int, until end: ContinuousClock.Instant, _ findings: inout Findings
  ) async throws {
    let one = ScaleBed.routeRef(of: Self.service(0, in: Self.many))
    var next: String?
    while ContinuousClock.now < end {
      var query = [("limit", String(size))]
      if let next { query.append(("continue", next)) }
      var start = ContinuousClock.now
      let page = try await testbed.client.answer("/v2/\(collection)", query: query)
      findings.pages.add(ContinuousClock.now - start)
      let document = try JSONParser.document(from: page)
      next = document["continue"]?.string
      if next != nil, document["items"]?.list?.count != size { findings.shortPages += 1 }
      start = ContinuousClock.now
      _ = try await testbed.client.answer("/v2/\(one.fqn)")
      findings.objects.add(ContinuousClock.now - start)
    }
  }

  /// Until everybody has heard of everything, or for so long that it no longer matters.
  private func settle(
    _ watchers: Watchers, _ sent: [Int64: ContinuousClock.Instant]
  ) async throws {
    let last = sent.keys.max() ?? 0
    try? await wait(for: "the last event at every watcher", .seconds(10)) {
      watchers.current.allSatisfy { $0.isOver || ($0.arrivals.last?.revision ?? 0) >= last }
    }
  }

  private func collect(
    _ heard: [Watchers.Heard], _ sent: [Int64: ContinuousClock.Instant], _ findings: inout Findings
  ) {
    for watcher in heard {
      findings.disorder += watcher.disorder
      if watcher.isOver { findings.cutOff += 1 }
      var known = 0
      for arrival in watcher.arrivals {
        guard let start = sent[arrival.revision] else { continue }
        known += 1
        findings.deliveries.add(arrival.at - start)
      }
      findings.missed += sent.count - known
    }
  }

  // MARK: Commands

  /// `rialto get` of a thousand objects, as a table and as JSON.
  func getThousand(_ executable: String, _ format: String, _ rounds: Int) async throws -> Samples {
    try await CommandRun(
      executable: executable,
      arguments: [
        "get", "serviceroutes", "--org", Testbed.organization, "--tenant", "bench", "--workspace",
        Self.thousand, "--group", "traffic", "-o", format,
      ], context: "\(testbed.folder)/server/admin-context.yaml"
    ).measure(rounds)
  }
}
