import ArgumentParser
import Documents
import Foundation
import ManagementClient
import Model

/// What a thousand sites cost the server.
struct AgentsCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "agents",
    abstract: "Connect many simulated agents to a server with many objects.",
    discussion: """
      A real server; simulated agents over real mTLS streams, in teams that share a network and a \
      workspace, each with a gateway and a few services, which the others of its team may call; \
      routes for all services, and tenants until there are as many objects as asked for. A route of \
      a service that one cluster alone has changes; a further cluster joins, which all must trust; \
      all agents drop and come back; the server is killed and started again. The baseline is a full \
      compile: the server starts from its database, without agents, until it has nothing left to do.
      """)

  static let quick = [
    "--clusters", "8", "--objects", "200", "--services", "40", "--visible", "20", "--rounds", "5",
  ]

  @Option(help: "Clusters.") var clusters = 1_000
  @Option(help: "Objects.") var objects = 100_000
  @Option(help: "Services in all.") var services = 10_000
  @Option(help: "Services that each cluster sees.") var visible = 200
  @Option(help: "How often the route changes.") var rounds = 100

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (2...10_000).contains(clusters), (clusters...100_000).contains(services),
      (1...services).contains(visible), (1...10_000).contains(rounds), objects <= 1_000_000
    else { throw ValidationError("a number is out of range: see --help") }
  }

  struct Measured: Sendable {
    var one = Samples()
    var all = Duration.zero
    var reconnect = Duration.zero
    var start = Duration.zero
    var back = Duration.zero
    var resent = 0
    var resident = 0
    var objectBytes = 0
    var clusterBytes = 0
    var setUp = Duration.zero
    var startProcessor = Duration.zero
    /// The server's, for one change of a route.
    var oneProcessor = Duration.zero
    /// From the start of the server until it has nothing to do, no agent being connected.
    var full = FleetBed.FullCompile()
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let plan = FleetPlan(
      clusters: clusters, objects: objects, services: services, visible: visible)
    let measured = try await untilInterrupted {
      try await Testbed.with(options, [], manifests: [Testbed.tenant]) { testbed in
        try await FleetBed.with(testbed, plan) { try await measure($0) }
      }
    }
    report(measured, machine).print(json: options.json)
  }

  private func measure(_ bed: FleetBed) async throws -> Measured {
    var measured = Measured()
    measured.setUp = bed.setUp
    measured.objectBytes = bed.objectBytes
    measured.clusterBytes = bed.clusterBytes
    measured.resident = try await bed.settledMemory()
    for round in 0..<5 { _ = try await bed.changeRoute(round) }
    try await bed.rest()
    let before = bed.processor
    for round in 5..<rounds + 5 { measured.one.add(try await bed.changeRoute(round)) }
    try await bed.rest()
    measured.oneProcessor = (bed.processor - before) / rounds
    measured.all = try await bed.addCluster()
    let deltas = bed.deltas
    measured.reconnect = try await bed.reconnect()
    measured.resent = bed.deltas - deltas
    (measured.start, measured.back, measured.startProcessor) = try await bed.restart()
    measured.resent += bed.deltas - deltas - measured.resent
    measured.full = try await bed.compileEverything()
    return measured
  }

  private func report(_ measured: Measured, _ machine: MachineFacts) -> Report {
    func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
    return Report(
      scenario: "agents", machine: machine, rounds: rounds,
      parameters: [
        "clusters": .integer(Int64(clusters)), "objects": .integer(Int64(objects)),
        "services": .integer(Int64(services)), "visible": .integer(Int64(visible)),
      ],
      metrics: [
        .init(name: "start_s", value: seconds(measured.start), unit: "s", goal: .atMost(2)),
        .init(
          name: "rss_mb", value: Double(measured.resident) / 1_048_576, unit: "MB",
          goal: .atMost(1024)),
        .init(name: "one_p50_ms", value: measured.one.percentile(50), unit: "ms"),
        .init(
          name: "one_p99_ms", value: measured.one.percentile(99), unit: "ms", goal: .atMost(50)),
        .init(name: "all_s", value: seconds(measured.all), unit: "s", goal: .atMost(5)),
        .init(
          name: "reconnect_s", value: seconds(measured.reconnect), unit: "s", goal: .atMost(10)),
        .fault("resent_deltas", measured.resent),
        .init(
          name: "object_kb", value: Double(measured.objectBytes) / 1024, unit: "kB",
          goal: .atMost(4)),
        .init(
          name: "cluster_kb", value: Double(measured.clusterBytes) / 1024, unit: "kB"),
        .init(name: "restart_reconnect_s", value: seconds(measured.back), unit: "s"),
        .init(name: "start_cpu_s", value: seconds(measured.startProcessor), unit: "s"),
        .init(name: "set_up_s", value: seconds(measured.setUp), unit: "s"),
        .init(
          name: "one_cpu_ms", value: measured.oneProcessor / .milliseconds(1), unit: "ms"),
      ],
      baselines: [
        .init(
          name: "full_compile_ms", value: seconds(measured.full.elapsed) * 1000, unit: "ms",
          ratio: measured.one.percentile(50) / (seconds(measured.full.elapsed) * 1000)),
        .init(
          name: "full_compile_cpu_ms", value: seconds(measured.full.processor) * 1000, unit: "ms",
          ratio: measured.oneProcessor / measured.full.processor),
      ])
  }
}
