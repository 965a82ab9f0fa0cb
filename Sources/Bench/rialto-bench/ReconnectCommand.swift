import ArgumentParser
import DeltaXDS
import Documents
import Foundation

/// What it costs when every proxy comes back at once.
struct ReconnectCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "reconnect",
    abstract: "Let all proxies of a site come back at once, with and without what they had.",
    discussion: """
      A real server and a real agent, services reported by a simulated agent of another cluster, \
      and simulated proxies over real mTLS streams. All of them drop their connections and come \
      back with what they had; then the agent is killed and started again while they try; then all \
      come with nothing: first when each may call 100 services, then when each may call all. The \
      time runs until the last one has been answered, or has everything. The baseline is a bare server \
      that sends as many bytes in as many parts to as many streams that are open already, each part \
      after the acknowledgement of the one before.
      """)

  static let quick = ["--services", "100", "--proxies", "20", "--scope", "20"]

  @Option(help: "Services.") var services = 10_000
  @Option(help: "Simulated proxies.") var proxies = 2_000
  @Option(help: "Services that each proxy may call in the scoped part.") var scope = 100

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (10...100_000).contains(services), (1...10_000).contains(proxies),
      (1...services).contains(scope), services / scope <= proxies
    else {
      throw ValidationError(
        "--services is 10 to 100000, --proxies 1 to 10000, --scope at most --services, and there "
          + "is a proxy for each --scope of the --services")
    }
  }

  private struct Measured: Sendable {
    var cold = Duration.zero
    var warm = Duration.zero
    var restart = Duration.zero
    var resent = 0
    var unordered = 0
    /// How often a proxy that came back was asked for the list of what it has.
    var lists = 0
    /// To each proxy that had nothing.
    var bytes = 0
    var peak = 0
    /// The agent's, while they come with nothing.
    var processor = Duration.zero
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let (scoped, full, bares) = try await untilInterrupted {
      let scoped = try await measure(workspaces: max(1, services / scope))
      let full = try await measure(workspaces: 1)
      return (scoped, full, (try await bare(scoped), try await bare(full)))
    }
    report(scoped, full, bares, machine).print(json: options.json)
  }

  private func measure(workspaces: Int) async throws -> Measured {
    let plan = ScaleBed.Plan(services: services, proxies: proxies, workspaces: workspaces)
    return try await ScaleBed.with(options, plan) { bed in
      var measured = Measured()
      // The first time everything is made for the first time, too.
      try await warmUp(bed)
      for proxy in bed.crowd.proxies { proxy.forget() }
      bed.crowd.tally.mark()
      ProcessTable.resetPeak(of: bed.agentProcess)
      let before = ProcessTable.processorTime(of: bed.agentProcess) ?? .zero
      measured.cold = try await bed.connectAll(patiently: true, atOnce: true)
      try await bed.rest()
      measured.processor =
        (ProcessTable.processorTime(of: bed.agentProcess) ?? .zero) - before
      measured.peak = ProcessTable.memory(of: bed.agentProcess)?.peak ?? 0
      measured.bytes = bed.crowd.tally.counts.bytes / max(1, bed.crowd.proxies.count)
      measured.unordered = bed.crowd.tally.counts.faults.unordered

      // The gateway stays: without it there would be no way to what the others call.
      await bed.crowd.disconnect(bed.callers)
      bed.crowd.tally.mark()
      measured.warm = try await answered(bed)
      try await bed.rest()
      measured.resent = bed.crowd.tally.counts.faults.resent
      measured.lists = bed.crowd.tally.counts.lists

      bed.crowd.tally.mark()
      let name = ScaleBed.site.prefix + "agent"
      bed.testbed.children.kill(name)
      try await wait(for: "end of the streams") {
        bed.crowd.proxies.allSatisfy { !$0.isConnected }
      }
      let start = ContinuousClock.now
      bed.testbed.children.restart(name)
      try await bed.crowd.expect("answers of the new agent", within: .seconds(120)) {
        $0.proxies.allSatisfy(\.isAnswered)
      }
      measured.restart = ContinuousClock.now - start
      measured.resent += bed.crowd.tally.counts.faults.resent
      return measured
    }
  }

  private func warmUp(_ bed: ScaleBed) async throws {
    try await bed.connectFirst()
    await bed.crowd.disconnect()
    try await bed.rest()
  }

  /// Connects everybody with what they have, and waits for the answers.
  private func answered(_ bed: ScaleBed) async throws -> Duration {
    let start = ContinuousClock.now
    bed.crowd.connect(bed.callers, patiently: true)
    try await bed.crowd.expect("answers to all subscriptions", within: .seconds(120)) {
      $0.proxies.allSatisfy(\.isAnswered)
    }
    return ContinuousClock.now - start
  }

  /// The same bytes to as many streams, without anything that says what they should be.
  private func bare(_ measured: Measured) async throws -> BareBaseline {
    let part = DiscoverySettings().responseBytes
    let count = max(1, (measured.bytes + part - 1) / part)
    let size = measured.bytes / count
    return try await BareBaseline.measure(options, streams: proxies, rounds: 1) { round in
      .parts(round < BareBaseline.warmUps ? 1 : count, size)
    }
  }

  private func report(
    _ scoped: Measured, _ full: Measured, _ bares: (scoped: BareBaseline, full: BareBaseline),
    _ machine: MachineFacts
  ) -> Report {
    func seconds(_ duration: Duration) -> Double { duration / .seconds(1) }
    func megabytes(_ bytes: Int) -> Double { Double(bytes) / 1_048_576 }
    return Report(
      scenario: "reconnect", machine: machine, rounds: 1,
      parameters: [
        "services": .integer(Int64(services)), "proxies": .integer(Int64(proxies)),
        "scope": .integer(Int64(scope)),
      ],
      metrics: [
        .init(
          name: "warm_s", value: max(seconds(scoped.warm), seconds(full.warm)), unit: "s",
          goal: .atMost(5)),
        .fault("resent", scoped.resent + full.resent),
        .fault("order_violations", scoped.unordered + full.unordered),
        .init(name: "cold100_s", value: seconds(scoped.cold), unit: "s", goal: .atMost(5)),
        .init(name: "cold10k_s", value: seconds(full.cold), unit: "s", goal: .atMost(30)),
        .init(name: "peak_rss_mb", value: megabytes(full.peak), unit: "MB", goal: .atMost(1200)),
        .init(name: "warm_lists", value: Double(scoped.lists + full.lists), unit: ""),
        .init(name: "warm100_s", value: seconds(scoped.warm), unit: "s"),
        .init(name: "warm10k_s", value: seconds(full.warm), unit: "s"),
        .init(name: "restart100_s", value: seconds(scoped.restart), unit: "s"),
        .init(name: "restart10k_s", value: seconds(full.restart), unit: "s"),
        .init(name: "cold100_kb_per_proxy", value: Double(scoped.bytes) / 1024, unit: "kB"),
        .init(name: "cold10k_kb_per_proxy", value: Double(full.bytes) / 1024, unit: "kB"),
        .init(name: "cold100_agent_cpu_s", value: seconds(scoped.processor), unit: "s"),
        .init(name: "cold10k_agent_cpu_s", value: seconds(full.processor), unit: "s"),
        .init(name: "cold100_peak_rss_mb", value: megabytes(scoped.peak), unit: "MB"),
      ],
      baselines: baselines("cold100", scoped, bares.scoped) + baselines("cold10k", full, bares.full)
    )
  }

  private func baselines(
    _ name: String, _ measured: Measured, _ bare: BareBaseline
  ) -> [Report.Baseline] {
    let (elapsed, processor) = (bare.elapsed.percentile(50), bare.processor.percentile(50))
    return [
      .init(
        name: "\(name)_bare_s", value: elapsed / 1000, unit: "s",
        ratio: elapsed > 0 ? measured.cold / .milliseconds(1) / elapsed : nil),
      .init(
        name: "\(name)_bare_cpu_s", value: processor / 1000, unit: "s",
        ratio: processor > 0 ? measured.processor / .milliseconds(1) / processor : nil),
    ]
  }
}
