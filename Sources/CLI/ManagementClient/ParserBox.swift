import Synchronization

/// A parser that the pieces of one stream share; they come one after the other.
final class ParserBox: Sendable {
  private let parser = Mutex(EventStreamParser())

  func receive(_ bytes: [UInt8]) throws -> [ServerEvent] {
    try parser.withLock { try $0.receive(bytes) }
  }
}
