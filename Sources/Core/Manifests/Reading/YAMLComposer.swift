import Documents

/// A document of a text and where its parts are.
struct MarkedDocument {
  var value: Document
  var marks: [FieldPath: Mark]
  /// Whether something in it was refused, so that its content is not what was meant.
  var isDefective = false
  /// The variables in what nobody gave values for, by where they are.
  var variables: [Mark: Template] = [:]
}

/// Makes documents of the events of a YAML text. Only the scalars of JSON are resolved: `yes`, `010`
/// and `1.10.0` are texts, as they look.
struct YAMLComposer {
  private let events: [YAMLEvent]
  /// The values of a template's variables; nil: the text is no template.
  private let values: [String: String]?
  private var position = 0
  private var path = FieldPath()
  private var current = MarkedDocument(value: .null, marks: [:])
  private(set) var documents: [MarkedDocument] = []
  private(set) var report: Report

  init(_ events: [YAMLEvent], values: [String: String]? = nil, report: Report) {
    self.events = events
    self.values = values
    self.report = report
  }

  mutating func compose() {
    while let event = next() {
      guard case .documentStart = event.content else { continue }
      current = MarkedDocument(value: .null, marks: [:])
      path = FieldPath()
      guard let first = next() else { return }
      let value = value(first, depth: 0)
      // A text that breaks off has no such event, and its last document is no document.
      guard case .documentEnd? = next()?.content else { return }
      current.value = value
      if value != .null || current.isDefective { documents.append(current) }
    }
  }

  private mutating func next() -> YAMLEvent? {
    guard position < events.count else { return nil }
    position += 1
    return events[position - 1]
  }

  private mutating func value(_ event: YAMLEvent, depth: Int) -> Document {
    if current.marks[path] == nil { current.marks[path] = event.mark }
    if event.isReference {
      refuse(
        .anchorOrTag, event.mark, "anchors, aliases and tags are not allowed; write the value out")
    }
    switch event.content {
    case .scalar(let text, let style):
      return scalar(filled(text, style, at: event.mark), isPlain: style == .plain)
    case .sequenceStart: return sequence(depth: depth, at: event.mark)
    case .mappingStart: return mapping(depth: depth, at: event.mark)
    case .documentStart, .documentEnd, .sequenceEnd, .mappingEnd, .alias: return .null
    }
  }

  private mutating func refuse(_ code: ManifestCode, _ mark: Mark, _ message: String) {
    current.isDefective = true
    report.add(code, at: path, mark: mark, message)
  }

  private mutating func isTooDeep(_ depth: Int, at mark: Mark) -> Bool {
    guard depth >= JSONParser.maximumDepth else { return false }
    refuse(.limit, mark, "nested deeper than \(JSONParser.maximumDepth) levels")
    skipToEnd()
    return true
  }

  /// Past the end of the collection whose start was just read.
  private mutating func skipToEnd() {
    var open = 1
    while open > 0, let event = next() {
      switch event.content {
      case .sequenceStart, .mappingStart: open += 1
      case .sequenceEnd, .mappingEnd: open -= 1
      case .scalar, .alias, .documentStart, .documentEnd: break
      }
    }
  }

  private mutating func sequence(depth: Int, at mark: Mark) -> Document {
    if isTooDeep(depth, at: mark) { return .null }
    var elements: [Document] = []
    while let event = next() {
      if case .sequenceEnd = event.content { break }
      path.steps.append(.index(elements.count))
      elements.append(value(event, depth: depth + 1))
      path.steps.removeLast()
    }
    return .list(elements)
  }

  private mutating func mapping(depth: Int, at mark: Mark) -> Document {
    if isTooDeep(depth, at: mark) { return .null }
    var members: [String: Document] = [:]
    while let event = next() {
      if case .mappingEnd = event.content { break }
      let key = key(event)
      path.steps.append(.field(key ?? "?"))
      let isNew = key.map { members[$0] == nil } ?? true
      if !isNew { refuse(.duplicateKey, event.mark, "duplicate key '\(shown(key ?? ""))'") }
      if isNew { current.marks[path] = event.mark }
      if let valueEvent = next() {
        let value = value(valueEvent, depth: depth + 1)
        if let key, isNew { members[key] = value }
      }
      path.steps.removeLast()
    }
    return .object(members)
  }

  /// The text of a key; anything but a scalar is skipped and refused.
  private mutating func key(_ event: YAMLEvent) -> String? {
    if event.isReference {
      refuse(
        .anchorOrTag, event.mark, "anchors, aliases and tags are not allowed; write the value out")
    }
    switch event.content {
    case .scalar(let text, let style): return filled(text, style, at: event.mark)
    case .sequenceStart, .mappingStart:
      skipToEnd()
      refuse(.syntax, event.mark, "a key has to be text")
      return nil
    case .alias, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd: return nil
    }
  }

  /// The text with the values of variables in it. They never change what is around it, for it is
  /// taken apart already.
  private mutating func filled(
    _ text: String, _ style: YAMLEvent.ScalarStyle, at mark: Mark
  ) -> String {
    let template = Template(text)
    let names = template.names
    guard let values else {
      if !names.isEmpty, style != .block {
        current.variables[current.marks[path] ?? mark] = template
      }
      return text
    }
    // Blocks hold other languages, in which a dollar sign may be anything.
    guard style != .block else { return template.filled(values, isLenient: true) }
    for name in Set(names).sorted() where values[name] == nil {
      refuse(.unreplacedVariable, current.marks[path] ?? mark, missingVariable(name, values))
    }
    for written in template.unknown {
      refuse(.unreplacedVariable, current.marks[path] ?? mark, unknownReference(written))
    }
    return template.filled(values, isLenient: false)
  }

  private mutating func scalar(_ text: String, isPlain: Bool) -> Document {
    guard isPlain else { return .string(text) }
    switch text {
    case "", "null": return .null
    case "true": return .bool(true)
    case "false": return .bool(false)
    default: break
    }
    guard let first = text.utf8.first, isDigit(first) || first == UInt8(ascii: "-"),
      let number = try? JSONParser.document(from: Array(text.utf8))
    else { return .string(text) }
    return number
  }
}

/// What to say of what only other programs would replace.
func unknownReference(_ written: String) -> String {
  "'\(shown(written))' is no variable; write ${NAME} or $NAME, and $$ for a dollar sign"
}

/// What to say of a variable that has no value.
func missingVariable(_ name: String, _ values: [String: String]?) -> String {
  let near = values.map { didYouMean(name, of: $0.keys.sorted()) } ?? ""
  return "nobody says what ${\(name)} is\(near); give it a value with --var \(name)=VALUE"
}
