import Documents
import Foundation
import Glibc

/// What a scenario found, in the form that all scenarios share.
struct Report: Sendable {
  struct Metric: Sendable {
    var name: String
    var value: Double
    var unit: String
    var goal: Goal?
    /// The goal says what is right, on whatever machine; others say what is fast.
    var isCheck = false

    /// Something that must not happen.
    static func fault(_ name: String, _ count: Int) -> Metric {
      Metric(name: name, value: Double(count), unit: "", goal: .atMost(0), isCheck: true)
    }

    var met: Bool? { goal.map { $0.isMet(by: value) } }
  }

  /// What a value has to be.
  enum Goal: Hashable, Sendable {
    case atMost(Double)
    case atLeast(Double)

    var bound: Double {
      switch self {
      case .atMost(let bound), .atLeast(let bound): bound
      }
    }

    func isMet(by value: Double) -> Bool {
      switch self {
      case .atMost(let bound): value <= bound
      case .atLeast(let bound): value >= bound
      }
    }

    var text: String {
      switch self {
      case .atMost(let bound): "<= \(Report.decimal(bound))"
      case .atLeast(let bound): ">= \(Report.decimal(bound))"
      }
    }
  }

  /// Something measured in the same run that the subject is compared with.
  struct Baseline: Sendable {
    var name: String
    var value: Double
    var unit: String
    /// How much the subject needs of it.
    var ratio: Double?
  }

  var scenario: String
  var machine: MachineFacts
  var rounds: Int
  var parameters: [String: Document]
  var metrics: [Metric]
  var baselines: [Baseline]

  /// The checks that do not hold.
  var failedChecks: [Metric] { metrics.filter { $0.isCheck && $0.met == false } }

  var text: String {
    var lines = ["\(scenario), \(rounds) rounds, \(machine.text)"]
    lines += parameters.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value.canonicalText)" }
    lines.append(Self.row("metric", "value", "unit", "goal", "met"))
    for metric in metrics {
      lines.append(
        Self.row(
          metric.name, Self.decimal(metric.value), metric.unit,
          metric.goal?.text ?? "-", metric.met.map { $0 ? "yes" : "NO" } ?? "-"))
    }
    if !baselines.isEmpty {
      lines.append(Self.row("baseline", "value", "unit", "ratio", ""))
      for baseline in baselines {
        lines.append(
          Self.row(
            baseline.name, Self.decimal(baseline.value), baseline.unit,
            baseline.ratio.map(Self.decimal) ?? "-", ""))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Prints it, with what the simulated proxies and agents, which run in this process, have used.
  func print(json: Bool) {
    var report = self
    if let used = ProcessTable.processorTime(of: getpid()) {
      report.parameters["harness_cpu_s"] = .number(Self.rounded(used / .seconds(1)))
    }
    Swift.print(json ? report.document.prettyJSON : report.text)
  }

  private static func row(_ columns: String...) -> String {
    let widths = [28, 12, 8, 14, 4]
    var line = ""
    for (column, width) in zip(columns, widths) {
      line += column + String(repeating: " ", count: max(1, width - column.utf8.count))
    }
    return "  " + line
  }

  static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
  static func decimal(_ value: Double) -> String { String(format: "%.3f", value) }
}

/// The durations of one kind of event.
struct Samples: Sendable {
  private(set) var milliseconds: [Double] = []

  var count: Int { milliseconds.count }

  mutating func add(_ duration: Duration) { milliseconds.append(duration / .milliseconds(1)) }

  static func + (left: Samples, right: Samples) -> Samples {
    var all = left
    all.milliseconds += right.milliseconds
    return all
  }

  /// By nearest rank; zero when there are no samples.
  func percentile(_ percent: Double) -> Double {
    guard !milliseconds.isEmpty else { return 0 }
    let sorted = milliseconds.sorted()
    let rank = Int((percent / 100 * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }

  var maximum: Double { milliseconds.max() ?? 0 }
}
