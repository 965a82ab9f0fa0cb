import ArgumentParser
import DeltaXDS
import Documents
import Foundation
import ManagementClient

/// Whether the cost of a change follows the change, and not what is there.
struct GrowthCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "growth",
    abstract: "Measure the cost of one changed route while one dimension after the other doubles.",
    discussion: """
      The same change with 1, 2, 4 and 8 times as many services, proxies (every one is told), \
      clusters, and objects, the others staying as they are. The cost is the processor time of \
      server and agent. The growth of a dimension is the cost at its largest, for each proxy that is \
      told, over that at its smallest: 1 is a cost that follows the change. What grows faster is \
      listed as `grows`.
      """)

  static let quick = [
    "--only", "proxies", "--only", "objects", "--steps", "2", "--services", "20", "--proxies", "5",
    "--clusters", "4", "--objects", "100", "--rounds", "2",
  ]

  /// What there may be more of.
  enum Dimension: String, CaseIterable, ExpressibleByArgument {
    case services, proxies, clusters, objects
  }

  @Option(help: "Services, before they double.") var services = 1_000
  @Option(help: "Simulated proxies, before they double.") var proxies = 50
  @Option(help: "Clusters, before they double.") var clusters = 25
  @Option(help: "Objects, before they double.") var objects = 2_000
  @Option(help: "How many sizes; each is twice the one before.") var steps = 4
  @Option(help: "Changes at each size.") var rounds = 20
  @Option(help: "A dimension; may be repeated. All unless set.") var only: [Dimension] = []

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (10...10_000).contains(services), (1...1000).contains(proxies),
      (2...1000).contains(clusters), (100...100_000).contains(objects), (2...6).contains(steps),
      (1...1000).contains(rounds)
    else { throw ValidationError("a number is out of range: see --help") }
  }

  /// What a change cost at one size.
  struct Point: Sendable {
    var size: Int
    /// Per change.
    var processor: Duration
    /// Until the last one concerned had it.
    var elapsed = Samples()
    /// How many that are.
    var told: Int
    var faults = Ledger.Faults()

    var milliseconds: Double { processor / .milliseconds(1) }
  }

  /// A cost may grow so much more than the change before it is called a defect: that is noise.
  private static let tolerance = 1.25

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let curves = try await untilInterrupted {
      var curves: [(Dimension, [Point])] = []
      for dimension in Dimension.allCases where only.isEmpty || only.contains(dimension) {
        var points: [Point] = []
        for step in 0..<steps { points.append(try await measure(dimension, 1 << step)) }
        curves.append((dimension, points))
      }
      return curves
    }
    report(curves, machine).print(json: options.json)
  }

  private func measure(_ dimension: Dimension, _ factor: Int) async throws -> Point {
    switch dimension {
    case .services:
      try await siteChange(size: services * factor, services: services * factor, proxies)
    case .proxies:
      try await siteChange(size: proxies * factor, services: services, proxies * factor)
    case .clusters:
      try await fleetChange(size: clusters * factor, clusters: clusters * factor, objects)
    case .objects:
      try await fleetChange(size: objects * factor, clusters: clusters, objects * factor)
    }
  }

  /// A route that every proxy of a site has.
  private func siteChange(size: Int, services: Int, _ proxies: Int) async throws -> Point {
    let plan = ScaleBed.Plan(services: services, proxies: proxies)
    let rounds = rounds
    return try await ScaleBed.with(options, plan) { bed in
      _ = try await bed.connectAll()
      let service = plan.service(0)
      var point = Point(size: size, processor: .zero, told: proxies)
      for round in -2..<rounds {
        let before = ProcessTable.processorTime(of: bed.serverProcess) ?? .zero
        let outcome = try await bed.change(ofService: service, watching: .routes) {
          _ = try await bed.testbed.client.put(
            ScaleBed.routeRef(of: service), ScaleBed.route(of: service, variant: round + 2))
          return ContinuousClock.now
        }
        guard round >= 0 else { continue }
        let server = (ProcessTable.processorTime(of: bed.serverProcess) ?? .zero) - before
        point.processor += (server + outcome.processor) / rounds
        point.elapsed.add(outcome.elapsed)
        point.faults += outcome.faults
      }
      return point
    }
  }

  /// A route that one of many simulated agents is told.
  private func fleetChange(size: Int, clusters: Int, _ objects: Int) async throws -> Point {
    let plan = FleetPlan(
      clusters: clusters, objects: objects, services: clusters * 2, visible: min(clusters * 2, 20))
    let rounds = rounds
    return try await Testbed.with(options, [], manifests: [Testbed.tenant]) { testbed in
      try await FleetBed.with(testbed, plan) { bed in
        var point = Point(size: size, processor: .zero, told: 1)
        for round in 0..<2 { _ = try await bed.changeRoute(round) }
        try await bed.rest()
        let before = bed.processor
        for round in 2..<rounds + 2 { point.elapsed.add(try await bed.changeRoute(round)) }
        try await bed.rest()
        point.processor = (bed.processor - before) / rounds
        return point
      }
    }
  }

  private func report(_ curves: [(Dimension, [Point])], _ machine: MachineFacts) -> Report {
    var metrics: [Report.Metric] = []
    var growing: [Document] = []
    var faults = Ledger.Faults()
    for (dimension, points) in curves {
      guard let first = points.first, let last = points.last else { continue }
      let told = Double(last.told) / Double(first.told)
      let growth =
        first.milliseconds > 0 ? last.milliseconds / first.milliseconds / told : 0
      if growth > Self.tolerance { growing.append(.string(dimension.rawValue)) }
      metrics.append(
        .init(
          name: "\(dimension.rawValue)_growth", value: growth, unit: "x",
          goal: .atMost(Self.tolerance)))
      for point in points {
        faults += point.faults
        let name = "\(dimension.rawValue)_\(point.size)"
        metrics += [
          .init(name: "\(name)_cpu_ms", value: point.milliseconds, unit: "ms"),
          .init(name: "\(name)_last_ms", value: point.elapsed.percentile(50), unit: "ms"),
        ]
      }
    }
    metrics += [
      .fault("resent", faults.resent), .fault("order_violations", faults.unordered),
    ]
    return Report(
      scenario: "growth", machine: machine, rounds: rounds,
      parameters: [
        "services": .integer(Int64(services)), "proxies": .integer(Int64(proxies)),
        "clusters": .integer(Int64(clusters)), "objects": .integer(Int64(objects)),
        "grows": .list(growing),
      ],
      metrics: metrics, baselines: [])
  }
}
