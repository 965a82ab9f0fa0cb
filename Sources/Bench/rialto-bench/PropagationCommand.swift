import ArgumentParser
import Documents
import Foundation
import GRPCCore
import ManagementClient

/// How long a change takes from its acknowledgement to the first changed answer of a real Envoy.
struct PropagationCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "propagation",
    abstract: "Time changes of a route, a service and an endpoint on their way to Envoy.",
    discussion: """
      Starts a server, an agent and three proxies with their Envoys on loopback, and a bare \
      discovery server with two Envoys of its own as the floor: a request passes as many as in the \
      product. In every round each kind of change is \
      made once, and the floor's. The clock starts when the write or the registration is \
      acknowledged, and stops at the first changed answer that a client sees which asks without a \
      pause.
      """)

  static let quick = ["--rounds", "3"]

  @Option(help: "How often each kind of change is made.")
  var rounds = 200

  @Option(help: "Milliseconds of rest before each change.")
  var rest = 20

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...10_000).contains(rounds) else {
      throw ValidationError("--rounds is 1 to 10000")
    }
    guard (0...10_000).contains(rest) else { throw ValidationError("--rest is 0 to 10000") }
  }

  private static let versions = ["v1", "v2"]
  private static let echo = SitePlan.Upstream(service: Testbed.echo, port: 20_000)
  private static let twins = SitePlan.Upstream(service: "twins", port: 20_001)
  private static let firstNewPort = 20_100

  /// One site, whose caller has a listener for everything that is to come.
  private var plan: SitePlan {
    SitePlan(
      name: "site", number: 2, instances: Self.versions,
      upstreams: [Self.echo, Self.twins] + newcomers)
  }

  private var newcomers: [SitePlan.Upstream] {
    (0..<rounds + Self.warmUps).map {
      SitePlan.Upstream(service: "new-\($0)", port: Self.firstNewPort + $0)
    }
  }
  private static let warmUps = 5

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let samples = try await untilInterrupted {
      try await Testbed.with(options, [plan]) { try await measure($0) }
    }
    report(samples, machine).print(json: options.json)
  }

  private struct Measured: Sendable {
    var route = Samples()
    var service = Samples()
    var endpoint = Samples()
    var floor = Samples()

    var all: Samples { route + service + endpoint }
  }

  private func measure(_ testbed: Testbed) async throws -> Measured {
    let floor = Floor(
      folder: "\(testbed.folder)/floor", envoy: try options.envoyPath(),
      port: Testbed.servicePort,
      backends: [try await .start(saying: "floor-a"), try await .start(saying: "floor-b")])
    let server = try floor.server()
    let envoys = try floor.children(logs: "\(testbed.folder)/log")
    return try await beside(
      [{ try await server.serve() }]
        + envoys.map { envoy in
          { try await envoy.run { testbed.children.started(envoy.name, $0) } }
        }
    ) {
      try await Caller.with { try await rounds(of: $0, testbed, floor) }
    }
  }

  private func rounds(
    of caller: Caller, _ testbed: Testbed, _ floor: Floor
  ) async throws -> Measured {
    let (site, newcomers) = (testbed.site("site"), newcomers)
    _ = try await testbed.client.put(
      Testbed.routeRef, Testbed.route(to: Self.versions[0], of: Self.versions))
    // Two instances under one name, of which the first one is always there.
    let first = try await site.registrar(of: Self.twins.service, in: testbed)
    let second = try await site.registrar(of: Self.twins.service, in: testbed)
    return try await first.whileRegistered(
      at: site.plan.instanceAddress(0), port: Testbed.servicePort
    ) { _ in
      try await caller.settle(on: Self.versions[0], from: site.plan.url(Self.echo))
      try await caller.settle(on: Self.versions[0], from: site.plan.url(Self.twins))
      try await caller.settle(on: floor.answer(for: 0), from: floor.url)
      var measured = Measured()
      for round in 0..<rounds + Self.warmUps {
        let isWarm = round >= Self.warmUps
        let route = try await changeRoute(round, caller, testbed)
        let base = try await changeFloor(round, caller, floor)
        let service = try await addService(newcomers[round], caller, testbed)
        let endpoint = try await addEndpoint(second, caller, site.plan)
        guard isWarm else { continue }
        measured.route.add(route)
        measured.floor.add(base)
        measured.service.add(service)
        measured.endpoint.add(endpoint)
      }
      return measured
    }
  }

  // MARK: Changes

  private func settleDown() async throws { try await Task.sleep(for: .milliseconds(rest)) }

  private func changeRoute(
    _ round: Int, _ caller: Caller, _ testbed: Testbed
  ) async throws -> Duration {
    let version = Self.versions[(round + 1) % 2]
    try await settleDown()
    async let answered = caller.watch(for: version, from: plan.url(Self.echo))
    _ = try await testbed.client.put(
      Testbed.routeRef, Testbed.route(to: version, of: Self.versions))
    let acknowledged = ContinuousClock.now
    return max(.zero, try await answered - acknowledged)
  }

  private func changeFloor(
    _ round: Int, _ caller: Caller, _ floor: Floor
  ) async throws -> Duration {
    let route = try floor.route(for: round + 1)
    try await settleDown()
    async let answered = caller.watch(for: floor.answer(for: round + 1), from: floor.url)
    floor.publish(route)
    let published = ContinuousClock.now
    return max(.zero, try await answered - published)
  }

  private func addService(
    _ newcomer: SitePlan.Upstream, _ caller: Caller, _ testbed: Testbed
  ) async throws -> Duration {
    let site = testbed.site("site")
    let registrar = try await site.registrar(of: newcomer.service, in: testbed)
    try await settleDown()
    return try await registrar.whileRegistered(
      at: site.plan.instanceAddress(0), port: Testbed.servicePort
    ) { acknowledged in
      try await caller.watch(for: Self.versions[0], from: site.plan.url(newcomer)) - acknowledged
    }
  }

  private func addEndpoint(
    _ second: Registrar, _ caller: Caller, _ plan: SitePlan
  ) async throws -> Duration {
    try await settleDown()
    let elapsed = try await second.whileRegistered(
      at: plan.instanceAddress(1), port: Testbed.servicePort
    ) { acknowledged in
      try await caller.watch(for: Self.versions[1], from: plan.url(Self.twins)) - acknowledged
    }
    try await caller.settle(on: Self.versions[0], from: plan.url(Self.twins))
    return elapsed
  }

  // MARK: Report

  private func report(_ measured: Measured, _ machine: MachineFacts) -> Report {
    let all = measured.all
    let floor = measured.floor.percentile(50)
    let ratio = floor > 0 ? all.percentile(50) / floor : 0
    return Report(
      scenario: "propagation", machine: machine, rounds: rounds,
      parameters: [
        "rest_ms": .integer(Int64(rest)), "kinds": ["route", "service", "endpoint"],
        "changes": .integer(Int64(all.count)), "proxies": 3,
      ],
      metrics: [
        .init(name: "p50_ms", value: all.percentile(50), unit: "ms", goal: .atMost(10)),
        .init(name: "p99_ms", value: all.percentile(99), unit: "ms", goal: .atMost(40)),
        .init(name: "max_ms", value: all.maximum, unit: "ms", goal: .atMost(250)),
        .init(name: "ratio_to_floor", value: ratio, unit: "x", goal: .atMost(2.5)),
        .init(name: "route_p50_ms", value: measured.route.percentile(50), unit: "ms"),
        .init(name: "service_p50_ms", value: measured.service.percentile(50), unit: "ms"),
        .init(name: "endpoint_p50_ms", value: measured.endpoint.percentile(50), unit: "ms"),
      ],
      baselines: [
        .init(name: "floor_p50_ms", value: floor, unit: "ms", ratio: ratio),
        .init(
          name: "floor_p99_ms", value: measured.floor.percentile(99), unit: "ms",
          ratio: measured.floor.percentile(99) > 0
            ? all.percentile(99) / measured.floor.percentile(99) : nil),
      ])
  }
}
