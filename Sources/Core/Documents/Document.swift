/// A value of JSON's data model: what every manifest, stored object and blueprint item is made of.
///
/// Object keys are compared as text; decoders admit only keys without combining marks, so that
/// Swift's canonical equivalence never merges two keys that other programs tell apart.
package enum Document: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case string(String)
  case list([Document])
  case object([String: Document])
}

extension Document {
  /// The member called `key`, or nil when this is no object or has no such member.
  package subscript(key: String) -> Document? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// The member reached by following `keys` through nested objects.
  package subscript(keys: [String]) -> Document? {
    var current = self
    for key in keys {
      guard let next = current[key] else { return nil }
      current = next
    }
    return current
  }

  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  package var integer: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }

  package var bool: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  package var list: [Document]? {
    if case .list(let elements) = self { elements } else { nil }
  }

  package var object: [String: Document]? {
    if case .object(let members) = self { members } else { nil }
  }

  /// What kind of value this is, in the words of an error message ("a list").
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .list: "a list"
    case .object: "an object"
    }
  }
}

extension Document: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral,
  ExpressibleByNilLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(arrayLiteral elements: Document...) { self = .list(elements) }
  package init(dictionaryLiteral elements: (String, Document)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
  package init(nilLiteral: ()) { self = .null }
}
