import ArgumentParser
import Documents
import Foundation

/// How long a workload that registers in one site takes until another site can call it.
struct DiscoveryCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "discovery",
    abstract: "Time a new service from its registration to the first answer in another site.",
    discussion: """
      Starts a server, an edge and two sites with gateways on loopback. In every round a service \
      that nobody has seen before registers in one site, and a client in the other site asks for it \
      without a pause, through its own gateway, the edge and the other gateway. The clock starts \
      when the registration is acknowledged. The baseline is the same in the client's own site.
      """)

  static let quick = ["--rounds", "3"]

  @Option(help: "How many services register.")
  var rounds = 100

  @Option(help: "Milliseconds of rest before each registration.")
  var rest = 20

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...1000).contains(rounds) else { throw ValidationError("--rounds is 1 to 1000") }
    guard (0...10_000).contains(rest) else { throw ValidationError("--rest is 0 to 10000") }
  }

  private static let warmUps = 5
  private static let far = SitePlan(
    name: "far", number: 3, gateway: "east-west", instances: ["far"])

  /// Services of the far site and of the near one, in turn.
  private var newcomers: [SitePlan.Upstream] {
    (0..<2 * (rounds + Self.warmUps)).map {
      SitePlan.Upstream(service: "new-\($0)", port: 20_000 + $0)
    }
  }

  private var near: SitePlan {
    SitePlan(
      name: "near", number: 4, gateway: "east-west", instances: ["near"], upstreams: newcomers)
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let plans = [SitePlan(name: "edge", number: 2, gateway: "edge"), Self.far, near]
    let (across, inside) = try await untilInterrupted {
      try await Testbed.with(options, plans) { testbed in
        try await Caller.with { try await measure(testbed, $0) }
      }
    }
    report(across, inside, machine).print(json: options.json)
  }

  private func measure(
    _ testbed: Testbed, _ caller: Caller
  ) async throws -> (across: Samples, inside: Samples) {
    var (across, inside) = (Samples(), Samples())
    let newcomers = newcomers
    for round in 0..<rounds + Self.warmUps {
      let far = try await appear(newcomers[2 * round], in: Self.far, testbed, caller)
      let near = try await appear(newcomers[2 * round + 1], in: near, testbed, caller)
      guard round >= Self.warmUps else { continue }
      across.add(far)
      inside.add(near)
    }
    return (across, inside)
  }

  private func appear(
    _ newcomer: SitePlan.Upstream, in plan: SitePlan, _ testbed: Testbed, _ caller: Caller
  ) async throws -> Duration {
    let registrar = try await testbed.site(plan.name).registrar(of: newcomer.service, in: testbed)
    try await Task.sleep(for: .milliseconds(rest))
    return try await registrar.whileRegistered(
      at: plan.instanceAddress(0), port: Testbed.servicePort
    ) { acknowledged in
      try await caller.watch(for: plan.instances[0], from: near.url(newcomer)) - acknowledged
    }
  }

  private func report(_ across: Samples, _ inside: Samples, _ machine: MachineFacts) -> Report {
    func ratio(_ percent: Double) -> Double? {
      let base = inside.percentile(percent)
      return base > 0 ? across.percentile(percent) / base : nil
    }
    return Report(
      scenario: "discovery", machine: machine, rounds: rounds,
      parameters: ["rest_ms": .integer(Int64(rest)), "sites": 3],
      metrics: [
        .init(name: "p50_ms", value: across.percentile(50), unit: "ms"),
        .init(name: "p99_ms", value: across.percentile(99), unit: "ms", goal: .atMost(200)),
        .init(name: "max_ms", value: across.maximum, unit: "ms"),
      ],
      baselines: [
        .init(
          name: "same_site_p50_ms", value: inside.percentile(50), unit: "ms", ratio: ratio(50)),
        .init(
          name: "same_site_p99_ms", value: inside.percentile(99), unit: "ms", ratio: ratio(99)),
      ])
  }
}
