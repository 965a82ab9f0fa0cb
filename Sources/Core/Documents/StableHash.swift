/// A 64-bit hash of bytes that is the same in every process, on every machine and in every release.
///
/// It names versions of content; it does not protect against somebody who chooses the content, so
/// nothing that decides about access may depend on it. The algorithm is FNV-1a over eight-byte
/// words with the finaliser of SplitMix64, which spreads single-bit changes over all 64 bits.
package struct StableHash: Hashable, Sendable, Comparable, Codable {
  package let value: UInt64

  package init(value: UInt64) { self.value = value }

  package init(_ bytes: some Sequence<UInt8>) {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    var word: UInt64 = 0
    var filled: UInt64 = 0
    var length: UInt64 = 0
    for byte in bytes {
      word |= UInt64(byte) << (filled * 8)
      filled += 1
      length &+= 1
      if filled == 8 {
        state = Self.mix(state ^ word) &* 0x0000_0100_0000_01b3
        word = 0
        filled = 0
      }
    }
    value = Self.mix(Self.mix(state ^ word) ^ length)
  }

  package init(_ text: String) { self.init(text.utf8) }

  /// Sixteen lower-case hexadecimal digits.
  package var text: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
  }

  /// At most thirteen digits of base 36: a string so short is no allocation of its own.
  package var shortText: String { String(value, radix: 36) }

  /// The hash that `shortText` stands for, or nil when it stands for none.
  package init?(shortText: String) {
    guard let value = UInt64(shortText, radix: 36), String(value, radix: 36) == shortText else {
      return nil
    }
    self.value = value
  }

  /// The hash that `text` stands for, or nil when it is not sixteen hexadecimal digits.
  package init?(text: String) {
    guard text.utf8.count == 16, let value = UInt64(text, radix: 16) else { return nil }
    self.value = value
  }

  /// An order-independent digest of a set of hashes grows and shrinks by exclusive or; each hash is
  /// mixed first, so that related hashes do not cancel out.
  package static func ^ (digest: StableHash, member: StableHash) -> StableHash {
    StableHash(value: digest.value ^ mix(member.value))
  }

  package static func < (left: StableHash, right: StableHash) -> Bool { left.value < right.value }

  private static func mix(_ input: UInt64) -> UInt64 {
    var z = input &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
