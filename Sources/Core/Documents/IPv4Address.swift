/// An IPv4 address as people write it.
package struct IPv4Address: Hashable, Sendable, CustomStringConvertible {
  /// Four.
  package let bytes: [UInt8]

  /// Nil unless `text` is four decimal numbers up to 255, joined by dots. None has a zero in front,
  /// which some programs read as octal.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      let digits = String(decoding: Array(part), as: UTF8.self)
      guard let number = UInt8(digits), String(number) == digits else { return nil }
      bytes.append(number)
    }
    self.bytes = bytes
  }

  package var description: String { bytes.map(String.init).joined(separator: ".") }
}
