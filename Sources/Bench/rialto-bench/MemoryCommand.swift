import ArgumentParser
import DeltaXDS
import Documents
import Foundation

/// What a proxy and a service take at the agent.
struct MemoryCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "memory",
    abstract: "Weigh connected proxies and services at the agent.",
    discussion: """
      A real server and a real agent, with services of another cluster. The resident memory of the \
      agent is read with all services and no proxy, and with proxies that have everything, once \
      after the storm of their coming; the same with ten times as many services.
      """)

  static let quick = ["--services", "20", "--proxies", "10"]

  @Option(help: "Services; ten times as many in the second part.") var services = 1_000
  @Option(help: "Simulated proxies.") var proxies = 500

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (10...10_000).contains(services), (1...10_000).contains(proxies) else {
      throw ValidationError("--services and --proxies are 10 to 10000")
    }
  }

  private struct Measured: Sendable {
    /// Bytes.
    var one = 0
    var all = 0
    var back = 0
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let (few, many) = try await untilInterrupted {
      (try await measure(services), try await measure(10 * services))
    }
    report(few, many, machine).print(json: options.json)
  }

  private func measure(_ services: Int) async throws -> Measured {
    let plan = ScaleBed.Plan(services: services, proxies: proxies)
    return try await ScaleBed.with(options, plan) { bed in
      func resident() async throws -> Int {
        try await ProcessTable.settledMemory(of: bed.agentProcess)
      }
      var measured = Measured()
      // The gateway and one proxy: the view is made and nobody else has it.
      bed.crowd.connect(0..<2)
      try await bed.crowd.expect("all services at the first proxy", within: .seconds(120)) {
        $0.catalogue.numbers(of: .endpoints, containing: "svc-").count >= services
      }
      measured.one = try await resident()
      bed.crowd.connect(2..<bed.crowd.proxies.count)
      try await bed.settle()
      measured.all = try await resident()
      await bed.crowd.disconnect()
      measured.back = try await resident()
      return measured
    }
  }

  private func report(_ few: Measured, _ many: Measured, _ machine: MachineFacts) -> Report {
    func perProxy(_ measured: Measured) -> Double {
      Double(measured.all - measured.one) / Double(max(1, proxies - 1)) / 1024
    }
    let perService = Double(many.one - few.one) / Double(9 * services) / 1024
    return Report(
      scenario: "memory", machine: machine, rounds: 1,
      parameters: [
        "services": .integer(Int64(services)), "more_services": .integer(Int64(10 * services)),
        "proxies": .integer(Int64(proxies)),
      ],
      metrics: [
        .init(name: "proxy_kb", value: perProxy(few), unit: "kB", goal: .atMost(300)),
        .init(
          name: "proxy_kb_with_tenfold_services", value: perProxy(many), unit: "kB",
          goal: .atMost(300)),
        .init(name: "service_kb", value: perService, unit: "kB", goal: .atMost(4)),
        .init(name: "agent_mb", value: Double(many.one) / 1_048_576, unit: "MB"),
        .init(
          name: "agent_with_proxies_mb", value: Double(many.all) / 1_048_576, unit: "MB"),
        .init(
          name: "agent_after_proxies_mb", value: Double(many.back) / 1_048_576, unit: "MB"),
      ],
      baselines: [])
  }
}
