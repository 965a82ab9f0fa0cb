import ArgumentParser
import Documents
import Foundation

/// Every scenario, one after the other.
struct AllCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all", abstract: "Run every scenario, and print one table.",
    discussion: """
      Each scenario runs in a process of its own, with its own defaults. One that fails is reported, \
      and the others go on. The exit status is 0 when all of them came to their end and every check \
      holds: nothing resent, nothing out of order, no request failed, nobody told whom a change does \
      not concern. A goal of speed that is missed is in the table and does not count as a failure.

      With --quick everything is so small that it takes about two minutes, for what is checked and \
      not for what is measured.
      """)

  static let scenarios: [any Scenario.Type] = [
    PropagationCommand.self, DiscoveryCommand.self, FailoverCommand.self, FanoutCommand.self,
    ScopedCommand.self, EndpointsCommand.self, ReconnectCommand.self, AgentsCommand.self,
    MemoryCommand.self, StormCommand.self, CatchupCommand.self, MembershipCommand.self,
    OrgDefaultCommand.self, WritesCommand.self, ReadsCommand.self, PlanCommand.self,
    IdleCommand.self,
    GrowthCommand.self, SoakCommand.self,
  ]

  @Flag(help: "Everything small: for correctness, never for speed.") var quick = false

  @Option(
    help: ArgumentHelp("A scenario; may be repeated. All unless set.", valueName: "scenario"))
  var only: [String] = []

  @OptionGroup var options: BenchOptions

  func validate() throws {
    let known = Self.scenarios.map { $0.name }
    if let unknown = only.first(where: { !known.contains($0) }) {
      throw ValidationError("there is no scenario \(unknown): \(known.joined(separator: ", "))")
    }
  }

  /// How long a scenario may take before it is ended.
  private var limit: Duration { quick ? .seconds(120) : .seconds(3600) }

  func run() async throws {
    let chosen = Self.scenarios.filter { only.isEmpty || only.contains($0.name) }
    let outcomes = try await untilInterrupted { try await run(chosen) }
    let summary = Summary(outcomes: outcomes, isQuick: quick)
    print(options.json ? summary.document.prettyJSON : summary.text)
    if !summary.isSound { throw ExitCode.failure }
  }

  private func run(_ scenarios: [any Scenario.Type]) async throws -> [ScenarioRun.Outcome] {
    var outcomes: [ScenarioRun.Outcome] = []
    for (index, scenario) in scenarios.enumerated() {
      tell("[\(index + 1)/\(scenarios.count)] \(scenario.name) … ")
      let run = ScenarioRun(
        name: scenario.name, options: (quick ? scenario.quick : []) + options.arguments,
        limit: limit)
      let outcome = try await run.outcome()
      tell("\(Int(outcome.elapsed / .seconds(1))) s, \(outcome.verdict)\n")
      outcomes.append(outcome)
    }
    return outcomes
  }

  private func tell(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
