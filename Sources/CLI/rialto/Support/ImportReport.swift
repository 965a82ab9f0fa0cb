import Documents
import ManagementClient
import Manifests
import Model

/// What became of every object of an import.
struct ImportReport {
  enum Outcome: String, CaseIterable {
    case taken, converted, warned, refused, skipped
  }

  struct Row {
    var outcome: Outcome
    var title: String
    var fqn: String?
    var file: String?
    var line: Int?
    /// What was converted, warned of or refused, each with its code.
    var details: [String]
  }

  private(set) var rows: [Row]

  /// - Parameter refusals: what the server finds wrong.
  init(_ entries: [ManifestEntry], refusals: [ProblemDetails.Item]) {
    rows = entries.map { entry in
      let fqn = entry.manifest?.ref.fqn
      let errors = refusals.filter { fqn != nil && $0.subject == fqn && $0.severity == "error" }
      let title =
        entry.manifest?.ref.shortText
        ?? [entry.kind, entry.name].compactMap { $0 }.joined(separator: " ")
      return Row(
        outcome: errors.isEmpty ? Self.outcome(of: entry) : .refused,
        title: title.isEmpty ? "a document" : title, fqn: fqn, file: entry.file,
        line: entry.mark?.line,
        details: Self.details(of: entry)
          + errors.map { "\($0.path.map { "\($0): " } ?? "")\($0.detail) (\($0.code))" })
    }
  }

  var isRefused: Bool { rows.contains { $0.outcome == .refused } }

  private static func outcome(of entry: ManifestEntry) -> Outcome {
    if entry.hasErrors { return .refused }
    if entry.isSkipped { return .skipped }
    let converted = [ManifestCode.converted.rawValue, ManifestCode.deprecated.rawValue]
    if entry.isOldGateway || entry.diagnostics.contains(where: { converted.contains($0.code) }) {
      return .converted
    }
    return entry.diagnostics.isEmpty ? .taken : .warned
  }

  private static func details(of entry: ManifestEntry) -> [String] {
    let gateway = entry.isOldGateway ? ["kept as it is written, and works as a Gateway"] : []
    return gateway
      + entry.diagnostics.map { diagnostic in
        let path = diagnostic.path.steps.isEmpty ? "" : "\(diagnostic.path.text): "
        let line = diagnostic.mark.map { "line \($0.line): " } ?? ""
        return "\(line)\(path)\(diagnostic.message) (\(diagnostic.code))"
      }
  }

  // MARK: For people and programs

  /// `12 objects: 5 taken, 6 converted, 1 refused`.
  var summary: String {
    let counts = Outcome.allCases.compactMap { outcome in
      let count = rows.count { $0.outcome == outcome }
      return count == 0 ? nil : "\(count) \(outcome.rawValue)"
    }
    return "\(rows.count) objects" + (counts.isEmpty ? "" : ": ") + counts.joined(separator: ", ")
  }

  /// - Parameter outcomes: only these.
  func text(_ outcomes: [Outcome] = Outcome.allCases) -> String {
    rows.filter { outcomes.contains($0.outcome) }.map { row in
      let place = row.file.map { " (\($0)\(row.line.map { ":\($0)" } ?? ""))" } ?? ""
      let head = "\(row.outcome.rawValue): \(row.title)\(place)"
      return ([head] + row.details.map { "  \($0)" }).map { visible($0) + "\n" }.joined()
    }.joined()
  }

  var document: Document {
    let counts = Outcome.allCases.map { outcome in
      (outcome.rawValue, Document.integer(Int64(rows.count { $0.outcome == outcome })))
    }
    return [
      "counts": .object(Dictionary(uniqueKeysWithValues: counts)),
      "items": .list(
        rows.map { row in
          var members: [String: Document] = [
            "outcome": .string(row.outcome.rawValue), "object": .string(row.title),
            "details": .list(row.details.map(Document.string)),
          ]
          members["fqn"] = row.fqn.map(Document.string)
          members["file"] = row.file.map(Document.string)
          members["line"] = row.line.map { .integer(Int64($0)) }
          return .object(members)
        }),
    ]
  }
}

extension ManifestEntry {
  /// Of a kind that Gateway has replaced.
  fileprivate var isOldGateway: Bool {
    switch manifest?.ref.kind {
    case .ingressGateway?, .tier1Gateway?, .egressGateway?: true
    default: false
    }
  }
}
