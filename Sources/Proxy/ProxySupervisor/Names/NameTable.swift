package import Documents

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
