private import CYaml
import Documents

/// One step of a YAML text, as libyaml reports it.
struct YAMLEvent {
  enum Content {
    case documentStart, documentEnd
    case scalar(String, ScalarStyle)
    case sequenceStart, sequenceEnd
    case mappingStart, mappingEnd
    case alias
  }

  enum ScalarStyle {
    /// Without quotes: it may be a number.
    case plain
    case quoted
    /// After `|` or `>`: several lines, often of another language.
    case block
  }

  let content: Content
  let mark: Mark
  /// Whether it is an alias, or carries an anchor or a tag.
  let isReference: Bool

  /// More parts than the largest manifest has.
  static let limit = 100_000

  struct Failure: Error {
    let code: ManifestCode
    let message: String
    let mark: Mark?
  }

  /// The events of a text, and what stopped the parser before its end. Nothing is expanded: the cost
  /// is linear in the size of the text.
  ///
  /// - Parameters:
  ///   - line: how many lines come before the text.
  ///   - limit: how many there may be.
  static func events(
    of bytes: [UInt8], after line: Int = 0, limit: Int = limit
  ) -> (events: [YAMLEvent], failure: Failure?) {
    var events: [YAMLEvent] = []
    let failure = unsafe bytes.withUnsafeBufferPointer { buffer in
      unsafe parse(buffer, after: line, limit: limit, into: &events)
    }
    return (events, failure)
  }

  private static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, after line: Int, limit: Int,
    into events: inout [YAMLEvent]
  ) -> Failure? {
    var parser = unsafe yaml_parser_t()
    guard unsafe yaml_parser_initialize(&parser) == 1 else {
      return Failure(code: .limit, message: "out of memory", mark: nil)
    }
    defer { unsafe yaml_parser_delete(&parser) }
    unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    unsafe yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
    while true {
      var event = unsafe yaml_event_t()
      guard unsafe yaml_parser_parse(&parser, &event) == 1 else {
        return unsafe problem(of: parser, after: line)
      }
      defer { unsafe yaml_event_delete(&event) }
      if unsafe event.type == YAML_STREAM_END_EVENT { return nil }
      let mark = unsafe Mark(event.start_mark, after: line)
      guard events.count < limit else {
        return Failure(code: .limit, message: "more than \(self.limit) parts", mark: mark)
      }
      if let (content, isReference) = unsafe content(of: event) {
        events.append(YAMLEvent(content: content, mark: mark, isReference: isReference))
      }
    }
  }

  private static func content(of event: yaml_event_t) -> (Content, isReference: Bool)? {
    switch unsafe event.type {
    case YAML_DOCUMENT_START_EVENT: return (.documentStart, false)
    case YAML_DOCUMENT_END_EVENT: return (.documentEnd, false)
    case YAML_SEQUENCE_END_EVENT: return (.sequenceEnd, false)
    case YAML_MAPPING_END_EVENT: return (.mappingEnd, false)
    case YAML_ALIAS_EVENT: return (.alias, true)
    case YAML_SEQUENCE_START_EVENT:
      let start = unsafe event.data.sequence_start
      return unsafe (.sequenceStart, start.anchor != nil || start.tag != nil)
    case YAML_MAPPING_START_EVENT:
      let start = unsafe event.data.mapping_start
      return unsafe (.mappingStart, start.anchor != nil || start.tag != nil)
    case YAML_SCALAR_EVENT:
      let scalar = unsafe event.data.scalar
      let text = unsafe String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return unsafe (
        .scalar(text, ScalarStyle(scalar.style)),
        scalar.anchor != nil || scalar.tag != nil
      )
    default: return nil
    }
  }

  private static func problem(of parser: yaml_parser_t, after line: Int) -> Failure {
    let message =
      unsafe parser.problem.map { problem in unsafe String(cString: problem) } ?? "no valid YAML"
    return unsafe Failure(
      code: .syntax, message: "no valid YAML: \(message)",
      mark: Mark(parser.problem_mark, after: line))
  }
}

extension Mark {
  fileprivate init(_ mark: yaml_mark_t, after line: Int) {
    self.init(line: Int(clamping: mark.line) + 1 + line, column: Int(clamping: mark.column) + 1)
  }
}

extension YAMLEvent.ScalarStyle {
  fileprivate init(_ style: yaml_scalar_style_t) {
    self =
      switch style {
      case YAML_PLAIN_SCALAR_STYLE: .plain
      case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
      default: .quoted
      }
  }
}
