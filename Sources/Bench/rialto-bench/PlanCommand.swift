import ArgumentParser
import Documents
import Foundation
import ManagementClient

/// What it costs to ask what a change would do.
struct PlanCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Plan a change of one service's route among many services.",
    discussion: """
      A real server; two simulated agents report services, which have a route each, and proxies, \
      which call the services of their workspace in both sites. A changed route of one service is \
      planned: what would change in each blueprint, and at each of the proxies, over the REST API on \
      one connection. Every plan has to name exactly the proxies concerned, and to write nothing. The \
      same is done with a quarter and with half of the services: the growth is the plan among all of \
      them over the plan among a quarter, with the same proxies. The baseline is \
      the change itself, until both agents have it; it is taken with and without a plan before it.
      """)

  static let quick = [
    "--services", "80", "--proxies", "16", "--workspaces", "4", "--rounds", "4",
  ]

  @Option(help: "Services in all.") var services = 10_000
  @Option(help: "Proxies in all.") var proxies = 1_000
  @Option(help: "Workspaces, into which services and proxies are divided alike.")
  var workspaces = 100
  @Option(help: "How often each is done.") var rounds = 100

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...1_000).contains(workspaces), (8 * workspaces...100_000).contains(services),
      (2 * workspaces...100_000).contains(proxies), (1...10_000).contains(rounds)
    else { throw ValidationError("a number is out of range: see --help") }
  }

  /// What was found at one size.
  struct Point: Sendable {
    var services: Int
    var plans = Samples()
    /// The server's, for one plan.
    var processor = Duration.zero
    var changes = Samples()
    /// Changes right after a plan.
    var changesAfterPlans = Samples()
    /// Plans that do not name exactly the proxies concerned, or that wrote something.
    var wrong = 0
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let points = try await untilInterrupted {
      var points: [Point] = []
      for share in [4, 2, 1] {
        let layout = PlanBed.Layout(
          services: services / share, proxies: proxies, workspaces: workspaces)
        points.append(try await PlanBed.with(options, layout) { try await measure($0) })
      }
      return points
    }
    report(points, machine).print(json: options.json)
  }

  private static let warmUps = 3

  private func measure(_ bed: PlanBed) async throws -> Point {
    var point = Point(services: bed.layout.services)
    let client = bed.testbed.client
    let base = try await client.changes(limit: 1).first?["revision"]
    // The route as it is says 90 to 10; a variant of it the reverse.
    for _ in 0..<Self.warmUps { _ = try await client.plan(bed.change(1)) }
    try await bed.rest()
    let before = bed.processor
    for _ in 0..<rounds {
      let start = ContinuousClock.now
      let plan = try await client.plan(bed.change(1))
      point.plans.add(ContinuousClock.now - start)
      let isRight =
        plan[["plan", "proxies"]]?.integer == Int64(bed.layout.concerned(0))
        && plan[["plan", "clusters"]]?.list?.count == PlanBed.Layout.clusters.count
      if !isRight { point.wrong += 1 }
    }
    point.processor = (bed.processor - before) / rounds
    if try await client.changes(limit: 1).first?["revision"] != base { point.wrong += 1 }
    for round in 1...(2 * rounds) {
      let isPlanned = round % 2 == 0
      if isPlanned { _ = try await client.plan(bed.change(round)) }
      let elapsed = try await change(bed, round)
      if isPlanned { point.changesAfterPlans.add(elapsed) } else { point.changes.add(elapsed) }
    }
    return point
  }

  /// From the request of a change until both agents have it.
  private func change(_ bed: PlanBed, _ variant: Int) async throws -> Duration {
    let before = bed.agents.map(\.current.deltas)
    let start = ContinuousClock.now
    _ = try await bed.testbed.client.apply(bed.change(variant))
    try await wait(for: "the change at both agents") {
      zip(bed.agents, before).allSatisfy { $0.current.deltas > $1 }
    }
    let last = bed.agents.map(\.current.changed).max() ?? start
    return max(.zero, last - start)
  }

  private func report(_ points: [Point], _ machine: MachineFacts) -> Report {
    let (least, most) = (points[0], points[points.count - 1])
    let sizes = points.flatMap { point in
      [
        Report.Metric(
          name: "plan_of_\(point.services)_ms", value: point.plans.percentile(50), unit: "ms"),
        Report.Metric(
          name: "plan_of_\(point.services)_cpu_ms", value: point.processor / .milliseconds(1),
          unit: "ms"),
      ]
    }
    let change = most.changes.percentile(50)
    return Report(
      scenario: "plan", machine: machine, rounds: rounds,
      parameters: [
        "services": .integer(Int64(services)), "proxies": .integer(Int64(proxies)),
        "workspaces": .integer(Int64(workspaces)),
        "concerned": .integer(Int64((0..<proxies).count { $0 % workspaces == 0 })),
      ],
      metrics: [
        .init(
          name: "plan_ms", value: most.plans.percentile(50), unit: "ms", goal: .atMost(100)),
        .init(name: "plan_p99_ms", value: most.plans.percentile(99), unit: "ms"),
        .init(
          name: "growth", value: most.processor / max(least.processor, .nanoseconds(1)), unit: "x"),
        .fault("wrong_plans", points.reduce(0) { $0 + $1.wrong }),
        .init(
          name: "change_after_plan_ms", value: most.changesAfterPlans.percentile(50), unit: "ms"),
      ] + sizes,
      baselines: [
        .init(
          name: "change_ms", value: change, unit: "ms",
          ratio: change > 0 ? most.plans.percentile(50) / change : nil)
      ])
  }
}
