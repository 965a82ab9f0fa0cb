/// How the application says that it is well.
package enum HealthProbe: Hashable, Sendable {
  case http(port: Int, path: String)
  case tcp(port: Int)

  /// `http:PORT/PATH` or `tcp:PORT`; nil otherwise.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    if bytes.starts(with: "tcp:".utf8) {
      guard let port = Self.port(bytes.dropFirst(4)) else { return nil }
      self = .tcp(port: port)
    } else if bytes.starts(with: "http:".utf8) {
      let rest = bytes.dropFirst(5)
      let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
      guard let port = Self.port(rest[..<slash]) else { return nil }
      let path = rest[slash...]
      guard path.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
      self = .http(port: port, path: path.isEmpty ? "/" : String(decoding: path, as: UTF8.self))
    } else {
      return nil
    }
  }

  private static func port(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let port = Int(String(decoding: bytes, as: UTF8.self)), (1...65535).contains(port) else {
      return nil
    }
    return port
  }
}

/// What a row of probes means: the first one decides, afterwards it takes `threshold` in a row to
/// change the verdict.
package struct HealthVerdict: Hashable, Sendable {
  package static let threshold = 2

  package private(set) var isHealthy = false
  private var opposed = 0
  private var isDecided = false

  package init() {}

  /// True when the verdict changed.
  package mutating func record(_ succeeded: Bool) -> Bool {
    if !isDecided {
      // Not yet up is the state from which every application starts: it takes no second look.
      guard succeeded else { return false }
      isDecided = true
      isHealthy = true
      return true
    }
    guard succeeded != isHealthy else {
      opposed = 0
      return false
    }
    opposed += 1
    guard opposed >= Self.threshold else { return false }
    opposed = 0
    isHealthy = succeeded
    return true
  }
}
