import Documents

/// Walks a document against the fields of a kind: finds everything that does not fit, all at once,
/// and makes the canonical form (camelCase names, nothing that is null).
struct ShapeChecker {
  var report: Report
  /// Where the text has things, by the path as written.
  let written: [FieldPath: Mark]
  let dialect: Dialect
  /// Whether what is being read is inside a field that has no effect yet: said once, for all of it.
  private var isWithoutEffect = false

  init(report: Report, written: [FieldPath: Mark], dialect: Dialect = .rialto) {
    self.report = report
    self.written = written
    self.dialect = dialect
  }

  /// Where a value is: as it was written, and as it is called.
  struct Place {
    var written: FieldPath
    var path: FieldPath

    static func / (place: Place, field: String) -> Place {
      Place(written: place.written / field, path: place.path / field)
    }

    subscript(index: Int) -> Place { Place(written: written[index], path: path[index]) }
  }

  /// The canonical form of the value, or nil when it is absent or has the wrong type. A value of the
  /// right type and the wrong content stays, with an error beside it.
  mutating func checked(_ value: Document, as type: FieldType, at place: Place) -> Document? {
    note(place)
    switch type {
    case .text(let format): return text(value, format, at: place)
    case .boolean:
      guard case .bool = value else {
        return mismatch(value, "true or false", at: place)
      }
      return value
    case .integer(let range): return integer(value, range, at: place)
    case .number(let range): return number(value, range, at: place)
    case .anything: return value
    case .duration:
      guard let text = value.string else {
        return mismatch(value, "a duration such as \"10s\"", at: place)
      }
      if duration(from: text) == nil {
        report.add(
          .badDuration, at: place.path,
          "'\(shown(text))' is no duration; write a number and a unit, such as 10s, 1.5s or 250ms")
      }
      return value
    case .choice(let words): return choice(value, words, at: place)
    case .list(let element, let least): return list(value, element, least, at: place)
    case .map(let keys, let values): return map(value, keys, values, at: place)
    case .object(let shape): return object(value, shape, at: place)
    }
  }

  private mutating func note(_ place: Place) {
    if let mark = written[place.written] { report.marks[place.path] = mark }
  }

  private mutating func mismatch(
    _ value: Document, _ expected: String, at place: Place
  ) -> Document? {
    report.add(.wrongType, at: place.path, "this has to be \(expected), not \(value.kindName)")
    return nil
  }

  private mutating func text(
    _ value: Document, _ format: TextFormat, at place: Place
  ) -> Document? {
    guard let text = value.string else {
      switch value {
      case .integer, .number, .bool:
        return mismatch(value, "text; put it in quotes", at: place)
      case .null, .list, .object, .string: return mismatch(value, "text", at: place)
      }
    }
    guard let complaint = format.complaint(about: text) else { return value }
    if format.isSecret {
      report.add(format.code, at: place.path, "the secret \(complaint)")
      return value
    }
    if dialect == .tsb, let other = format.conversion?(text), format.complaint(about: other) == nil
    {
      report.add(
        .converted, severity: .warning, at: place.path,
        "'\(shown(text))' is called '\(shown(other))' here")
      return .string(other)
    }
    report.add(format.code, at: place.path, "'\(shown(text))' \(complaint)")
    return value
  }

  private mutating func integer(
    _ value: Document, _ range: ClosedRange<Int64>, at place: Place
  ) -> Document? {
    // proto3 JSON writes numbers of 64 bits as text.
    let quoted = dialect == .tsb ? value.string.flatMap { Int64($0) } : nil
    guard let number = value.integer ?? quoted else {
      return mismatch(value, "a whole number", at: place)
    }
    if !range.contains(number) {
      report.add(
        .outOfRange, at: place.path,
        "\(number) is outside \(range.lowerBound)–\(range.upperBound)")
      return nil
    }
    return .integer(number)
  }

  private mutating func number(
    _ value: Document, _ range: ClosedRange<Double>, at place: Place
  ) -> Document? {
    let number: Double
    switch value {
    case .integer(let whole): number = Double(whole)
    case .number(let some): number = some
    case .null, .bool, .string, .list, .object: return mismatch(value, "a number", at: place)
    }
    guard range.contains(number) else {
      report.add(
        .outOfRange, at: place.path,
        "\(number) is outside \(range.lowerBound)–\(range.upperBound)")
      return nil
    }
    return value
  }

  private mutating func choice(
    _ value: Document, _ words: [String], at place: Place
  ) -> Document? {
    guard let word = value.string else {
      return mismatch(value, "one of \(words.joined(separator: ", "))", at: place)
    }
    guard words.contains(word) else {
      report.add(
        .unknownValue, at: place.path,
        "'\(shown(word))' is none of \(words.joined(separator: ", "))"
          + didYouMean(word, of: words))
      return nil
    }
    return value
  }

