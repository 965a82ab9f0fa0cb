import Documents
import Foundation
import ManagementClient
import Model

/// What a change of something general costs for each proxy that it concerns, beside the same change
/// made directly at one place.
struct Concern: Sendable {
  /// Makes a change, back and forth by turns, and names the proxies that it concerns.
  struct Change: Sendable {
    var concerned: Set<Int>
    var make: @Sendable (_ turn: Int) async throws -> Void
  }

  /// What one kind of change took, in all rounds together.
  struct Cost: Sendable {
    var processor = Duration.zero
    var elapsed = Samples()
    var told = 0
    var untold = 0
    var overtold = 0
    var faults = Ledger.Faults()

    /// Of the server and the agent.
    var microsecondsPerProxy: Double {
      told > 0 ? processor / .microseconds(1) / Double(told) : 0
    }
  }

  struct Findings: Sendable {
    var general = Cost()
    var direct = Cost()

    var ratio: Double {
      direct.microsecondsPerProxy > 0
        ? general.microsecondsPerProxy / direct.microsecondsPerProxy : 0
    }
  }

  private static let warmUps = 2

  let bed: ScaleBed
  let rounds: Int

  /// Makes both changes in turn, so that a change of the machine's load meets both.
  func compare(_ general: Change, to direct: Change) async throws -> Findings {
    var findings = Findings()
    for round in 0..<rounds + Self.warmUps {
      var discarded = Cost()
      if round < Self.warmUps {
        try await measure(general, round, &discarded)
        try await measure(direct, round, &discarded)
      } else {
        try await measure(general, round, &findings.general)
        try await measure(direct, round, &findings.direct)
      }
    }
    return findings
  }

  private var processor: Duration {
    (ProcessTable.processorTime(of: bed.serverProcess) ?? .zero)
      + (ProcessTable.processorTime(of: bed.agentProcess) ?? .zero)
  }

  private func measure(_ change: Change, _ turn: Int, _ cost: inout Cost) async throws {
    try await bed.calm()
    bed.crowd.tally.mark()
    let before = processor
    try await change.make(turn)
    let start = ContinuousClock.now
    try await bed.crowd.expect("acknowledgements of a change", within: .seconds(60)) {
      let told = $0.tally.counts.told
      return change.concerned.allSatisfy { told[$0] != nil }
    }
    try await bed.calm()
    let counts = bed.crowd.tally.counts
    // The gateway sees more than the callers do.
    let told = Set(counts.told.keys).subtracting([0])
    cost.processor += processor - before
    cost.told += told.count
    cost.untold += change.concerned.subtracting(told).count
    cost.overtold += told.subtracting(change.concerned).count
    cost.elapsed.add(max(.zero, (counts.told.values.max() ?? start) - start))
    cost.faults += counts.faults
  }
}

extension Concern.Findings {
  func report(
    _ scenario: String, _ parameters: [String: Document], rounds: Int, _ machine: MachineFacts
  ) -> Report {
    let isExact = general.untold == 0 && general.overtold == 0
    var parameters = parameters
    parameters["concerned"] = .integer(Int64(general.told / max(1, rounds)))
    parameters["directly_concerned"] = .integer(Int64(direct.told / max(1, rounds)))
    return Report(
      scenario: scenario, machine: machine, rounds: rounds, parameters: parameters,
      metrics: [
        .init(name: "ratio_to_concerned", value: ratio, unit: "x", goal: .atMost(1.5)),
        .init(
          name: "told_exact", value: isExact ? 1 : 0, unit: "", goal: .atLeast(1), isCheck: true),
        .fault("order_violations", general.faults.unordered),
        .fault("resent", general.faults.resent),
        .init(name: "cpu_per_proxy_us", value: general.microsecondsPerProxy, unit: "us"),
        .init(name: "last_ack_ms", value: general.elapsed.percentile(50), unit: "ms"),
      ],
      baselines: [
        .init(
          name: "direct_cpu_per_proxy_us", value: direct.microsecondsPerProxy, unit: "us",
          ratio: ratio),
        .init(
          name: "direct_last_ack_ms", value: direct.elapsed.percentile(50), unit: "ms", ratio: nil),
      ])
  }
}

// MARK: What is written

extension ScaleBed.Plan {
  private static func parents(_ workspace: Int) -> [String: Document] {
    ["tenant": "bench", "workspace": .string("team-\(workspace)")]
  }

  static func fqn(_ workspace: Int) -> String {
    "organizations/\(Testbed.organization)/tenants/bench/workspaces/team-\(workspace)"
  }

  /// A security group with everything of a workspace's own namespace.
  static func securityGroup(_ workspace: Int) -> Document {
    Testbed.object(
      "Group", "security", in: parents(workspace), group: "security",
      ["namespaceSelector": ["names": [.string("*/team-\(workspace)")]]])
  }

  /// What holds in that group.
  static func securitySetting(_ workspace: Int, _ spec: Document) -> Document {
    var parents = parents(workspace)
    parents["group"] = "security"
    return Testbed.object("SecuritySetting", "own", in: parents, group: "security", spec)
  }

  /// A workspace that owns its namespace, and others.
  static func workspace(_ workspace: Int, owning more: [String]) -> Document {
    let names = ["team-\(workspace)"] + more
    return Testbed.object(
      "Workspace", "team-\(workspace)", in: ["tenant": "bench"],
      ["namespaceSelector": ["names": .list(names.map { .string("*/" + $0) })]])
  }

  /// The proxies of a workspace.
  func members(of workspace: Int) -> Set<Int> {
    Set((0..<proxies).filter { $0 % workspaces == workspace }.map { $0 + 1 })
  }
}
