import ArgumentParser
import Documents
import Foundation
import Glibc

/// What callers notice when a part of a site dies under load.
struct FailoverCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "failover",
    abstract: "Count failed requests and time the recovery while parts of a site die.",
    discussion: """
      Starts a server, an edge, and the sites east, west and south on loopback; the service runs in \
      east and west. Under a steady load, in turn: all instances in west are killed while west \
      calls; west's gateway, west's agent are killed, and every process of west is frozen, which \
      from outside looks like a cut, while south calls. Killed is kill -9 of the supervisor and of \
      its Envoy. A fault's recovery lasts until the last request that failed was sent; callers are \
      slowed down until the last one ended that took longer than 250 ms. Then the part comes back, \
      and a second load runs until traffic is home. The baseline is the same load without a fault.
      """)

  static let quick = ["--requests", "200", "--rate", "100", "--fault", "gateway"]

  @Option(help: "Requests under each fault.")
  var requests = 3000

  @Option(help: "Requests per second.")
  var rate = 200.0

  @Option(help: "A fault: instances, gateway, agent or cut; may be repeated. All unless set.")
  var fault: [Fault] = []

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (100...100_000).contains(requests) else {
      throw ValidationError("--requests is 100 to 100000")
    }
    guard (1...2000).contains(rate) else { throw ValidationError("--rate is 1 to 2000") }
  }

  private static let echo = SitePlan.Upstream(service: Testbed.echo, port: 20_000)
  private static let east = SitePlan(
    name: "east", number: 3, gateway: "east-west", instances: ["east-1"])
  private static let west = SitePlan(
    name: "west", number: 4, gateway: "east-west", instances: ["west-1", "west-2"],
    upstreams: [echo])
  private static let south = SitePlan(
    name: "south", number: 5, gateway: "east-west", upstreams: [echo])

  /// The part that fails.
  enum Fault: String, CaseIterable, ExpressibleByArgument {
    case none, instances, gateway, agent, cut

    /// The site whose caller is asked.
    var caller: SitePlan { self == .instances ? FailoverCommand.west : FailoverCommand.south }

    var victims: [String] {
      switch self {
      case .none, .cut: []
      case .instances: west.instances.map { west.prefix + $0 }
      case .gateway: [west.prefix + "gateway"]
      case .agent: [west.prefix + "agent"]
      }
    }

    func strike(_ children: Children) {
      if self == .cut { children.signal(SIGSTOP, to: west.prefix) }
      for victim in victims { children.kill(victim) }
    }

    func mend(_ children: Children) {
      if self == .cut { children.signal(SIGCONT, to: west.prefix) }
      for victim in victims { children.restart(victim) }
    }
  }

  private struct Result: Sendable {
    var requests = Samples()
    var failed = 0
    /// From the fault until nothing sent failed any more.
    var recovery = Duration.zero
    /// From the fault until callers noticed nothing of it any more.
    var slowness = Duration.zero
    /// From the repair until traffic was where it had been.
    var home = Duration.zero
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let plans = [
      SitePlan(name: "edge", number: 2, gateway: "edge"), Self.east, Self.west, Self.south,
    ]
    let results = try await untilInterrupted {
      try await Testbed.with(options, plans) { testbed in
        try await Caller.with { caller in
          var results: [(Fault, Result)] = []
          for fault in fault.isEmpty ? Fault.allCases : [.none] + fault {
            results.append((fault, try await measure(fault, testbed.children, caller)))
          }
          return results
        }
      }
    }
    report(results, machine).print(json: options.json)
  }

  private func measure(
    _ fault: Fault, _ children: Children, _ caller: Caller
  ) async throws -> Result {
    let url = fault.caller.url(Self.echo)
    try await comeHome(fault, url, caller)
    let at = Duration.seconds(Double(requests) / rate / 4)
    let load = SteadyLoad(url: url, requests: requests, rate: rate)
    let outcomes = try await load.run(by: caller) { start in
      try await Task.sleep(until: start + at)
      fault.strike(children)
    }
    var result = Result()
    for outcome in outcomes {
      let took = outcome.ended - outcome.sent
      result.requests.add(took)
      if outcome.answer == nil {
        result.failed += 1
        result.recovery = max(result.recovery, outcome.sent - at)
      }
      if outcome.ended > at, took > .milliseconds(250) {
        result.slowness = max(result.slowness, outcome.ended - at)
      }
    }
    let mended = ContinuousClock.now
    fault.mend(children)
    try await comeHome(fault, url, caller)
    result.home = ContinuousClock.now - mended
    return result
  }

  /// Waits until a hundred answers in a row come from where they should while all is well: from
  /// the caller's own site, or else from both others.
  private func comeHome(_ fault: Fault, _ url: String, _ caller: Caller) async throws {
    let home =
      fault.caller.instances.isEmpty ? [Self.east.prefix, Self.west.prefix] : [Self.west.prefix]
    var shares: [Int] = []
    do {
      try await wait(for: "traffic at home after \(fault.rawValue)", .seconds(60)) {
        let load = SteadyLoad(url: url, requests: 100, rate: rate)
        let answers = try await load.run(by: caller) { _ in }.map(\.answer)
        shares = home.map { site in answers.count { $0?.hasPrefix(site) ?? false } }
        return shares.reduce(0, +) == answers.count
          && shares.allSatisfy { $0 > answers.count / 5 }
      }
    } catch let impatience as Impatience {
      throw Impatience(description: "\(impatience): of 100 answers, \(home) gave \(shares)")
    }
  }

  private func report(_ results: [(Fault, Result)], _ machine: MachineFacts) -> Report {
    // At most one in a thousand may fail, and none after two seconds.
    let tolerated = Double(requests) / 1000
    let faults = results.filter { $0.0 != .none }
    let failed = faults.map { Double($0.1.failed) }
    let recovery = faults.map { $0.1.recovery / .milliseconds(1) }
    var metrics: [Report.Metric] = [
      .init(
        name: "failed_requests", value: failed.reduce(0, +), unit: "",
        goal: .atMost(tolerated * Double(faults.count))),
      .init(name: "recovery_ms", value: recovery.max() ?? 0, unit: "ms", goal: .atMost(2000)),
    ]
    for (fault, result) in faults {
      metrics += [
        .init(
          name: "\(fault.rawValue)_failed_requests", value: Double(result.failed), unit: "",
          goal: .atMost(tolerated)),
        .init(
          name: "\(fault.rawValue)_recovery_ms", value: result.recovery / .milliseconds(1),
          unit: "ms", goal: .atMost(2000)),
        .init(
          name: "\(fault.rawValue)_slow_ms", value: result.slowness / .milliseconds(1),
          unit: "ms"),
        .init(
          name: "\(fault.rawValue)_max_ms", value: result.requests.maximum, unit: "ms"),
        .init(
          name: "\(fault.rawValue)_home_ms", value: result.home / .milliseconds(1), unit: "ms"),
      ]
    }
    let calm = results.first { $0.0 == .none }?.1 ?? Result()
    return Report(
      scenario: "failover", machine: machine, rounds: 1,
      parameters: [
        "requests": .integer(Int64(requests)), "rate": .number(rate),
        "faults": .list(faults.map { .string($0.0.rawValue) }),
      ],
      metrics: metrics,
      baselines: [
        .init(
          name: "undisturbed_failed_requests", value: Double(calm.failed), unit: "", ratio: nil),
        .init(
          name: "undisturbed_p99_ms", value: calm.requests.percentile(99), unit: "ms", ratio: nil),
        .init(name: "undisturbed_max_ms", value: calm.requests.maximum, unit: "ms", ratio: nil),
      ])
  }
}
