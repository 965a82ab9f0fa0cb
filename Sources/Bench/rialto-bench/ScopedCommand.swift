import ArgumentParser
import DeltaXDS
import Documents
import Foundation
import ManagementClient

/// Whether a change reaches those whom it concerns, and nobody else.
struct ScopedCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "scoped",
    abstract: "Change one service that few of many proxies may call.",
    discussion: """
      As fanout, but services and proxies are divided into workspaces, and each proxy may call the \
      services of its own. One service changes its route and its endpoints; the time runs until the \
      acknowledgement of each proxy concerned. The baseline is the same change where every proxy \
      has a full view.
      """)

  static let quick = ["--services", "40", "--proxies", "20", "--scope", "10", "--rounds", "1"]

  @Option(help: "Services.") var services = 10_000
  @Option(help: "Simulated proxies.") var proxies = 2_000
  @Option(help: "Services that each proxy may call.") var scope = 50
  @Option(help: "How often each kind of change is made.") var rounds = 10
  @Flag(help: "Leave the baseline out.") var alone = false

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (10...100_000).contains(services), (1...10_000).contains(proxies),
      (1...services).contains(scope), (1...1000).contains(rounds)
    else {
      throw ValidationError("--services is 10 to 100000, --proxies and --rounds are positive")
    }
  }

  private struct Measured: Sendable {
    var each = Samples()
    var processor = Samples()
    var faults = Ledger.Faults()
    var untold = 0
    var overtold = 0
    var concerned = 0

    mutating func note(_ outcome: ScaleBed.Outcome) {
      each = each + outcome.each
      processor.add(outcome.processor)
      faults += outcome.faults
      untold += outcome.untold
      overtold += outcome.overtold
      concerned = outcome.each.count
    }
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let (scoped, full) = try await untilInterrupted {
      let scoped = try await measure(workspaces: max(1, services / scope))
      return (scoped, alone ? nil : try await measure(workspaces: 1))
    }
    report(scoped, full, machine).print(json: options.json)
  }

  private func measure(workspaces: Int) async throws -> Measured {
    let plan = ScaleBed.Plan(services: services, proxies: proxies, workspaces: workspaces)
    return try await ScaleBed.with(options, plan) { bed in
      _ = try await bed.connectAll()
      let service = plan.service(0)
      let second = try await SecondInstance(of: service, in: bed)
      return try await second.whileFirstIsThere {
        var measured = Measured()
        for round in 0..<rounds + 2 {
          let route = try await bed.change(ofService: service, watching: .routes) {
            _ = try await bed.testbed.client.put(
              ScaleBed.routeRef(of: service), ScaleBed.route(of: service, variant: round))
            return ContinuousClock.now
          }
          let endpoint = try await second.comeAndGo { register in
            try await bed.change(ofService: service, watching: .endpoints) {
              try await register()
            }
          }
          guard round >= 2 else { continue }
          measured.note(route)
          measured.note(endpoint)
        }
        return measured
      }
    }
  }

  private func report(_ scoped: Measured, _ full: Measured?, _ machine: MachineFacts) -> Report {
    let isExact = scoped.untold == 0 && scoped.overtold == 0
    return Report(
      scenario: "scoped", machine: machine, rounds: rounds,
      parameters: [
        "services": .integer(Int64(services)), "proxies": .integer(Int64(proxies)),
        "scope": .integer(Int64(scope)), "concerned": .integer(Int64(scoped.concerned)),
      ],
      metrics: [
        .init(
          name: "told_exact", value: isExact ? 1 : 0, unit: "", goal: .atLeast(1), isCheck: true),
        .init(name: "p50_ms", value: scoped.each.percentile(50), unit: "ms"),
        .init(name: "p99_ms", value: scoped.each.percentile(99), unit: "ms", goal: .atMost(50)),
        .init(
          name: "agent_cpu_ms", value: scoped.processor.percentile(50), unit: "ms"),
        .fault("resent", scoped.faults.resent),
        .fault("order_violations", scoped.faults.unordered),
      ],
      baselines: full.map { full in
        [
          .init(
            name: "full_view_p99_ms", value: full.each.percentile(99), unit: "ms",
            ratio: full.each.percentile(99) > 0
              ? scoped.each.percentile(99) / full.each.percentile(99) : nil),
          .init(
            name: "full_view_agent_cpu_ms", value: full.processor.percentile(50), unit: "ms",
            ratio: full.processor.percentile(50) > 0
              ? scoped.processor.percentile(50) / full.processor.percentile(50) : nil),
        ]
      } ?? [])
  }
}
