import Documents

/// Names as Kubernetes takes them. What is none becomes one, with a hash that keeps it apart from
/// others.
enum KubernetesName {
  /// For objects: labels with dots between them.
  static func object(_ text: String) -> String {
    let text = text.lowercased()
    let isValid =
      text.utf8.count <= 253
      && text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        .allSatisfy(isLabel)
    return isValid ? text : hashed(text, upTo: 253, keepingDots: true)
  }

  /// For subsets and ports.
  static func label(_ text: String) -> String {
    isLabel(text.utf8) ? text : hashed(text, upTo: 63, keepingDots: false)
  }

  /// The name of what belongs to `fqn`: readable, and of no other object in whatever group.
  static func object(ofFQN fqn: String) -> String {
    let last = fqn.split(separator: "/").last.map(String.init) ?? fqn
    return object("\(label(last.lowercased()).prefix(200))-\(shortHash(fqn))")
  }

  static func isLabel(_ text: some Collection<UInt8>) -> Bool {
    guard (1...63).contains(text.count), let first = text.first else { return false }
    return isAlphanumeric(first)
      && text.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
      && Array(text).last.map(isAlphanumeric) == true
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func hashed(_ text: String, upTo limit: Int, keepingDots: Bool) -> String {
    let allowed = text.lowercased().utf8.map { byte in
      isAlphanumeric(byte) ? byte : UInt8(ascii: "-")
    }
    let words = allowed.split(separator: UInt8(ascii: "-")).map {
      String(decoding: $0, as: UTF8.self)
    }
    let readable = String(words.joined(separator: "-").prefix(min(limit, 63) - 9))
    let trimmed = readable.hasSuffix("-") ? String(readable.dropLast()) : readable
    return trimmed.isEmpty ? "x-\(shortHash(text))" : "\(trimmed)-\(shortHash(text))"
  }

  private static func shortHash(_ text: String) -> String {
    String(StableHash(text).text.prefix(8))
  }
}
