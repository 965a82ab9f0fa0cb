import ArgumentParser
import Documents
import Foundation

/// What the processes cost when nothing happens.
struct IdleCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "idle", abstract: "Measure the processor time of a mesh at rest.")

  static let quick = ["--seconds", "2", "--rest", "1"]

  @Option(help: "Seconds for which the processes are watched.")
  var seconds = 30

  @Option(help: "Seconds of rest before that.")
  var rest = 10

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...86_400).contains(seconds), (0...3600).contains(rest) else {
      throw ValidationError("--seconds is 1 to 86400, --rest 0 to 3600")
    }
  }

  private static let echo = SitePlan.Upstream(service: Testbed.echo, port: 20_000)
  private static let plan = SitePlan(
    name: "site", number: 2, instances: ["v1", "v2"], upstreams: [echo])
  private static let proxies = (plan.instances + ["caller"]).map { plan.prefix + $0 }

  func run() async throws {
    let machine = MachineFacts.read()
    let shares = try await untilInterrupted {
      try await Testbed.with(options, [Self.plan]) { testbed in
        try await Caller.with { caller in
          try await wait(for: "answer through a proxy") {
            try await caller.ask(Self.plan.url(Self.echo)) != nil
          }
        }
        try await Task.sleep(for: .seconds(rest))
        return try await watch(testbed)
      }
    }
    report(shares, machine).print(json: options.json)
  }

  /// Percent of one core by process; Envoys under the names of their proxies.
  private func watch(_ testbed: Testbed) async throws -> [String: Double] {
    var processes = testbed.children.all
    for name in Self.proxies {
      let envoys = ProcessTable.processes(
        mentioning: "\(testbed.folder)/\(name)/run/bootstrap.json")
      processes["envoy \(name)"] = envoys.first
    }
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

  private func report(_ shares: [String: Double], _ machine: MachineFacts) -> Report {
    func greatest(_ names: [String]) -> Double { names.compactMap { shares[$0] }.max() ?? 0 }
    return Report(
      scenario: "idle", machine: machine, rounds: 1,
      parameters: [
        "seconds": .integer(Int64(seconds)), "rest_seconds": .integer(Int64(rest)),
        "proxies": .integer(Int64(Self.proxies.count)),
      ],
      metrics: [
        .init(
          name: "server_cpu_percent", value: greatest(["server"]), unit: "%", goal: .atMost(0.5)),
        .init(
          name: "agent_cpu_percent", value: greatest([Self.plan.prefix + "agent"]), unit: "%",
          goal: .atMost(0.5)),
        .init(
          name: "proxy_cpu_percent", value: greatest(Self.proxies), unit: "%", goal: .atMost(0.5)),
      ],
      baselines: [
        .init(
          name: "envoy_cpu_percent", value: greatest(Self.proxies.map { "envoy \($0)" }),
          unit: "%", ratio: nil)
      ])
  }
}
