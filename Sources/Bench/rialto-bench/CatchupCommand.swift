import ArgumentParser
import Documents
import Foundation
import ManagementClient

/// What it takes to make up for an absence.
struct CatchupCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "catchup",
    abstract: "Let the server be gone, then an agent, and time how both make up for it.",
    discussion: """
      A real server, a real agent, a real Envoy under steady traffic, simulated proxies beside it, \
      and a simulated agent of another cluster that sees the same. The server is killed, and started \
      again after a while; then there are many changes. After that both agents go, there are more \
      changes, and both come back. The last change leads the traffic where it never went before. \
      The time runs from the last change, or from the return of the agent, until Envoy and all \
      simulated proxies have it. What the simulated agent received on its connection, with all that \
      TLS and HTTP/2 add, is compared with the sizes of the items that differ; the baseline is the \
      same agent with nothing.
      """)

  static let quick = [
    "--outage", "2", "--changes", "40", "--away-changes", "80", "--services", "32", "--proxies",
    "10",
  ]

  @Option(help: "How many seconds the server is gone.") var outage = 60
  @Option(help: "Changes once the server is back.") var changes = 1_000
  @Option(help: "Changes while the agents are away.") var awayChanges = 5_000
  @Option(help: "Services, all in the view of every proxy.") var services = 1_000
  @Option(help: "Simulated proxies.") var proxies = 100
  @Option(help: "Requests per second.") var rate = 100.0

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (0...3600).contains(outage), (10...100_000).contains(changes),
      (10...100_000).contains(awayChanges), (16...10_000).contains(services),
      (1...10_000).contains(proxies), (1...2000).contains(rate)
    else { throw ValidationError("a number is out of range: see --help") }
  }

  private static let echo = SitePlan.Upstream(service: Testbed.echo, port: 20_000)
  private static let versions = ["v1", "v2", "v3"]
  private static let twin = "twin"

  private struct Measured: Sendable {
    /// From the last change, the server being back.
    var afterOutage = Duration.zero
    /// From the server's first answer to the agent's return.
    var agentBack = Duration.zero
    /// From the agent's return to its cluster's Envoy and proxies.
    var afterAbsence = Duration.zero
    /// From the agent's start to its return.
    var agentStart = Duration.zero
    var twin = Duration.zero
    var bytes = 0
    var fullBytes = 0
    var minimalBytes = 0
    var changedItems = 0
    var different = 0
    var traffic = Traffic.Outcome()
    var faults = Ledger.Faults()
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let plan = ScaleBed.Plan(
      services: services, proxies: proxies, isShared: true, instances: Self.versions,
      upstreams: [Self.echo], more: [Testbed.cluster(Self.twin, network: "lan")])
    let measured = try await untilInterrupted {
      try await ScaleBed.with(options, plan) { try await measure($0) }
    }
    report(measured, machine).print(json: options.json)
  }

  private func measure(_ bed: ScaleBed) async throws -> Measured {
    let burst = Burst(bed: bed, writes: changes, versions: Self.versions)
    let url = bed.plan.site.url(Self.echo)
    try await burst.turn(to: Self.versions[0])
    _ = try await bed.connectAll(patiently: true)
    // A cluster is told of what the workspaces may call that it has something of.
    let own = SimulatedAgent.Service(namespace: Testbed.namespace, name: "own")
    let twin = try await bed.testbed.simulatedAgent(
      Self.twin, services: [own], gatewayAddress: nil)
    return try await Caller.with { caller in
      try await caller.settle(on: Self.versions[0], from: url)
      bed.crowd.tally.mark()
      let (measured, traffic) = try await Traffic(url: url, rate: rate).whileRunning(by: caller) {
        var measured = Measured()
        try await beside([{ await twin.runPatiently() }]) {
          try await wait(for: "everything at the simulated agent", .seconds(120)) {
            twin.current.items.count >= services
          }
          try await bed.calm()
        }
        try await loseServer(burst, caller, &measured)
        try await loseAgents(burst, twin, caller, &measured)
        return measured
      }
      var whole = measured
      whole.traffic = traffic
      whole.faults = bed.crowd.tally.counts.faults
      return whole
    }
  }

  private func loseServer(
    _ burst: Burst, _ caller: Caller, _ measured: inout Measured
  ) async throws {
    let (bed, children) = (burst.bed, burst.bed.testbed.children)
    children.kill("server")
    try await Task.sleep(for: .seconds(outage))
    children.restart("server")
    try await wait(for: "answer of the server", .seconds(60)) {
      (try? await bed.testbed.client.agents()) != nil
    }
    let answered = ContinuousClock.now
    try await bed.agentIsConnected()
    measured.agentBack = ContinuousClock.now - answered
    let mark = ContinuousClock.now
    let last = try await burst.run()
    measured.afterOutage = try await arrival(at: bed, caller, since: mark) - last
    try await bed.calm()
  }

  private func loseAgents(
    _ burst: Burst, _ twin: SimulatedAgent, _ caller: Caller, _ measured: inout Measured
  ) async throws {
    let bed = burst.bed
    try await settle(burst, twin, caller)
    let before = twin.current.items
    let name = ScaleBed.site.prefix + "agent"
    bed.testbed.children.kill(name)
    try await wait(for: "end of the streams") {
      bed.crowd.proxies.allSatisfy { !$0.isConnected }
    }
    _ = try await Burst(bed: bed, writes: awayChanges, versions: Self.versions).run()
    let start = ContinuousClock.now
    bed.testbed.children.restart(name)
    try await bed.agentIsConnected()
    let back = ContinuousClock.now
    measured.agentStart = back - start
    measured.afterAbsence = try await arrival(at: bed, caller, since: start) - back
    try await bed.calm()

    (measured.twin, measured.bytes) = try await comeBack(twin, bed)
    let after = twin.current.items
    twin.forget()
    (_, measured.fullBytes) = try await comeBack(twin, bed)
    // Contents: what is again as it was keeps the revision that it came with, so sizes may differ.
    let isSame = twin.current.items.mapValues(\.hash) == after.mapValues(\.hash)
    measured.different = isSame ? 0 : 1
    let changed = after.filter { before[$0.key]?.hash != $0.value.hash }
    measured.changedItems = changed.count
    measured.minimalBytes = changed.values.reduce(0) { $0 + $1.size }
  }

  /// Leads the traffic back to where it began, and lets the simulated agent take note.
  private func settle(_ burst: Burst, _ twin: SimulatedAgent, _ caller: Caller) async throws {
    try await burst.turn(to: Self.versions[0])
    try await caller.settle(on: Self.versions[0], from: burst.bed.plan.site.url(Self.echo))
    _ = try await comeBack(twin, burst.bed)
  }

  /// Connects the simulated agent until it has everything: how long that took from its welcome, and
  /// how many bytes.
  private func comeBack(
    _ twin: SimulatedAgent, _ bed: ScaleBed
  ) async throws -> (Duration, Int) {
    let deltas = twin.current.deltas
    let (host, port) = (Testbed.serverAddress, 9443)
    let before = try await LinkBytes.received(from: host, port: port)
    return try await beside([{ await twin.runPatiently() }]) {
      try await wait(for: "welcome of the simulated agent") { twin.current.isWelcome }
      let welcome = ContinuousClock.now
      try await wait(for: "what the simulated agent has missed", .seconds(120)) {
        twin.current.deltas > deltas
      }
      try await ProcessTable.rest(of: bed.serverProcess)
      return (
        max(.zero, twin.current.changed - welcome),
        try await LinkBytes.ofConnections(madeAfter: before, from: host, port: port)
      )
    }
  }

  /// When Envoy answers as the last change says, and all simulated proxies have everything.
  private func arrival(
    at bed: ScaleBed, _ caller: Caller, since mark: ContinuousClock.Instant
  ) async throws -> ContinuousClock.Instant {
    let envoy = try await caller.watch(
      for: Self.versions[Self.versions.count - 1], from: bed.plan.site.url(Self.echo))
    try await bed.crowd.expect("answers to all simulated proxies") {
      $0.proxies.allSatisfy(\.isAnswered)
    }
    try await bed.calm()
    return max(envoy, bed.crowd.tally.counts.told.values.max() ?? mark)
  }

  private func report(_ measured: Measured, _ machine: MachineFacts) -> Report {
    func seconds(_ duration: Duration) -> Double { max(0, duration / .seconds(1)) }
    func ratio(_ bytes: Int, to other: Int) -> Double {
      other > 0 ? Double(bytes) / Double(other) : 0
    }
    let slowest = [measured.afterOutage, measured.afterAbsence, measured.twin].max() ?? .zero
    return Report(
      scenario: "catchup", machine: machine, rounds: 1,
      parameters: [
        "outage_s": .integer(Int64(outage)), "changes": .integer(Int64(changes)),
        "away_changes": .integer(Int64(awayChanges)), "services": .integer(Int64(services)),
        "proxies": .integer(Int64(proxies)), "rate": .number(rate),
        "requests": .integer(Int64(measured.traffic.count)),
        "changed_items": .integer(Int64(measured.changedItems)),
      ],
      metrics: [
        .init(name: "converged_s", value: seconds(slowest), unit: "s", goal: .atMost(2)),
        .init(
          name: "ratio_to_minimal_bytes",
          value: ratio(measured.bytes, to: measured.minimalBytes), unit: "x", goal: .atMost(1.3)),
        .fault("failed_requests", measured.traffic.failed),
        .fault("order_violations", measured.faults.unordered),
        .fault("resent", measured.faults.resent),
        .fault("different_from_full", measured.different),
        .init(name: "after_outage_s", value: seconds(measured.afterOutage), unit: "s"),
        .init(name: "agent_back_s", value: seconds(measured.agentBack), unit: "s"),
        .init(name: "after_absence_s", value: seconds(measured.afterAbsence), unit: "s"),
        .init(name: "agent_start_s", value: seconds(measured.agentStart), unit: "s"),
        .init(name: "simulated_agent_s", value: seconds(measured.twin), unit: "s"),
        .init(name: "received_kb", value: Double(measured.bytes) / 1024, unit: "kB"),
        .init(
          name: "request_p99_ms", value: measured.traffic.answered.percentile(99), unit: "ms"),
      ],
      baselines: [
        .init(
          name: "minimal_kb", value: Double(measured.minimalBytes) / 1024, unit: "kB",
          ratio: ratio(measured.bytes, to: measured.minimalBytes)),
        .init(
          name: "full_resync_kb", value: Double(measured.fullBytes) / 1024, unit: "kB",
          ratio: ratio(measured.bytes, to: measured.fullBytes)),
      ])
  }
}
