/// The parts of a DNS query (RFC 1035) that the mesh's resolver looks at.
///
/// Whatever bytes arrive, parsing ends and never reads outside of them.
package struct DNSQuery: Hashable, Sendable {
  package struct Question: Hashable, Sendable {
    /// In lower case, labels joined by dots, no dot at the end.
    package var name: String
    package var type: UInt16
    package var recordClass: UInt16
  }

  package static let addressType: UInt16 = 1
  package static let address6Type: UInt16 = 28
  package static let internetClass: UInt16 = 1

  package let id: UInt16
  package let wantsRecursion: Bool
  package let question: Question
  /// The question as it was asked, to be repeated in the answer.
  let questionBytes: [UInt8]
  /// Whether the query carries an OPT record (RFC 6891), which the answer then carries, too.
  let hasExtensions: Bool

  /// Nil when `packet` is not one standard query with one readable question.
  package init?(_ packet: [UInt8]) {
    var reader = DNSReader(packet)
    guard let id = reader.word(), let flags = reader.word(), let questions = reader.word(),
      let answers = reader.word(), let authorities = reader.word(), let additional = reader.word()
    else { return nil }
    // A query (QR 0) with the standard opcode and exactly one question.
    guard flags & 0xF800 == 0, questions == 1, answers == 0, authorities == 0 else { return nil }
    let start = reader.position
    guard let name = reader.name(), let type = reader.word(), let recordClass = reader.word()
    else { return nil }
    self.id = id
    wantsRecursion = flags & 0x0100 != 0
    question = Question(name: name, type: type, recordClass: recordClass)
    questionBytes = Array(packet[start..<reader.position])
    var hasExtensions = false
    for _ in 0..<min(additional, 4) {
      guard reader.name() != nil, let type = reader.word(), reader.skip(6),
        let length = reader.word(), reader.skip(Int(length))
      else { break }
      if type == 41 { hasExtensions = true }
    }
    self.hasExtensions = hasExtensions
  }
}

/// Reads a packet; every read is checked.
private struct DNSReader {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func byte() -> UInt8? {
    guard position < bytes.count else { return nil }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func word() -> UInt16? {
    guard let high = byte(), let low = byte() else { return nil }
    return UInt16(high) << 8 | UInt16(low)
  }

  mutating func skip(_ count: Int) -> Bool {
    guard bytes.count - position >= count else { return false }
    position += count
    return true
  }

  /// Follows at most 16 compression pointers, each of which must point backwards.
  mutating func name() -> String? {
    var name: [UInt8] = []
    var resume: Int?
    var jumps = 0
    while let length = byte() {
      switch length & 0xC0 {
      case 0 where length == 0:
        if let resume { position = resume }
        return String(validating: name, as: UTF8.self)
      case 0:
        guard bytes.count - position >= Int(length), name.count + Int(length) < 255 else {
          return nil
        }
        if !name.isEmpty { name.append(UInt8(ascii: ".")) }
        for byte in bytes[position..<position + Int(length)] {
          // A dot or a byte beyond ASCII inside a label is no name of ours and no one's host.
          guard byte != UInt8(ascii: "."), byte > 0x20, byte < 0x7F else { return nil }
          name.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        }
        position += Int(length)
      case 0xC0:
        guard let low = byte() else { return nil }
        let target = Int(length & 0x3F) << 8 | Int(low)
        jumps += 1
        guard target < position - 2, jumps <= 16 else { return nil }
        if resume == nil { resume = position }
        position = target
      default: return nil
      }
    }
    return nil
  }
}
