import Documents

/// A value inside a checked document and its path. Everything that is not there, or not of the type
/// that its field has, is simply absent: the check before has already complained.
struct Cursor {
  let value: Document
  let path: FieldPath

  init(_ value: Document, at path: FieldPath) {
    self.value = value
    self.path = path
  }

  subscript(field: String) -> Cursor? {
    value[field].map { Cursor($0, at: path / field) }
  }

  /// The entries of a list.
  var elements: [Cursor] {
    (value.list ?? []).enumerated().map { Cursor($1, at: path[$0]) }
  }

  /// The members of a map, in the order of their keys.
  var members: [(key: String, value: Cursor)] {
    inOrder(value.object ?? [:]).map { ($0.key, Cursor($0.value, at: path / $0.key)) }
  }

  var text: String? { value.string }
  var flag: Bool? { value.bool }
  var integer: Int? { value.integer.flatMap { Int(exactly: $0) } }
  var duration: Duration? { value.string.flatMap(Manifests.duration(from:)) }
  var texts: [String: String] { (value.object ?? [:]).compactMapValues(\.string) }
}

/// Reports names that are there twice among the entries of a list.
func reportRepetition(
  of field: String, among entries: [Cursor], _ report: inout Report
) {
  var seen: Set<String> = []
  for entry in entries {
    guard let name = entry[field]?.text, !seen.insert(name).inserted else { continue }
    report.add(.repeated, at: entry.path / field, "'\(shown(name))' is there twice")
  }
}
