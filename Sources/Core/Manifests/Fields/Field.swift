/// One field of a kind: everything that decoding, printing, the JSON schema and `explain` know of it.
package struct Field: Sendable {
  package enum Effect: Hashable, Sendable {
    /// Changing it changes what the mesh does.
    case takesEffect
    /// Understood and kept; changes nothing yet.
    case notYetEffective
    /// For people and tools only.
    case descriptive
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
  /// Text such as `1.5s`.
  case duration
  /// One of the words, in capitals.
  case choice([String])
  case list(FieldType, atLeast: Int)
  case map(keys: TextFormat, values: FieldType)
  case object(Shape)

  static func list(_ element: FieldType) -> FieldType { .list(element, atLeast: 0) }

  /// For `explain` and messages: `list of text`.
  package var title: String {
    switch self {
    case .text(let format): format.title
    case .boolean: "boolean"
    case .integer(let range):
      range.lowerBound == 0 && range.upperBound >= Int64(Int32.max)
        ? "integer" : "integer \(range.lowerBound)–\(range.upperBound)"
    case .duration: "duration"
    case .choice(let words): words.joined(separator: "|")
    case .list(let element, _): "list of \(element.title)"
    case .map(let keys, let values): "map of \(keys.title) to \(values.title)"
    case .object: "object"
    }
  }

  /// The shape of the objects inside, through lists and maps.
  package var shape: Shape? {
    switch self {
    case .object(let shape): shape
    case .list(let element, _): element.shape
    case .map(_, let values): values.shape
    case .text, .boolean, .integer, .duration, .choice: nil
    }
  }
}
