import Documents

/// What all scenarios found.
struct Summary: Sendable {
  let outcomes: [ScenarioRun.Outcome]
  /// Everything was too small to be measured: only what was checked means something.
  let isQuick: Bool

  /// All came to their end, and nothing is wrong.
  var isSound: Bool { outcomes.allSatisfy(\.isSound) }

  var document: Document {
    [
      "sound": .bool(isSound),
      "scenarios": .list(
        outcomes.map { outcome in
          switch outcome.result {
          case .success(let report): report.document
          case .failure(let problem):
            ["scenario": .string(outcome.name), "failure": .string(problem.description)]
          }
        }),
    ]
  }

  /// A table: metrics with their goals, and under them what they are compared with.
  var text: String {
    var rows = [["scenario", "metric", "value", "unit", "goal", "met", "ratio"]]
    for outcome in outcomes {
      switch outcome.result {
      case .failure(let problem): rows.append([outcome.name, "FAILED: \(problem)"])
      case .success(let report):
        let metrics = isQuick ? report.metrics.filter(\.isCheck) : report.metrics
        rows += metrics.map { metric in
          [
            outcome.name, metric.name, Report.decimal(metric.value), metric.unit,
            metric.goal?.text ?? "-", metric.met.map { $0 ? "yes" : "NO" } ?? "-", "",
          ]
        }
        rows += (isQuick ? [] : report.baselines).map { baseline in
          [
            outcome.name, "· " + baseline.name, Report.decimal(baseline.value), baseline.unit,
            "", "", baseline.ratio.map(Report.decimal) ?? "-",
          ]
        }
      }
    }
    return (machine + Self.table(rows) + [verdict]).joined(separator: "\n")
  }

  private var machine: [String] {
    for case .success(let report) in outcomes.map(\.result) { return [report.machine.text] }
    return []
  }

  private var verdict: String {
    let reports = outcomes.compactMap { try? $0.result.get() }
    let metrics = reports.flatMap(\.metrics).filter { $0.isCheck || !isQuick }
    let goals = metrics.compactMap(\.met)
    let failed = outcomes.filter { !$0.isSound }.map(\.name)
    let soundness =
      failed.isEmpty ? "every check holds" : "WRONG: \(failed.joined(separator: ", "))"
    return "\(goals.count { $0 }) of \(goals.count) goals met, \(soundness)"
  }

  /// Columns as wide as what is in them; a row that ends early may be longer than its column.
  private static func table(_ rows: [[String]]) -> [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.filter { $0.count == columns }.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      zip(row, widths).map { text, width in
        text + String(repeating: " ", count: max(0, width - text.count))
      }.joined(separator: "  ")
    }
  }
}
