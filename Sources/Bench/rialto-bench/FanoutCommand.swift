import ArgumentParser
import DeltaXDS
import Documents
import Foundation
import ManagementClient
import Model

/// What a change of one service costs when every proxy has it.
struct FanoutCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "fanout",
    abstract: "Change one service of many, in the view of every proxy.",
    discussion: """
      A real server and a real agent, services reported by a simulated agent of another cluster, \
      and simulated proxies that follow everything over real mTLS streams, check and acknowledge. \
      One service changes its route (an object is written), its endpoints (an instance registers) \
      and its cluster (other service accounts provide it). The clock runs from the acknowledged \
      change to the last proxy's acknowledgement; the agent's processor time includes taking the \
      acknowledgements. The same again with a tenth of the services. The baseline is a bare server \
      that sends as many bytes to as many streams, and a naive one that makes, encodes and compares \
      the routes of all services for every proxy; that one has few proxies, and what it needs is \
      scaled up.
      """)

  static let quick = [
    "--services", "100", "--proxies", "20", "--rounds", "1",
    "--naive-proxies", "5",
  ]

  @Option(help: "Services, all in one workspace.") var services = 10_000
  @Option(help: "Simulated proxies.") var proxies = 2_000
  @Option(help: "How often each kind of change is made.") var rounds = 5
  @Option(help: "Proxies of the naive server.") var naiveProxies = 20

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (10...100_000).contains(services), (1...10_000).contains(proxies),
      (1...1000).contains(rounds), (1...1000).contains(naiveProxies)
    else {
      throw ValidationError("--services is 10 to 100000, --proxies 1 to 10000, --rounds 1 to 1000")
    }
  }

  private static let warmUps = 2

  enum Change: String, CaseIterable {
    case route, endpoint, cluster
  }

  struct Measured: Sendable {
    var elapsed: [Change: Samples] = [:]
    var processor: [Change: Samples] = [:]
    var bytes: [Change: Int] = [:]
    var faults = Ledger.Faults()
    var untold = 0
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let (small, large, bare, naive) = try await untilInterrupted {
      let small = try await measure(services: max(10, services / 10))
      let large = try await measure(services: services)
      let bytes = large.bytes[.route] ?? 1000
      let bare = try await BareBaseline.measure(options, streams: proxies, rounds: rounds) { _ in
        .bytes(bytes)
      }
      let services = services
      let naive = try await BareBaseline.measure(
        options, streams: min(naiveProxies, proxies), rounds: min(rounds, 3)
      ) { .naive(services: services, turn: $0) }
      return (small, large, bare, naive)
    }
    report(small, large, bare, naive, machine).print(json: options.json)
  }

  private func measure(services: Int) async throws -> Measured {
    let plan = ScaleBed.Plan(services: services, proxies: proxies)
    return try await ScaleBed.with(options, plan) { bed in
      _ = try await bed.connectAll()
      let second = try await SecondInstance(of: plan.service(0), in: bed)
      return try await second.whileFirstIsThere {
        var measured = Measured()
        for round in 0..<rounds + Self.warmUps {
          for change in Change.allCases {
            let outcome = try await make(change, round, bed, second)
            guard round >= Self.warmUps else { continue }
            measured.note(change, outcome)
          }
        }
        return measured
      }
    }
  }

  private func make(
    _ change: Change, _ round: Int, _ bed: ScaleBed, _ second: SecondInstance
  ) async throws -> ScaleBed.Outcome {
    let service = bed.plan.service(0)
    switch change {
    case .route:
      return try await bed.change(ofService: service, watching: .routes) {
        _ = try await bed.testbed.client.put(
          ScaleBed.routeRef(of: service), ScaleBed.route(of: service, variant: round))
        return ContinuousClock.now
      }
    case .cluster:
      return try await bed.change(ofService: service, watching: .cluster) {
        var changed = service
        changed.accounts = round % 2 == 0 ? ["default", "other"] : ["default"]
        bed.elsewhere.report([changed])
        return ContinuousClock.now
      }
    case .endpoint:
      return try await second.comeAndGo { registered in
        try await bed.change(ofService: service, watching: .endpoints) { try await registered() }
      }
    }
  }

  private func report(
    _ small: Measured, _ large: Measured, _ bare: BareBaseline, _ naive: BareBaseline,
    _ machine: MachineFacts
  ) -> Report {
    func slowest(_ changes: [Change]) -> Double {
      changes.map { large.elapsed[$0, default: Samples()].percentile(50) }.max() ?? 0
    }
    func processor(_ measured: Measured, _ change: Change) -> Double {
      measured.processor[change, default: Samples()].percentile(50) / 1000
    }
    let light = max(processor(large, .route), processor(large, .endpoint))
    let growth =
      processor(small, .route) > 0 ? processor(large, .route) / processor(small, .route) : 0
    let elapsed = large.elapsed[.route, default: Samples()].percentile(50)
    let bareElapsed = bare.elapsed.percentile(50)
    // Each of its proxies costs the same.
    let naiveProcessor =
      naive.processor.percentile(50) / 1000 / Double(min(naiveProxies, proxies)) * Double(proxies)
    var metrics: [Report.Metric] = [
      .init(name: "last_ack_ms", value: slowest(Change.allCases), unit: "ms", goal: .atMost(500)),
      .init(name: "agent_cpu_s", value: light, unit: "s", goal: .atMost(0.25)),
      .init(
        name: "cluster_agent_cpu_s", value: processor(large, .cluster), unit: "s",
        goal: .atMost(0.5)),
      .init(
        name: "ratio_to_bare", value: bareElapsed > 0 ? elapsed / bareElapsed : 0, unit: "x",
        goal: .atMost(1.5)),
      .init(name: "cpu_10k_over_1k", value: growth, unit: "x", goal: .atMost(1.1)),
      .fault("resent", large.faults.resent),
      .fault("order_violations", large.faults.unordered),
      .fault("untold", large.untold),
    ]
    for change in Change.allCases {
      let samples = large.elapsed[change, default: Samples()]
      metrics += [
        .init(name: "\(change.rawValue)_last_ack_ms", value: samples.percentile(50), unit: "ms"),
        .init(name: "\(change.rawValue)_worst_ms", value: samples.maximum, unit: "ms"),
        .init(name: "\(change.rawValue)_cpu_s", value: processor(large, change), unit: "s"),
        .init(name: "\(change.rawValue)_bytes", value: Double(large.bytes[change] ?? 0), unit: "B"),
      ]
    }
    return Report(
      scenario: "fanout", machine: machine, rounds: rounds,
      parameters: [
        "services": .integer(Int64(services)), "proxies": .integer(Int64(proxies)),
        "naive_proxies": .integer(Int64(min(naiveProxies, proxies))),
      ],
      metrics: metrics,
      baselines: [
        .init(
          name: "bare_last_ack_ms", value: bareElapsed, unit: "ms",
          ratio: bareElapsed > 0 ? elapsed / bareElapsed : nil),
        .init(
          name: "bare_cpu_s", value: bare.processor.percentile(50) / 1000, unit: "s",
          ratio: bare.processor.percentile(50) > 0
            ? processor(large, .route) * 1000 / bare.processor.percentile(50) : nil),
        .init(
          name: "naive_cpu_s", value: naiveProcessor, unit: "s",
          ratio: naiveProcessor > 0 ? processor(large, .route) / naiveProcessor : nil),
      ])
  }
}

extension FanoutCommand.Measured {
  mutating func note(_ change: FanoutCommand.Change, _ outcome: ScaleBed.Outcome) {
    elapsed[change, default: Samples()].add(outcome.elapsed)
    processor[change, default: Samples()].add(outcome.processor)
    bytes[change] = outcome.bytes
    faults += outcome.faults
    untold += outcome.untold
  }
}
