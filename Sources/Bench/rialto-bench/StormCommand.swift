import ArgumentParser
import Documents
import Foundation

/// Whether everybody has the last state soon after many changes at once.
struct StormCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "storm",
    abstract: "Write many changes at once, with many proxies and a real Envoy under traffic.",
    discussion: """
      A real server, a real agent, a real Envoy that is asked at a steady rate, and simulated \
      proxies that see the same. Routes come, change and go in a burst, from several clients; the \
      last change leads the traffic where it never went before. States in between may be merged. \
      The first storm brings most clusters into being, for every proxy; the others change them. \
      The time runs from the last acknowledged write until Envoy answers accordingly and the last \
      simulated proxy has acknowledged everything; those that are slow on purpose, those that \
      drop their connections meanwhile, and those that refuse what changes about the routes of one \
      service, count apart. In the end, one proxy forgets what it has, and what it is sent \
      must be what all others have.
      """)

  static let quick = [
    "--writes", "40", "--proxies", "20", "--services", "32", "--slow", "2", "--thinking", "100",
    "--dropping", "2", "--rejecting", "2", "--rounds", "1",
  ]

  @Option(help: "Changes.") var writes = 500
  @Option(help: "Simulated proxies.") var proxies = 1_000
  @Option(help: "Services, all in the view of every proxy.") var services = 1_000
  @Option(help: "Requests per second.") var rate = 200.0
  @Option(help: "How many of the proxies wait before each acknowledgement.") var slow = 20
  @Option(help: "How many milliseconds those wait.") var thinking = 500
  @Option(help: "How many of the proxies drop their connections again and again.") var dropping = 20
  @Option(help: "How many of the proxies refuse changes of one service.") var rejecting = 20
  @Option(help: "How often the storm is raised.") var rounds = 3

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (10...100_000).contains(writes), (2...10_000).contains(proxies),
      (16...10_000).contains(services), (1...2000).contains(rate), (0...10_000).contains(thinking),
      slow >= 0, dropping >= 0, rejecting >= 0, slow + dropping + rejecting < proxies - 1,
      (1...100).contains(rounds)
    else { throw ValidationError("a number is out of range: see --help") }
  }

  private static let echo = SitePlan.Upstream(service: Testbed.echo, port: 20_000)
  private static let versions = ["v1", "v2", "v3"]

  private struct Measured: Sendable {
    var converged = Samples()
    /// Of the first storm, in which most routes and their clusters come into being.
    var first = Duration.zero
    /// Sent to all proxies in the first storm.
    var firstBytes = 0
    var envoy = Samples()
    var crowd = Samples()
    var slow = Samples()
    var writing = Samples()
    var agent = Samples()
    var server = Samples()
    var responses = 0
    var refusals = 0
    var faults = Ledger.Faults()
    var traffic = Traffic.Outcome()
    var different = 0
  }

  private var plan: ScaleBed.Plan {
    ScaleBed.Plan(
      services: services, proxies: proxies, isShared: true, instances: Self.versions,
      upstreams: [Self.echo], slow: slow, thinking: .milliseconds(thinking), rejecters: rejecters)
  }

  /// The members that keep their connections and answer at once; the gateway is none of them.
  private var prompt: Range<Int> { 1..<proxies + 1 - slow - dropping - rejecting }
  private var rejecters: Range<Int> { prompt.upperBound..<prompt.upperBound + rejecting }
  private var droppers: Range<Int> { rejecters.upperBound..<rejecters.upperBound + dropping }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let measured = try await untilInterrupted {
      try await ScaleBed.with(options, plan) { try await measure($0) }
    }
    report(measured, machine).print(json: options.json)
  }

  private func measure(_ bed: ScaleBed) async throws -> Measured {
    let burst = Burst(bed: bed, writes: writes, versions: Self.versions)
    let url = plan.site.url(Self.echo)
    try await burst.turn(to: Self.versions[0])
    _ = try await bed.connectAll()
    return try await Caller.with { caller in
      var measured = Measured()
      for _ in 0..<rounds {
        try await burst.turn(to: Self.versions[0])
        try await caller.settle(on: Self.versions[0], from: url)
        try await bed.rest()
        try await storm(burst, caller, &measured)
      }
      measured.different = try await strangers(in: bed)
      return measured
    }
  }

  private func storm(_ burst: Burst, _ caller: Caller, _ measured: inout Measured) async throws {
    let bed = burst.bed
    let url = plan.site.url(Self.echo)
    bed.crowd.tally.mark()
    let (agent, server) = (bed.agentProcess, bed.serverProcess)
    let before = (ProcessTable.processorTime(of: agent), ProcessTable.processorTime(of: server))
    let start = ContinuousClock.now
    let ((last, answered), traffic) = try await Traffic(url: url, rate: rate)
      .whileRunning(by: caller) {
        try await beside([{ try await drop(bed) }]) {
          // The burst takes its time, too.
          async let answered = caller.watch(
            for: burst.versions[burst.versions.count - 1], from: url, within: .seconds(600))
          let last = try await burst.run()
          return (last, try await answered)
        }
      }
    try await bed.crowd.expect("return of those that dropped their connections") {
      $0.proxies.allSatisfy(\.isAnswered)
    }
    try await bed.calm()
    let counts = bed.crowd.tally.counts
    func latest(_ members: Range<Int>) -> Duration {
      max(.zero, (members.compactMap { counts.told[$0] }.max() ?? last) - last)
    }
    let envoy = max(.zero, answered - last)
    measured.envoy.add(envoy)
    measured.crowd.add(latest(prompt))
    measured.slow.add(latest(droppers.upperBound..<proxies + 1))
    let converged = max(envoy, latest(prompt))
    if measured.converged.count == 0 {
      (measured.first, measured.firstBytes) = (converged, counts.bytes)
    }
    measured.converged.add(converged)
    measured.writing.add(last - start)
    measured.agent.add((ProcessTable.processorTime(of: agent) ?? .zero) - (before.0 ?? .zero))
    measured.server.add((ProcessTable.processorTime(of: server) ?? .zero) - (before.1 ?? .zero))
    measured.responses += counts.responses
    measured.refusals += counts.refusals
    measured.faults += counts.faults
    measured.traffic.answered = measured.traffic.answered + traffic.answered
    measured.traffic.failed += traffic.failed
  }

  /// Lets one dropper after the other go away, wherever the changes are, and come back.
  private func drop(_ bed: ScaleBed) async throws {
    while !Task.isCancelled, !droppers.isEmpty {
      for index in droppers where bed.crowd.proxies[index].isAnswered {
        await bed.crowd.disconnect(index..<index + 1)
        bed.crowd.connect(index..<index + 1)
      }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  /// How many proxies have something else than one that begins with nothing.
  private func strangers(in bed: ScaleBed) async throws -> Int {
    let crowd = bed.crowd
    await crowd.disconnect(1..<2)
    crowd.proxies[1].forget()
    crowd.connect(1..<2)
    try await bed.settle()
    try await bed.calm()
    let fresh = crowd.proxies[1].digests
    return crowd.proxies.dropFirst(2).count {
      !rejecters.contains($0.index) && $0.digests != fresh
    }
  }

  private func report(_ measured: Measured, _ machine: MachineFacts) -> Report {
    func seconds(_ samples: Samples) -> Double { samples.percentile(50) / 1000 }
    return Report(
      scenario: "storm", machine: machine, rounds: rounds,
      parameters: [
        "writes": .integer(Int64(writes)), "proxies": .integer(Int64(proxies)),
        "services": .integer(Int64(services)), "slow": .integer(Int64(slow)),
        "dropping": .integer(Int64(dropping)), "rejecting": .integer(Int64(rejecting)),
        "rate": .number(rate),
        "requests": .integer(Int64(measured.traffic.count)),
      ],
      metrics: [
        .init(
          name: "converged_s", value: seconds(measured.converged), unit: "s", goal: .atMost(2)),
        .fault("order_violations", measured.faults.unordered),
        .fault("failed_requests", measured.traffic.failed),
        .fault("resent", measured.faults.resent),
        .fault("different_from_fresh", measured.different),
        .init(
          name: "first_converged_s", value: measured.first / .seconds(1), unit: "s"),
        .init(name: "first_sent_mb", value: Double(measured.firstBytes) / 1_048_576, unit: "MB"),
        .init(name: "converged_worst_s", value: measured.converged.maximum / 1000, unit: "s"),
        .init(name: "envoy_converged_s", value: seconds(measured.envoy), unit: "s"),
        .init(name: "proxies_converged_s", value: seconds(measured.crowd), unit: "s"),
        .init(name: "slow_converged_s", value: seconds(measured.slow), unit: "s"),
        .init(name: "burst_s", value: seconds(measured.writing), unit: "s"),
        .init(
          name: "responses_per_proxy",
          value: Double(measured.responses) / Double(rounds * (proxies + 1)), unit: ""),
        .init(name: "refusals", value: Double(measured.refusals), unit: ""),
        .init(name: "agent_cpu_s", value: seconds(measured.agent), unit: "s"),
        .init(name: "server_cpu_s", value: seconds(measured.server), unit: "s"),
        .init(
          name: "request_p99_ms", value: measured.traffic.answered.percentile(99), unit: "ms"),
      ],
      baselines: [])
  }
}
