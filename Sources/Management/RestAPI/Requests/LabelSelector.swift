import Operations
import Storage

/// `app=web,tier!=db,canary,!old,env in (a, b),zone notin (c)`, as in Kubernetes.
struct LabelSelector {
  static func requirements(_ text: String?) throws -> [LabelRequirement] {
    guard let text, !text.isEmpty else { return [] }
    var selector = LabelSelector(text)
    var found = [try selector.requirement()]
    while selector.take(UInt8(ascii: ",")) { found.append(try selector.requirement()) }
    guard selector.rest.isEmpty else { throw Self.malformed }
    return found
  }

  private var rest: ArraySlice<UInt8>

  private init(_ text: String) {
    rest = ArraySlice(text.utf8)
    skipSpace()
  }

  private static let malformed = OperationError.malformed(
    "labelSelector is a list such as app=web,tier!=db,canary,!old,env in (a,b),zone notin (c)")

  private mutating func requirement() throws -> LabelRequirement {
    if take(UInt8(ascii: "!")) { return .absent(try key()) }
    let key = try key()
    if take(UInt8(ascii: "!")) {
      guard take(UInt8(ascii: "=")) else { throw Self.malformed }
      return .differs(key, try value())
    }
    if take(UInt8(ascii: "=")) {
      _ = take(UInt8(ascii: "="))
      return .equals(key, try value())
    }
    switch word() {
    case "": return .exists(key)
    case "in": return .isOne(key, of: try values())
    case "notin": return .isNone(key, of: try values())
    default: throw Self.malformed
    }
  }

  /// `name` or `prefix/name`.
  private mutating func key() throws -> String {
    let word = word()
    let parts = word.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), parts.allSatisfy({ (1...253).contains($0.count) }) else {
      throw Self.malformed
    }
    return word
  }

  private mutating func value() throws -> String {
    let word = word()
    guard word.utf8.count <= 63, !word.utf8.contains(UInt8(ascii: "/")) else {
      throw Self.malformed
    }
    return word
  }

  private mutating func values() throws -> Set<String> {
    guard take(UInt8(ascii: "(")) else { throw Self.malformed }
    var values: Set<String> = [try value()]
    while take(UInt8(ascii: ",")) { values.insert(try value()) }
    guard take(UInt8(ascii: ")")) else { throw Self.malformed }
    return values
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard rest.first == byte else { return false }
    rest = rest.dropFirst()
    skipSpace()
    return true
  }

  private mutating func word() -> String {
    let word = rest.prefix { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "/"):
        true
      default: false
      }
    }
    rest = rest.dropFirst(word.count)
    skipSpace()
    return String(decoding: word, as: UTF8.self)
  }

  private mutating func skipSpace() { rest = rest.drop { $0 == 0x20 } }
}
