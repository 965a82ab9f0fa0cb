import Documents

/// One field of a kind: everything that decoding, printing, the JSON schema and `explain` know of it.
package struct Field: Sendable {
  package enum Effect: Hashable, Sendable {
    /// Changing it changes what the mesh does.
    case takesEffect
    /// Understood and kept; changes nothing yet.
    case notYetEffective
    /// For people and tools only.
    case descriptive
    /// Printed by servers; accepted, and never stored.
    case output
  }

  package let name: String
  package let type: FieldType
  package let doc: String
  package let isRequired: Bool
  /// What to write instead, when the field is deprecated.
  package let successor: String?
  package let effect: Effect
  /// The value that absence means, in words.
  package let absent: String?

  init(
    _ name: String, _ type: FieldType, _ doc: String, isRequired: Bool = false,
    successor: String? = nil, effect: Effect = .takesEffect, absent: String? = nil
  ) {
    self.name = name
    self.type = type
    self.doc = doc
    self.isRequired = isRequired
    self.successor = successor
    self.effect = effect
    self.absent = absent
  }

  /// A field that is understood and kept and, with everything in it, changes nothing yet.
  static func later(
    _ name: String, _ type: FieldType, _ doc: String, isRequired: Bool = false,
    successor: String? = nil, absent: String? = nil
  ) -> Field {
    Field(
      name, type, doc, isRequired: isRequired, successor: successor, effect: .notYetEffective,
      absent: absent)
  }

  /// A field that servers fill in.
  static func output(_ name: String, _ type: FieldType, _ doc: String) -> Field {
    Field(name, type, doc, effect: .output)
  }

  /// Whether the value is what absence means.
  func isDefault(_ value: Document) -> Bool {
    guard let absent else { return false }
    if let text = value.string { return text == absent }
    return value.bool == false && absent == "false"
  }

  /// The same field with other effects: in a place where what it says does nothing yet.
  func with(effect: Effect) -> Field {
    Field(
      name, type, doc, isRequired: isRequired, successor: successor, effect: effect, absent: absent)
  }
}

/// The fields of an object, in the order in which they are printed.
package struct Shape: Sendable {
  /// Fields of which at most one may be there.
  package struct Alternatives: Sendable {
    package let names: [String]
    package let isRequired: Bool
  }

  package let fields: [Field]
  package let alternatives: [Alternatives]

  init(_ fields: [Field], exactlyOne: [String] = [], atMostOne: [String] = []) {
    self.fields = fields
    alternatives =
      (exactlyOne.isEmpty ? [] : [Alternatives(names: exactlyOne, isRequired: true)])
      + (atMostOne.isEmpty ? [] : [Alternatives(names: atMostOne, isRequired: false)])
  }

  package func field(_ name: String) -> Field? { fields.first { $0.name == name } }
}

package indirect enum FieldType: Sendable {
  case text(TextFormat)
  case boolean
  case integer(ClosedRange<Int64>)
  /// Whole or not.
  case number(ClosedRange<Double>)
  /// Text such as `1.5s`.
  case duration
  /// One of the words, in capitals.
  case choice([String])
  case list(FieldType, atLeast: Int)
  case map(keys: TextFormat, values: FieldType)
  case object(Shape)
  /// Whatever somebody else defines.
  case anything

  static let port = FieldType.integer(1...65535)
  static let count = FieldType.integer(0...Int64(Int32.max))
  static let percentage = FieldType.number(0...100)
  static let labels = FieldType.map(keys: .labelKey, values: .text(.labelValue))
  static let texts = FieldType.list(.text(.line))

  static func fields(_ fields: [Field]) -> FieldType { .object(Shape(fields)) }

  static func objects(_ fields: [Field], atLeast: Int = 0) -> FieldType {
    .list(.object(Shape(fields)), atLeast: atLeast)
  }

  static func list(_ element: FieldType) -> FieldType { .list(element, atLeast: 0) }

  /// For `explain` and messages: `list of text`.
  package var title: String {
    switch self {
    case .text(let format): format.title
    case .boolean: "boolean"
    case .integer(let range):
      range.lowerBound == 0 && range.upperBound >= Int64(Int32.max)
        ? "integer" : "integer \(range.lowerBound)–\(range.upperBound)"
    case .number(let range): "number \(Int(range.lowerBound))–\(Int(range.upperBound))"
    case .duration: "duration"
    case .choice(let words): words.joined(separator: "|")
    case .list(let element, _): "list of \(element.title)"
    case .map(let keys, let values): "map of \(keys.title) to \(values.title)"
    case .object: "object"
    case .anything: "anything"
    }
  }

  /// Whether it is a text that is not shown.
  var isSecret: Bool {
    if case .text(let format) = self { format.isSecret } else { false }
  }

  /// The shape of the objects inside, through lists and maps.
  package var shape: Shape? {
    switch self {
    case .object(let shape): shape
    case .list(let element, _): element.shape
    case .map(_, let values): values.shape
    case .text, .boolean, .integer, .number, .duration, .choice, .anything: nil
    }
  }
}
