/// Something that is wrong, or questionable, with what an operator wrote.
package struct Diagnostic: Hashable, Sendable {
  package enum Severity: String, Hashable, Sendable { case error, warning }

  package var severity: Severity
  /// Stable and documented: `RL` and four digits.
  package var code: String
  /// The FQN of the object concerned, or nil when the text never became an object.
  package var subject: String?
  package var path: FieldPath
  /// The file as the client named it; nil for the body of a request.
  package var file: String?
  package var mark: Mark?
  /// What is wrong, and what to do about it.
  package var message: String

  package init(
    _ severity: Severity = .error, code: String, subject: String? = nil,
    path: FieldPath = FieldPath(), file: String? = nil, mark: Mark? = nil, message: String
  ) {
    self.severity = severity
    self.code = code
    self.subject = subject
    self.path = path
    self.file = file
    self.mark = mark
    self.message = message
  }

  /// `shop.yaml:7:3: ServiceRoute orders: spec.subsets[0].weigth: unknown field (RL1003)`.
  package var text: String {
    var parts: [String] = []
    if file != nil || mark != nil {
      let place = mark.map { ":\($0.line):\($0.column)" } ?? ""
      parts.append("\(file ?? "line")\(place)")
    }
    if let subject { parts.append(subject) }
    if !path.steps.isEmpty { parts.append(path.text) }
    parts.append("\(message) (\(code))")
    return parts.joined(separator: ": ")
  }
}

/// A value and what was noticed while it was made; the value is usable only without errors.
package struct Diagnosed<Value> {
  package var value: Value
  package var diagnostics: [Diagnostic]

  package init(value: Value, diagnostics: [Diagnostic] = []) {
    self.value = value
    self.diagnostics = diagnostics
  }

  package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}

extension Diagnosed: Sendable where Value: Sendable {}
