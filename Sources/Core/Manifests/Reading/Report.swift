import Documents

/// Collects what is wrong with one manifest, or with the text around it.
struct Report {
  /// More would not help anybody, and a bad file must not cost more than a good one.
  static let limit = 100

  private(set) var diagnostics: [Diagnostic] = []
  var file: String?
  var subject: String?
  /// Where things are, by the path as it is reported.
  var marks: [FieldPath: Mark] = [:]

  init(file: String? = nil, subject: String? = nil, marks: [FieldPath: Mark] = [:]) {
    self.file = file
    self.subject = subject
    self.marks = marks
  }

  mutating func add(
    _ code: ManifestCode, severity: Diagnostic.Severity = .error,
    at path: FieldPath = FieldPath(), mark: Mark? = nil, _ message: String
  ) {
    guard diagnostics.count < Self.limit else { return }
    diagnostics.append(
      Diagnostic(
        severity, code: code.rawValue, subject: subject, path: path, file: file,
        mark: mark ?? nearestMark(to: path), message: message))
  }

  /// What another report has found.
  mutating func add(_ other: Report) {
    diagnostics += other.diagnostics.prefix(max(0, Self.limit - diagnostics.count))
  }

  var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// Names the object in what was found before its name was known.
  mutating func assign(subject: String) {
    self.subject = subject
    for index in diagnostics.indices { diagnostics[index].subject = subject }
  }

  /// The mark of the path or, for something that is not there, of what it is missing in.
  private func nearestMark(to path: FieldPath) -> Mark? {
    var steps = path.steps
    while true {
      if let mark = marks[FieldPath(steps)] { return mark }
      guard steps.popLast() != nil else { return nil }
    }
  }
}
