import ArgumentParser
import Documents

/// What it costs that a default of the whole organization changes.
struct OrgDefaultCommand: Scenario {
  static let configuration = CommandConfiguration(
    commandName: "orgdefault",
    abstract: "Change a default of the whole organization, which a part of it overrides.",
    discussion: """
      As scoped, but the proxies take calls, too. Half of the workspaces say by themselves whether \
      callers must show a certificate, the others take what the organization says, which changes. \
      The baseline changes what one workspace says by itself. The cost is the processor time of \
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

  private static func requirement(_ turn: Int) -> Document {
    ["authenticationSettings": ["trafficMode": turn % 2 == 0 ? "OPTIONAL" : "REQUIRED"]]
  }

  func run() async throws {
    let machine = try await MachineFacts.read(options)
    let own = [0, 1]
    let plan = ScaleBed.Plan(
      services: services, proxies: proxies, workspaces: 4, ports: [Testbed.servicePort],
      more: (0..<4).map(ScaleBed.Plan.securityGroup)
        + own.map { ScaleBed.Plan.securitySetting($0, Self.requirement(1)) })
    let findings = try await untilInterrupted {
      try await ScaleBed.with(options, plan) { bed in
        _ = try await bed.connectAll()
        let inherit = (0..<4).filter { !own.contains($0) }
        let general = Concern.Change(
          concerned: inherit.reduce(into: []) { $0.formUnion(plan.members(of: $1)) }
        ) { turn in
          try await bed.testbed.apply([
            Testbed.object(
              "OrganizationSetting", "defaults",
              ["defaultSecuritySetting": Self.requirement(turn)])
          ])
        }
        let direct = Concern.Change(concerned: plan.members(of: 0)) { turn in
          try await bed.testbed.apply([
            ScaleBed.Plan.securitySetting(0, Self.requirement(turn))
          ])
        }
        return try await Concern(bed: bed, rounds: rounds).compare(general, to: direct)
      }
    }
    findings.report(
      "orgdefault",
      ["services": .integer(Int64(services)), "proxies": .integer(Int64(proxies))],
      rounds: rounds, machine
    ).print(json: options.json)
  }
}
