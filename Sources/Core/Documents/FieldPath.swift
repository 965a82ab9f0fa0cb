/// Where in a document something is: `spec.httpRoutes[0].match[1].uri`.
package struct FieldPath: Hashable, Sendable, Comparable {
  package enum Step: Hashable, Sendable {
    case field(String)
    case index(Int)
  }

  package var steps: [Step]

  package init(_ steps: [Step] = []) { self.steps = steps }

  package static func / (path: FieldPath, field: String) -> FieldPath {
    FieldPath(path.steps + [.field(field)])
  }

  package subscript(index: Int) -> FieldPath { FieldPath(steps + [.index(index)]) }

  /// Dotted, for people: `spec.subsets[0].weight`.
  package var text: String {
    var text = ""
    for step in steps {
      switch step {
      case .field(let name): text += text.isEmpty ? name : ".\(name)"
      case .index(let index): text += "[\(index)]"
      }
    }
    return text
  }

  /// A JSON pointer (RFC 6901), for programs: `/spec/subsets/0/weight`.
  package var pointer: String {
    steps.map { step in
      switch step {
      case .field(let name): "/" + Self.escaped(name)
      case .index(let index): "/\(index)"
      }
    }.joined()
  }

  private static func escaped(_ name: String) -> String {
    var text = ""
    for scalar in name.unicodeScalars {
      switch scalar {
      case "~": text += "~0"
      case "/": text += "~1"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  package static func < (left: FieldPath, right: FieldPath) -> Bool { left.text < right.text }
}

/// A place in a text that somebody wrote; lines and columns count from 1.
package struct Mark: Hashable, Sendable, Comparable {
  package let line: Int
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  package static func < (left: Mark, right: Mark) -> Bool {
    (left.line, left.column) < (right.line, right.column)
  }
}