  private mutating func list(
    _ value: Document, _ type: FieldType, _ least: Int, at place: Place
  ) -> Document? {
    guard let elements = value.list else { return mismatch(value, "a list", at: place) }
    if elements.count < least {
      report.add(.missingField, at: place.path, "at least one entry is needed")
    }
    var result: [Document] = []
    for (index, element) in elements.enumerated() {
      // An entry that does not fit keeps its place, so that paths go on being right.
      result.append(checked(element, as: type, at: place[index]) ?? .null)
    }
    return .list(result)
  }

  private mutating func map(
    _ value: Document, _ keys: TextFormat, _ type: FieldType, at place: Place
  ) -> Document? {
    guard let members = value.object else { return mismatch(value, "an object", at: place) }
    var result: [String: Document] = [:]
    for (key, member) in inOrder(members) {
      let inner = place / key
      note(inner)
      if let complaint = keys.complaint(about: key) {
        report.add(keys.code, at: inner.path, "'\(shown(key))' \(complaint)")
      }
      if let kept = checked(member, as: type, at: inner) { result[key] = kept }
    }
    return .object(result)
  }

  mutating func object(_ value: Document, _ shape: Shape, at place: Place) -> Document? {
    guard let members = value.object else { return mismatch(value, "an object", at: place) }
    var result: [String: Document] = [:]
    var seen: Set<String> = []
    for (key, member) in inOrder(members) {
      let name = camelCased(key)
      let inner = Place(written: place.written / key, path: place.path / name)
      note(inner)
      guard let field = shape.field(name) else {
        report.add(
          .unknownField, severity: dialect == .tsb ? .warning : .error, at: place.path / key,
          mark: written[inner.written],
          unknown(key, in: shape) + (dialect == .tsb ? "; it is left out" : ""))
        continue
      }
      guard seen.insert(name).inserted else {
        report.add(.duplicateKey, at: inner.path, "'\(name)' is there twice, in two spellings")
        continue
      }
      // proto3 JSON: null is absent.
      if member == .null {
        seen.remove(name)
        continue
      }
      if field.effect == .output { continue }
      let before = isWithoutEffect
      warn(about: field, member, at: inner)
      if let kept = checked(member, as: field.type, at: inner) { result[name] = kept }
      isWithoutEffect = before
    }
    for field in shape.fields where field.isRequired && !seen.contains(field.name) {
      report.add(.missingField, at: place.path / field.name, "this field is required")
    }
    for alternatives in shape.alternatives { check(alternatives, seen, at: place) }
    return .object(result)
  }

  private func unknown(_ key: String, in shape: Shape) -> String {
    let names = shape.fields.filter { $0.effect != .output }.map(\.name)
    if let near = nearest(to: camelCased(key), of: names) {
      return "unknown field; did you mean '\(near)'?"
    }
    guard !names.isEmpty else { return "unknown field; there are no fields here" }
    return "unknown field; the fields here are \(names.sorted().joined(separator: ", "))"
  }

  private mutating func warn(about field: Field, _ value: Document, at place: Place) {
    if let successor = field.successor {
      report.add(.deprecated, severity: .warning, at: place.path, "deprecated; write \(successor)")
    }
    if field.effect == .notYetEffective, !isWithoutEffect, !field.isDefault(value) {
      isWithoutEffect = true
      report.add(
        .noEffectYet, severity: .warning, at: place.path, "accepted, but has no effect yet")
    }
  }

  private mutating func check(
    _ alternatives: Shape.Alternatives, _ seen: Set<String>, at place: Place
  ) {
    let present = alternatives.names.filter(seen.contains)
    let names = alternatives.names.joined(separator: ", ")
    if present.count > 1 {
      report.add(
        .contradiction, at: place.path,
        "only one of \(names) can be there, not \(present.joined(separator: " and "))")
    } else if present.isEmpty, alternatives.isRequired {
      report.add(.contradiction, at: place.path, "one of \(names) is needed")
    }
  }
}

/// Members in the order of their keys' bytes.
func inOrder(_ members: [String: Document]) -> [(key: String, value: Document)] {
  members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
}

/// `http_routes` as `httpRoutes`; what has no underscore stays.
func camelCased(_ name: String) -> String {
  guard name.utf8.contains(UInt8(ascii: "_")) else { return name }
  var bytes: [UInt8] = []
  var isAfterUnderscore = false
  for byte in name.utf8 {
    if byte == UInt8(ascii: "_"), !bytes.isEmpty, !isAfterUnderscore {
      isAfterUnderscore = true
    } else {
      bytes.append(isAfterUnderscore ? asciiUppercased(byte) : byte)
      isAfterUnderscore = false
    }
  }
  return String(decoding: bytes, as: UTF8.self)
}
