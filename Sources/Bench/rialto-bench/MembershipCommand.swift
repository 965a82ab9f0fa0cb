import ArgumentParser
import Documents

/// What it costs that a namespace moves, where rules speak of who may call.
struct MembershipCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "membership",
    abstract: "Move a namespace from one workspace to another, of which rules speak.",
    discussion: """
      As scoped, but the proxies take calls, too, and those of one workspace by rules: callers of \
      another workspace may. A namespace moves into that workspace, and out of it. The baseline \
      changes the rules themselves. Both concern the same proxies; the cost is the processor time of \
      server and agent for each proxy that was told something.
      """)

  static let quick = ["--services", "40", "--proxies", "20", "--rounds", "1"]

  @Option(help: "Services.") var services = 200
  @Option(help: "Simulated proxies, in four workspaces.") var proxies = 1_000
  @Option(help: "How often both changes are made.") var rounds = 10

  @OptionGroup var options: BenchOptions

  func validate() throws {
    guard (8...10_000).contains(services), (8...10_000).contains(proxies),
      (1...1000).contains(rounds)
    else { throw ValidationError("--services and --proxies are 8 to 10000, --rounds 1 to 1000") }
  }

  private static let mover = "mover"

  /// Who may call workloads of the first workspace: callers of these others.
  private static func rules(for workspaces: [Int]) -> Document {
    let rules = workspaces.map { workspace -> Document in
      [
        "from": ["fqn": .string(ScaleBed.Plan.fqn(workspace))],
        "to": ["fqn": .string(ScaleBed.Plan.fqn(0))],
      ]
    }
    return ScaleBed.Plan.securitySetting(
      0, ["authorization": ["mode": "RULES", "rules": ["allow": .list(rules)]]])
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let plan = ScaleBed.Plan(
      services: services, proxies: proxies, workspaces: 4, ports: [Testbed.servicePort],
      more: [ScaleBed.Plan.securityGroup(0), Self.rules(for: [1])])
    let findings = try await untilInterrupted {
      try await ScaleBed.with(options, plan) { bed in
        _ = try await bed.connectAll()
        let move = Concern.Change(concerned: plan.members(of: 0)) { turn in
          let home = turn % 2 + 1
          try await bed.testbed.apply([
            ScaleBed.Plan.workspace(1, owning: home == 1 ? [Self.mover] : []),
            ScaleBed.Plan.workspace(2, owning: home == 2 ? [Self.mover] : []),
          ])
        }
        let direct = Concern.Change(concerned: plan.members(of: 0)) { turn in
          try await bed.testbed.apply([Self.rules(for: turn % 2 == 0 ? [1, 3] : [1])])
        }
        return try await Concern(bed: bed, rounds: rounds).compare(move, to: direct)
      }
    }
    findings.report(
      "membership",
      ["services": .integer(Int64(services)), "proxies": .integer(Int64(proxies))],
      rounds: rounds, machine
    ).print(json: options.json)
  }
}
