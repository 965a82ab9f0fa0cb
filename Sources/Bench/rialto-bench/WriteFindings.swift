import Documents

/// What every measurement of `writes` found.
struct WriteFindings: Sendable {
  /// How many clients there are at a time.
  static let sizes = [1, 16, 64]
  static let most = 64

  /// Taken one after the other, by as many clients.
  struct Comparison: Sendable {
    var writes: Crew.Outcome
    var noop: Crew.Outcome
    var etcd: Crew.Outcome?

    var ratioToNoop: Double { writes.perSecond / noop.perSecond }
    var ratioToEtcd: Double? { etcd.map { writes.perSecond / $0.perSecond } }
  }

  /// By the number of clients.
  typealias Round = [Int: Comparison]

  /// Among few objects, and among many.
  var few: [Round] = []
  var many: [Round] = []
}

/// The findings in the form of all scenarios.
struct WritesReport {
  let findings: WriteFindings
  let machine: MachineFacts
  let rounds: Int
  let seconds: Double

  var report: Report {
    Report(
      scenario: "writes", machine: machine, rounds: rounds,
      parameters: [
        "seconds": .number(seconds), "connection": "HTTP/1.1 over TLS; etcd's without",
        "ratios_at_clients": .integer(Int64(WriteFindings.most)), "etcd": .string(etcdNote),
      ],
      metrics: WriteFindings.sizes.flatMap(metrics) + ratios + growth,
      baselines: WriteFindings.sizes.flatMap(baselines))
  }

  private var etcdNote: String {
    comparisons(WriteFindings.most).contains { $0.etcd != nil }
      ? "Debian's etcd-server, one member, puts over its JSON API"
      : "missing: apt-get install etcd-server"
  }

  private func comparisons(_ size: Int) -> [WriteFindings.Comparison] {
    findings.few.compactMap { $0[size] }
  }

  private func metrics(_ size: Int) -> [Report.Metric] {
    let all = comparisons(size)
    let rates = all.map(\.writes.perSecond)
    let latencies = all.map(\.writes.latencies).reduce(Samples(), +)
    let median = rates.median
    let spread = median > 0 ? ((rates.max() ?? 0) - (rates.min() ?? 0)) / median * 100 : 0
    return [
      .init(name: "writes_\(size)_per_s", value: median, unit: "/s"),
      .init(name: "writes_\(size)_spread", value: spread, unit: "%"),
      .init(name: "writes_\(size)_p50_ms", value: latencies.percentile(50), unit: "ms"),
      .init(name: "writes_\(size)_p99_ms", value: latencies.percentile(99), unit: "ms"),
    ]
  }

  private var ratios: [Report.Metric] {
    let all = comparisons(WriteFindings.most)
    let toEtcd = all.compactMap(\.ratioToEtcd)
    let toNoop = Report.Metric(
      name: "ratio_to_noop", value: all.map(\.ratioToNoop).median, unit: "x",
      goal: .atLeast(0.5))
    guard !toEtcd.isEmpty else { return [toNoop] }
    return [
      .init(name: "ratio_to_etcd", value: toEtcd.median, unit: "x", goal: .atLeast(1.5)), toNoop,
    ]
  }

  private var growth: [Report.Metric] {
    let many = findings.many.compactMap { $0[WriteFindings.most] }
    guard !many.isEmpty else { return [] }
    let few = comparisons(WriteFindings.most)
    return [
      .init(
        name: "writes_64_of_10k_per_s", value: many.map(\.writes.perSecond).median, unit: "/s"),
      .init(
        name: "rate_10k_over_100_objects",
        value: many.map(\.ratioToNoop).median / few.map(\.ratioToNoop).median, unit: "x",
        goal: .atLeast(0.8)),
    ]
  }

  private func baselines(_ size: Int) -> [Report.Baseline] {
    let all = comparisons(size)
    let noop = Report.Baseline(
      name: "noop_\(size)_per_s", value: all.map(\.noop.perSecond).median, unit: "/s",
      ratio: all.map(\.ratioToNoop).median)
    let puts = all.compactMap(\.etcd?.perSecond)
    guard !puts.isEmpty else { return [noop] }
    return [
      noop,
      .init(
        name: "etcd_\(size)_per_s", value: puts.median, unit: "/s",
        ratio: all.compactMap(\.ratioToEtcd).median),
    ]
  }
}

extension [Double] {
  /// The one in the middle; the lower of two, zero when there is none.
  fileprivate var median: Double { isEmpty ? 0 : sorted()[(count - 1) / 2] }
}
