package struct IPv4Address: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  /// Nil unless `text` is four decimal numbers up to 255, joined by dots.
  package init?(_ text: String) {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      guard part.count <= 3, part.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = UInt8(String(decoding: part, as: UTF8.self))
      else { return nil }
      bytes.append(number)
    }
    self.bytes = bytes
  }

  package var description: String { bytes.map(String.init).joined(separator: ".") }
}

/// The hosts of the mesh and their virtual addresses. Names are kept in lower case.
package struct NameTable: Hashable, Sendable {
  private var addresses: [String: IPv4Address] = [:]

  package init() {}

  package var count: Int { addresses.count }

  package subscript(host: String) -> IPv4Address? {
    get { addresses[host] }
    set { addresses[Self.folded(host)] = newValue }
  }

  static func isInMesh(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    return bytes.suffix(5) == Array(".mesh".utf8)[...] || bytes == Array("mesh".utf8)
  }

  static func folded(_ name: String) -> String {
    String(decoding: name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
