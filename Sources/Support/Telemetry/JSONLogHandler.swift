private import Documents
private import FoundationEssentials
private import Glibc
package import Logging

/// Writes one JSON object per line to standard error: `time`, `level`, `logger`, `message`, and the
/// metadata as further members; `trace_id` where the work belongs to a trace.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level
  private let label: String

  package init(label: String, level: Logger.Level) {
    self.label = label
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    write(level: event.level, message: event.message, metadata: event.metadata)
  }

  private func write(level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?) {
    var members: [String: Document] = [:]
    for source in [metadataProvider?.get(), self.metadata, metadata] {
      for (key, value) in source ?? [:] { members[key] = document(of: value) }
    }
    if let trace = TraceContext.current { members["trace_id"] = .string(trace.traceID) }
    members["time"] = .string(
      Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    members["level"] = .string(level.rawValue)
    members["logger"] = .string(label)
    members["message"] = .string(message.description)
    var line = Document.object(members).canonicalJSON
    line.append(UInt8(ascii: "\n"))
    // One call per line, so that lines of several threads do not mix.
    _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress, $0.count) }
  }

  private func document(of value: Logger.Metadata.Value) -> Document {
    switch value {
    case .string(let text): .string(text)
    case .stringConvertible(let value): .string(value.description)
    case .dictionary(let members): .object(members.mapValues(document(of:)))
    case .array(let elements): .list(elements.map(document(of:)))
    }
  }
}

/// Sends every logger of the process through `JSONLogHandler`. Once, before the first logger.
package func startLogging(level: Logger.Level = .info) {
  LoggingSystem.bootstrap { JSONLogHandler(label: $0, level: level) }
}
