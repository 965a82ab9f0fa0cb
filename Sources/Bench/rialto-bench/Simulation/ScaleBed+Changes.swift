import DeltaXDS
import Documents
import Foundation
import ManagementClient
import Model

// Changes of one service, and how they arrive.
extension ScaleBed {
  /// What became of a change.
  struct Outcome: Sendable {
    /// From the acknowledged change to the last proxy's acknowledgement.
    var elapsed = Duration.zero
    /// By proxy.
    var each = Samples()
    /// What the agent needed, acknowledgements included.
    var processor = Duration.zero
    var faults = Ledger.Faults()
    /// Of the response that a proxy got.
    var bytes = 0
    /// Proxies that should have been told and were not.
    var untold = 0
    /// Proxies that were told although it does not concern them.
    var overtold = 0
  }

  /// Makes a change and waits until everybody concerned has acknowledged it.
  func change(
    ofService service: SimulatedAgent.Service, watching type: ResourceType,
    _ make: @Sendable () async throws -> ContinuousClock.Instant
  ) async throws -> Outcome {
    let host = "\(service.name).\(service.namespace).mesh"
    let concerned = callers(of: service)
    // What came last has its numbers then.
    try await rest()
    let numbers = Set(crowd.catalogue.numbers(of: type, containing: host))
    crowd.tally.mark(watching: numbers)
    let process = agentProcess
    let before = ProcessTable.processorTime(of: process) ?? .zero
    let start = try await make()
    try await crowd.expect("acknowledgement of a change of \(host)", within: .seconds(60)) {
      let acknowledged = $0.tally.counts.acknowledged
      return concerned.allSatisfy { acknowledged[$0] != nil }
    }
    // The agent takes the last acknowledgements after they were written.
    try await rest()
    let counts = crowd.tally.counts
    var outcome = Outcome()
    outcome.processor = (ProcessTable.processorTime(of: process) ?? .zero) - before
    for index in concerned {
      guard let time = counts.acknowledged[index] else {
        outcome.untold += 1
        continue
      }
      outcome.each.add(max(.zero, time - start))
      outcome.elapsed = max(outcome.elapsed, time - start)
    }
    outcome.faults = counts.faults
    outcome.bytes = counts.lastBytes[type] ?? 0
    outcome.overtold = Set(counts.told.keys).subtracting(concerned).subtracting([0]).count
    return outcome
  }

  /// The members that may call a service.
  func callers(of service: SimulatedAgent.Service) -> [Int] {
    callers.filter { plan.namespace($0 - 1) == service.namespace }
  }

  /// The newest generation that the server has sent to the site.
  func generation() async throws -> Int64 {
    let agents = try await testbed.client.agents()["items"]?.list ?? []
    return agents.first { $0["cluster"]?.string == Self.site.name }?["generation"]?.integer ?? 0
  }

  /// Waits until the server says that the site's agent is connected.
  func agentIsConnected() async throws {
    try await wait(for: "return of the agent", .seconds(120)) {
      let agents = try await testbed.client.agents()["items"]?.list ?? []
      return agents.contains {
        $0["cluster"]?.string == Self.site.name && $0["connected"]?.bool == true
      }
    }
  }

  /// Waits until the agent has been idle for a while.
  func rest() async throws { try await ProcessTable.rest(of: agentProcess) }

  /// Waits until no change is on its way any more: the server and the agent are idle, and all
  /// simulated proxies, the slow ones too, have had nothing for a while.
  func calm() async throws {
    let quiet = max(.milliseconds(200), plan.thinking * 3)
    try await ProcessTable.rest(of: serverProcess)
    try await rest()
    try await wait(for: "calm", .seconds(120)) {
      let last = crowd.tally.counts.told.values.max() ?? .now - quiet
      return ContinuousClock.now - last >= quiet
    }
  }

  // MARK: Routes

  private static func workspace(of service: SimulatedAgent.Service) -> ResourceRef {
    ResourceRef(.workspace, [Testbed.organization, "bench", service.namespace])
  }

  static func routeRef(of service: SimulatedAgent.Service) -> ResourceRef {
    workspace(of: service).child(.trafficGroup, "traffic").child(.serviceRoute, service.name)
  }

  /// A route that divides requests in one of two ways.
  static func route(of service: SimulatedAgent.Service, variant: Int) -> Document {
    let subsets = ["v1", "v2"].enumerated().map { index, version -> Document in
      [
        "name": .string(version), "labels": ["version": .string(version)],
        "weight": .integer(index == variant % 2 ? 90 : 10),
      ]
    }
    return Testbed.object(
      "ServiceRoute", service.name,
      in: [
        "tenant": "bench", "workspace": .string(service.namespace), "group": "traffic",
      ], group: "traffic",
      [
        "service": .string("\(service.namespace)/\(service.name).\(service.namespace).mesh"),
        "subsets": .list(subsets),
      ])
  }
}

/// A second instance of a service, here in the site, that comes and goes; the first one stays.
struct SecondInstance: Sendable {
  private let first: Registrar
  private let second: Registrar
  private let bed: ScaleBed

  init(of service: SimulatedAgent.Service, in bed: ScaleBed) async throws {
    let site = bed.testbed.site(ScaleBed.site.name)
    let grant = site.grant(service.name, account: "default", namespace: service.namespace)
    first = try await Registrar.join(
      site.agent, socket: site.socket, grant: grant, logger: bed.testbed.logger)
    second = try await Registrar.join(
      site.agent, socket: site.socket, grant: grant, logger: bed.testbed.logger)
    self.bed = bed
  }

  func whileFirstIsThere<Result: Sendable>(
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await first.whileRegistered(at: "127.0.2.11", port: Testbed.servicePort) { _ in
      try await body()
    }
  }

  /// Runs `body` with what registers the second instance, and says when it began to; the instance
  /// leaves when `body` is done.
  func comeAndGo<Result: Sendable>(
    _ body:
      @escaping @Sendable (
        _ register: @escaping @Sendable () async throws -> ContinuousClock.Instant
      ) async throws -> Result
  ) async throws -> Result {
    let (acknowledged, tell) = AsyncStream.makeStream(of: Void.self)
    let (over, end) = AsyncStream.makeStream(of: Void.self)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      let (starts, start) = AsyncStream.makeStream(of: Void.self)
      group.addTask {
        for await _ in starts { break }
        try await second.whileRegistered(at: "127.0.2.12", port: Testbed.servicePort) { _ in
          tell.yield()
          for await _ in over {}
        }
        return nil
      }
      group.addTask {
        let result = try await body {
          // Proxies may have it before the agent has acknowledged it.
          let began = ContinuousClock.now
          start.yield()
          for await _ in acknowledged { return began }
          throw CancellationError()
        }
        end.finish()
        start.finish()
        return result
      }
      var result: Result?
      for try await next in group {
        if let next { result = next }
      }
      guard let result else { throw CancellationError() }
      return result
    }
  }
}
