import ArgumentParser
import Documents
import Foundation

/// Whether memory and open files stay where they are while everything comes and goes.
struct SoakCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract: "Let services, routes, proxies and agents come and go, and watch what stays.",
    discussion: """
      A real server, a real agent, real Envoys under steady traffic, and simulated proxies. Again \
      and again routes come, change and go, services appear in another cluster and vanish, instances \
      register and leave, a part of the proxies drops its connections and comes back, and the agent \
      of a further cluster connects and leaves. Whenever everything is back where it was, the \
      resident memory and the open files of server, agent and `rialto proxy` are read. Slopes are \
      those of the second half of the time: in the first one the \
      histories fill up of which server and agent keep a bounded part.
      """)

  static let quick = ["--minutes", "0.15", "--services", "32", "--proxies", "10"]

  @Option(help: "For how long.") var minutes = 20.0
  @Option(help: "Services that stay.") var services = 200
  @Option(help: "Simulated proxies.") var proxies = 50
  @Option(help: "Requests per second.") var rate = 50.0

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (0.05...10_000).contains(minutes), (16...10_000).contains(services),
      (4...10_000).contains(proxies), (1...2000).contains(rate)
    else { throw ValidationError("a number is out of range: see --help") }
  }

  private static let warmUp = 0.5
  private static let visitor = "visitor"
  private static let versions = ["v1", "v2"]
  private static let echo = SitePlan.Upstream(service: Testbed.echo, port: 20_000)

  private struct Measured: Sendable {
    var drifts: [String: Drift] = [:]
    var cycles = 0
    var faults = Ledger.Faults()
    var traffic = Traffic.Outcome()
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let plan = ScaleBed.Plan(
      services: services, proxies: proxies, isShared: true, instances: Self.versions,
      upstreams: [Self.echo], more: [Testbed.cluster(Self.visitor, network: "lan")])
    let measured = try await untilInterrupted {
      try await ScaleBed.with(options, plan) { try await measure($0) }
    }
    report(measured, machine).print(json: options.json)
  }

  private func measure(_ bed: ScaleBed) async throws -> Measured {
    let burst = Burst(bed: bed, writes: 40, versions: Self.versions)
    let url = bed.plan.site.url(Self.echo)
    let visitor = try await bed.testbed.simulatedAgent(
      Self.visitor,
      services: [SimulatedAgent.Service(namespace: Testbed.namespace, name: "guest")],
      gatewayAddress: "127.0.4.3")
    let second = try await SecondInstance(of: bed.plan.service(0), in: bed)
    try await burst.turn(to: Self.versions[0])
    _ = try await bed.connectAll(patiently: true)
    return try await Caller.with { caller in
      try await caller.settle(on: Self.versions[0], from: url)
      bed.crowd.tally.mark()
      let (measured, traffic) = try await Traffic(url: url, rate: rate).whileRunning(by: caller) {
        var measured = Measured()
        let start = ContinuousClock.now
        while ContinuousClock.now - start < .seconds(60 * minutes) || measured.cycles < 4 {
          try await cycle(burst, visitor, second)
          note(bed, ContinuousClock.now - start, &measured)
          measured.cycles += 1
        }
        return measured
      }
      var whole = measured
      whole.traffic = traffic
      whole.faults = bed.crowd.tally.counts.faults
      return whole
    }
  }

  /// Everything comes and goes once.
  private func cycle(
    _ burst: Burst, _ visitor: SimulatedAgent, _ second: SecondInstance
  ) async throws {
    let bed = burst.bed
    let passing = (0..<20).map {
      SimulatedAgent.Service(namespace: Testbed.namespace, name: "passing-\($0)")
    }
    let part = 1..<1 + proxies / 4
    bed.elsewhere.report(passing)
    _ = try await beside([{ await visitor.runPatiently() }]) {
      await bed.crowd.disconnect(part)
      try await second.comeAndGo { registered in
        _ = try await registered()
        _ = try await burst.run()
        bed.crowd.connect(part, patiently: true)
        try await bed.crowd.expect("return of the proxies") {
          $0.proxies.allSatisfy(\.isAnswered)
        }
      }
      try await bed.calm()
    }
    bed.elsewhere.withdraw(passing)
    try await burst.clear()
    try await bed.calm()
  }

  private func note(_ bed: ScaleBed, _ elapsed: Duration, _ measured: inout Measured) {
    for (name, process) in bed.testbed.children.all {
      guard let memory = ProcessTable.memory(of: process)?.now,
        let descriptors = ProcessTable.descriptors(of: process)
      else { continue }
      measured.drifts[name, default: Drift()].add(
        Drift.Sample(
          hours: elapsed / .seconds(3600), megabytes: Double(memory) / 1_048_576,
          descriptors: descriptors))
    }
  }

  private func report(_ measured: Measured, _ machine: MachineFacts) -> Report {
    let drifts = measured.drifts.sorted { $0.key < $1.key }
    let slopes = drifts.map { $0.value.megabytesPerHour(warmUp: Self.warmUp) }
    let descriptors = drifts.map { $0.value.descriptorsPerHour(warmUp: Self.warmUp) }
    let errors = measured.traffic.failed + measured.faults.unordered + measured.faults.resent
    return Report(
      scenario: "soak", machine: machine, rounds: measured.cycles,
      parameters: [
        "minutes": .number(minutes), "services": .integer(Int64(services)),
        "proxies": .integer(Int64(proxies)), "rate": .number(rate),
        "requests": .integer(Int64(measured.traffic.count)),
      ],
      metrics: [
        .init(
          name: "rss_slope_mb_per_h", value: slopes.max() ?? 0, unit: "MB/h", goal: .atMost(5)),
        .init(name: "fd_slope", value: descriptors.max() ?? 0, unit: "/h", goal: .atMost(0)),
        .fault("errors", errors),
      ]
        + zip(drifts, slopes).flatMap { drift, slope -> [Report.Metric] in
          [
            .init(name: "\(drift.key)_mb_per_h", value: slope, unit: "MB/h"),
            .init(name: "\(drift.key)_mb", value: drift.value.last?.megabytes ?? 0, unit: "MB"),
            .init(
              name: "\(drift.key)_fds", value: Double(drift.value.last?.descriptors ?? 0), unit: ""),
          ]
        },
      baselines: [])
  }
}
