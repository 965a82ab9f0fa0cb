import Documents

// The form in which a report leaves one process and is read by another.
extension Report {
  var document: Document {
    [
      "scenario": .string(scenario),
      "machine": machine.document,
      "rounds": .integer(Int64(rounds)),
      "parameters": .object(parameters),
      "metrics": .list(metrics.map(\.document)),
      "baselines": .list(baselines.map(\.document)),
    ]
  }

  /// - Throws: when the document is not one that `document` makes.
  init(_ document: Document) throws {
    guard let scenario = document["scenario"]?.string, let machine = document["machine"],
      let rounds = document["rounds"]?.integer,
      let parameters = document["parameters"]?.object,
      let metrics = document["metrics"]?.list, let baselines = document["baselines"]?.list
    else { throw Impatience(description: "what a scenario printed is no report") }
    self.init(
      scenario: scenario, machine: try MachineFacts(machine), rounds: Int(rounds),
      parameters: parameters, metrics: try metrics.map(Metric.init),
      baselines: try baselines.map(Baseline.init))
  }
}

extension Report.Metric {
  fileprivate var document: Document {
    [
      "name": .string(name), "value": .number(Report.rounded(value)), "unit": .string(unit),
      "goal": goal.map { .number($0.bound) } ?? .null,
      "bound": goal.map { .string($0.side) } ?? .null,
      "met": met.map { .bool($0) } ?? .null,
      "check": .bool(isCheck),
    ]
  }

  fileprivate init(_ document: Document) throws {
    guard let name = document["name"]?.string, let value = document["value"]?.double,
      let unit = document["unit"]?.string
    else { throw Impatience(description: "a report has a metric without a name or a value") }
    self.init(
      name: name, value: value, unit: unit,
      goal: Report.Goal(bound: document["goal"]?.double, side: document["bound"]?.string),
      isCheck: document["check"]?.bool ?? false)
  }
}

extension Report.Goal {
  fileprivate var side: String {
    switch self {
    case .atMost: "most"
    case .atLeast: "least"
    }
  }

  fileprivate init?(bound: Double?, side: String?) {
    switch (bound, side) {
    case (let bound?, "most"): self = .atMost(bound)
    case (let bound?, "least"): self = .atLeast(bound)
    default: return nil
    }
  }
}

extension Report.Baseline {
  fileprivate var document: Document {
    [
      "name": .string(name), "value": .number(Report.rounded(value)), "unit": .string(unit),
      "ratio": ratio.map { .number(Report.rounded($0)) } ?? .null,
    ]
  }

  fileprivate init(_ document: Document) throws {
    guard let name = document["name"]?.string, let value = document["value"]?.double,
      let unit = document["unit"]?.string
    else { throw Impatience(description: "a report has a baseline without a name or a value") }
    self.init(name: name, value: value, unit: unit, ratio: document["ratio"]?.double)
  }
}

extension Document {
  /// A number of either kind.
  var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
}
