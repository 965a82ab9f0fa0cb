import ArgumentParser
import Documents
import Foundation

/// What the processes cost when nothing happens.
struct IdleCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "idle", abstract: "Measure the processor time of a mesh at rest.",
    discussion: """
      A server, an agent and three proxies with their Envoys, after some requests; then the same with \
      many simulated proxies connected.
      """)

  static let quick = ["--seconds", "2", "--rest", "1", "--proxies", "10"]

  @Option(help: "Seconds for which the processes are watched.")
  var seconds = 30

  @Option(help: "Seconds of rest before that.")
  var rest = 10

  @Option(help: "Simulated proxies in the second part; none leaves it out.")
  var proxies = 1_000

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...86_400).contains(seconds), (0...3600).contains(rest),
      (0...10_000).contains(proxies)
    else {
      throw ValidationError("--seconds is 1 to 86400, --rest 0 to 3600, --proxies 0 to 10000")
    }
  }

  private static let echo = SitePlan.Upstream(service: Testbed.echo, port: 20_000)
  private static let plan = SitePlan(
    name: "site", number: 2, instances: ["v1", "v2"], upstreams: [echo])
  private static let realProxies = (plan.instances + ["caller"]).map { plan.prefix + $0 }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let (alone, crowded) = try await untilInterrupted {
      try await Testbed.with(options, [Self.plan]) { testbed in
        try await Caller.with { caller in
          try await wait(for: "answer through a proxy") {
            try await caller.ask(Self.plan.url(Self.echo)) != nil
          }
        }
        let alone = try await watch(testbed)
        return (alone, proxies > 0 ? try await watchCrowd(testbed) : nil)
      }
    }
    report(alone, crowded, machine).print(json: options.json)
  }

  private func watchCrowd(_ testbed: Testbed) async throws -> [String: Double] {
    let site = testbed.site(Self.plan.name)
    let members = (0..<proxies).map { index in
      Crowd.Member(
        grant: site.grant("caller", account: "caller"),
        address: "127.1.\(index / 250).\(index % 250 + 1)")
    }
    let crowd = try await Crowd.join(members, at: site, logger: testbed.logger)
    crowd.connect()
    try await crowd.expect("answers to all simulated proxies", within: .seconds(300)) {
      $0.proxies.allSatisfy(\.isAnswered)
    }
    let shares = try await watch(testbed)
    await crowd.disconnect()
    return shares
  }

  /// Percent of one core by process; Envoys under the names of their proxies.
  private func watch(_ testbed: Testbed) async throws -> [String: Double] {
    var processes = testbed.children.all
    for name in Self.realProxies {
      let envoys = ProcessTable.processes(
        mentioning: "\(testbed.folder)/\(name)/run/bootstrap.json")
      processes["envoy \(name)"] = envoys.first
    }
    try await Task.sleep(for: .seconds(rest))
    let start = ContinuousClock.now
    let before = processes.compactMapValues { ProcessTable.processorTime(of: $0) }
    try await Task.sleep(for: .seconds(seconds))
    let elapsed = ContinuousClock.now - start
    var shares: [String: Double] = [:]
    for (name, process) in processes {
      guard let first = before[name], let last = ProcessTable.processorTime(of: process) else {
        throw Impatience(description: "\(name) is gone")
      }
      shares[name] = (last - first) / elapsed * 100
    }
    return shares
  }

  private func report(
    _ alone: [String: Double], _ crowded: [String: Double]?, _ machine: MachineFacts
  ) -> Report {
    func greatest(_ names: [String], of shares: [String: Double]) -> Double {
      names.compactMap { shares[$0] }.max() ?? 0
    }
    let subjects = [
      ("server", ["server"]), ("agent", [Self.plan.prefix + "agent"]), ("proxy", Self.realProxies),
    ]
    func metrics(_ shares: [String: Double], _ suffix: String) -> [Report.Metric] {
      subjects.map { subject, names in
        .init(
          name: "\(subject)_cpu_percent\(suffix)", value: greatest(names, of: shares), unit: "%",
          goal: .atMost(0.5))
      }
    }
    return Report(
      scenario: "idle", machine: machine, rounds: 1,
      parameters: [
        "seconds": .integer(Int64(seconds)), "rest_seconds": .integer(Int64(rest)),
        "real_proxies": .integer(Int64(Self.realProxies.count)),
        "simulated_proxies": .integer(Int64(proxies)),
      ],
      metrics: metrics(alone, "") + (crowded.map { metrics($0, "_with_\(proxies)") } ?? []),
      baselines: [
        .init(
          name: "envoy_cpu_percent",
          value: greatest(Self.realProxies.map { "envoy \($0)" }, of: alone), unit: "%", ratio: nil)
      ])
  }
}
