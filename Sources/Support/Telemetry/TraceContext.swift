/// Which trace a piece of work belongs to, and which step of it this is (W3C Trace Context).
package struct TraceContext: Hashable, Sendable {
  /// Of the work that this task does; every log line of the task has its id.
  @TaskLocal package static var current: TraceContext?

  /// 32 hexadecimal digits.
  package let traceID: String
  /// 16 hexadecimal digits.
  package let spanID: String
  private let flags: String

  /// A trace that begins here.
  package init() { self.init(traceID: Self.digits(32), flags: "00") }

  /// The next step of the trace that a `traceparent` header names; nil when it names none.
  package init?(traceparent: String) {
    let parts = traceparent.utf8.split(
      separator: UInt8(ascii: "-"), omittingEmptySubsequences: false
    ).map { String(decoding: Array($0), as: UTF8.self) }
    guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff",
      parts[0] != "00" || parts.count == 4, Self.isHex(parts[1], 32), Self.isHex(parts[2], 16),
      Self.isHex(parts[3], 2), !Self.isZero(parts[1]), !Self.isZero(parts[2])
    else { return nil }
    self.init(traceID: parts[1], flags: parts[3])
  }

  private init(traceID: String, flags: String) {
    self.traceID = traceID
    self.flags = flags
    spanID = Self.digits(16)
  }

  /// As `traceparent` and `traceresponse` have it.
  package var header: String { "00-\(traceID)-\(spanID)-\(flags)" }

  private static func isHex(_ text: String, _ count: Int) -> Bool {
    text.utf8.count == count
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      }
  }

  private static func isZero(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 == UInt8(ascii: "0") }
  }

  /// Never all zeros, which would mean none.
  private static func digits(_ count: Int) -> String {
    let table = Array("0123456789abcdef".utf8)
    var number = UInt64.random(in: 1 ... .max)
    var bytes: [UInt8] = []
    while bytes.count < count {
      if bytes.count == 16 { number = UInt64.random(in: .min ... .max) }
      bytes.append(table[Int(number & 15)])
      number >>= 4
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
