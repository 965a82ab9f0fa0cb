import Documents
import ManagementClient
import Model

extension Diagnostic {
  /// `shop.yaml:7:3: serviceroute/orders: spec.subset: unknown field (RL1003)`.
  var shortText: String { ProblemDetails.Item(self).text }
}

extension ProblemDetails.Item {
  init(_ diagnostic: Diagnostic) {
    self.init(
      severity: diagnostic.severity.rawValue, code: diagnostic.code, subject: diagnostic.subject,
      path: diagnostic.path.steps.isEmpty ? nil : diagnostic.path.text, file: diagnostic.file,
      mark: diagnostic.mark.map { (Int64($0.line), Int64($0.column)) }, detail: diagnostic.message)
  }

  /// Where, what and why. A place in a file says which object is meant, so its short name is enough.
  var text: String {
    (places + ["\(detail)\(code.isEmpty ? "" : " (\(code))")"]).joined(separator: ": ")
  }

  /// Where alone.
  var place: String { places.isEmpty ? "-" : places.joined(separator: ": ") }

  private var places: [String] {
    var parts: [String] = []
    if let line {
      parts.append("\(file ?? "line"):\(line):\(column ?? 1)")
    } else if let file {
      parts.append(file)
    }
    let short = subject.flatMap { ResourceRef(fqn: $0)?.shortText }
    return parts + [parts.isEmpty ? subject : short ?? subject, path].compactMap { $0 }
  }
}
