import Documents

/// The part of kubectl's JSONPath that people use: text, and in braces a path such as
/// `.items[*].metadata.name`, `['a key']`, `[0]`, or a quoted text such as `"\n"`.
struct JSONPath: Hashable, Sendable {
  private enum Step: Hashable {
    case member(String)
    case index(Int)
    case all
  }

  private enum Part: Hashable {
    case text(String)
    case path([Step])
  }

  private let parts: [Part]

  /// nil when it makes no sense.
  init?(_ template: String) {
    var parts: [Part] = []
    // kubectl takes a bare path, too.
    var rest = Array((template.contains("{") ? template : "{\(template)}").utf8)[...]
    while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
      if open > rest.startIndex {
        parts.append(.text(String(decoding: rest[..<open], as: UTF8.self)))
      }
      guard let close = rest[open...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
      let inner = rest[rest.index(after: open)..<close]
      if inner.first == UInt8(ascii: "\""), inner.last == UInt8(ascii: "\""), inner.count > 1 {
        guard case .string(let text)? = try? JSONParser.document(from: Array(inner)) else {
          return nil
        }
        parts.append(.text(text))
      } else {
        guard let steps = Self.steps(inner) else { return nil }
        parts.append(.path(steps))
      }
      rest = rest[rest.index(after: close)...]
    }
    if !rest.isEmpty { parts.append(.text(String(decoding: rest, as: UTF8.self))) }
    self.parts = parts
  }

  private static func steps(_ text: ArraySlice<UInt8>) -> [Step]? {
    var rest = text.first == UInt8(ascii: "$") ? text.dropFirst() : text
    var steps: [Step] = []
    while let first = rest.first {
      if first == UInt8(ascii: "[") {
        guard let close = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
        let inner = rest[rest.index(after: rest.startIndex)..<close]
        let word = String(decoding: inner, as: UTF8.self)
        if word == "*" {
          steps.append(.all)
        } else if let index = Int(word) {
          steps.append(.index(index))
        } else if inner.count > 2, inner.first == inner.last, inner.first == UInt8(ascii: "'") {
          steps.append(.member(String(decoding: inner.dropFirst().dropLast(), as: UTF8.self)))
        } else {
          return nil
        }
        rest = rest[rest.index(after: close)...]
      } else {
        if first == UInt8(ascii: ".") { rest = rest.dropFirst() }
        let name = rest.prefix { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: "[") }
        if name.isEmpty { if rest.isEmpty, steps.isEmpty { return steps } else { return nil } }
        let word = String(decoding: name, as: UTF8.self)
        steps.append(word == "*" ? .all : .member(word))
        rest = rest.dropFirst(name.count)
      }
    }
    return steps
  }

  /// Several values are separated by spaces; what is not there is nothing.
  func text(of document: Document) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .path(let steps):
        Self.values(of: document, at: steps[...]).map { $0.string ?? $0.canonicalText }
          .joined(separator: " ")
      }
    }.joined()
  }

  private static func values(of document: Document, at steps: ArraySlice<Step>) -> [Document] {
    guard let first = steps.first else { return [document] }
    let next: [Document]
    switch (first, document) {
    case (.member(let name), _): next = [document[name]].compactMap { $0 }
    case (.index(let index), .list(let elements)):
      let place = index < 0 ? elements.count + index : index
      next = elements.indices.contains(place) ? [elements[place]] : []
    case (.all, .list(let elements)): next = elements
    case (.all, .object(let members)): next = members.sorted { $0.key < $1.key }.map(\.value)
    case (.index, _), (.all, _): next = []
    }
    return next.flatMap { values(of: $0, at: steps.dropFirst()) }
  }
}
