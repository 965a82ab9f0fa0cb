import ArgumentParser
import DeltaXDS
import Documents
import Foundation

/// How fast endpoints follow when they change all the time.
struct EndpointsCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "endpoints",
    abstract: "Change endpoints at a steady rate, each in the view of a part of the proxies.",
    discussion: """
      A real server and a real agent; instances of as many services as workspaces and a few more \
      turn healthy and unhealthy at a steady rate. The time runs from the message of the workload \
      to the acknowledgement of each proxy that may call it. `compiles` counts the changes that the \
      server sent to the site meanwhile.
      """)

  static let quick = [
    "--rate", "20", "--seconds", "3", "--proxies", "20", "--visible", "10", "--services", "10",
  ]

  @Option(help: "Changes per second.") var rate = 100.0
  @Option(help: "For how long, in seconds.") var seconds = 60
  @Option(help: "Simulated proxies.") var proxies = 1_000
  @Option(help: "Proxies that may call each service.") var visible = 50
  @Option(help: "Services that change.") var services = 200

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (1...1000).contains(rate), (1...3600).contains(seconds), (1...10_000).contains(proxies),
      (1...proxies).contains(visible), (1...2000).contains(services)
    else { throw ValidationError("a number is out of range: see --help") }
  }

  private struct Measured: Sendable {
    var each = Samples()
    var changes = 0
    var missing = 0
    var compiles = 0
    var processor = Duration.zero
    var faults = Ledger.Faults()
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let measured = try await untilInterrupted { try await measure() }
    report(measured, machine).print(json: options.json)
  }

  private func measure() async throws -> Measured {
    let workspaces = max(1, proxies / visible)
    let plan = ScaleBed.Plan(
      services: max(services, workspaces), proxies: proxies, workspaces: workspaces)
    return try await ScaleBed.with(options, plan) { bed in
      _ = try await bed.connectAll()
      return try await change(bed)
    }
  }

  /// Registers an instance of every service, and turns one after the other.
  private func change(_ bed: ScaleBed) async throws -> Measured {
    let site = bed.testbed.site(ScaleBed.site.name)
    let registrars = try await (0..<services).asyncMap { index in
      let service = bed.plan.service(index)
      return try await Registrar.join(
        site.agent, socket: site.socket,
        grant: site.grant(service.name, account: "default", namespace: service.namespace),
        logger: bed.testbed.logger)
    }
    let healths = (0..<services).map { _ in AsyncStream.makeStream(of: Bool.self) }
    let (readies, ready) = AsyncStream.makeStream(of: Void.self)
    let instances = registrars.enumerated().map {
      index, registrar -> @Sendable () async throws -> Void in
      {
        try await registrar.register(
          at: "127.2.\(index / 250).\(index % 250 + 1)", port: Testbed.servicePort,
          turning: healths[index].stream
        ) { ready.yield() }
      }
    }
    return try await beside(instances) {
      for await _ in readies.prefix(services) {}
      try await bed.rest()
      return try await turn(healths.map(\.continuation), bed)
    }
  }

  private func turn(
    _ healths: [AsyncStream<Bool>.Continuation], _ bed: ScaleBed
  ) async throws -> Measured {
    let numbers = (0..<services).map { index in
      let service = bed.plan.service(index)
      return bed.crowd.catalogue.numbers(
        of: .endpoints, containing: "\(service.name).\(service.namespace).mesh")
    }
    let generation = try await bed.generation()
    let before = ProcessTable.processorTime(of: bed.agentProcess) ?? .zero
    bed.crowd.tally.mark()
    bed.crowd.tally.time(numbers)
    let start = ContinuousClock.now
    var measured = Measured()
    measured.changes = Int(rate * Double(seconds))
    for change in 0..<measured.changes {
      try await Task.sleep(until: start + .seconds(Double(change) / rate))
      let index = change % services
      bed.crowd.tally.begin(index)
      healths[index].yield((change / services) % 2 == 1)
    }
    try await bed.rest()
    let counts = bed.crowd.tally.counts
    measured.each = counts.delays
    let expected = (0..<measured.changes).reduce(0) { sum, change in
      sum + bed.callers(of: bed.plan.service(change % services)).count
    }
    measured.missing = max(0, expected - counts.delays.count)
    measured.faults = counts.faults
    measured.processor = (ProcessTable.processorTime(of: bed.agentProcess) ?? .zero) - before
    measured.compiles = Int(try await bed.generation() - generation)
    return measured
  }

  private func report(_ measured: Measured, _ machine: MachineFacts) -> Report {
    Report(
      scenario: "endpoints", machine: machine, rounds: 1,
      parameters: [
        "rate": .number(rate), "seconds": .integer(Int64(seconds)),
        "proxies": .integer(Int64(proxies)), "visible": .integer(Int64(visible)),
        "changes": .integer(Int64(measured.changes)),
        "acknowledgements": .integer(Int64(measured.each.count)),
      ],
      metrics: [
        .init(name: "p50_ms", value: measured.each.percentile(50), unit: "ms"),
        .init(name: "p99_ms", value: measured.each.percentile(99), unit: "ms", goal: .atMost(50)),
        .init(name: "max_ms", value: measured.each.maximum, unit: "ms"),
        .fault("compiles", measured.compiles),
        .init(name: "merged_or_missing", value: Double(measured.missing), unit: ""),
        .fault("resent", measured.faults.resent),
        .init(
          name: "agent_cpu_percent",
          value: measured.processor / .seconds(seconds) * 100, unit: "%"),
      ],
      baselines: [])
  }
}

extension Sequence where Self: Sendable, Element: Sendable {
  /// In order, a few at a time.
  fileprivate func asyncMap<Made: Sendable>(
    _ make: @escaping @Sendable (Element) async throws -> Made
  ) async throws -> [Made] {
    try await withThrowingTaskGroup(of: (Int, Made).self) { group in
      var made: [(Int, Made)] = []
      for (index, element) in self.enumerated() {
        if index >= 16, let next = try await group.next() { made.append(next) }
        group.addTask { (index, try await make(element)) }
      }
      for try await next in group { made.append(next) }
      return made.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}
