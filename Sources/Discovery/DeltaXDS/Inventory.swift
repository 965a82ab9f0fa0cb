/// The versions of one type that are in force here, with their digest.
struct Inventory: Sendable {
  /// Empty for what was received and is not in force: the upstream is to send it again, or to say
  /// that it is gone.
  private(set) var versions: [String: String] = [:]
  private var digest = ContentDigest()
  private var notInForce = 0

  mutating func set(_ version: String, of name: String) {
    remove(name)
    versions[name] = version
    if version.isEmpty { notInForce += 1 }
    digest.insert(ContentDigest.member(name, version))
  }

  mutating func remove(_ name: String) {
    guard let version = versions.removeValue(forKey: name) else { return }
    if version.isEmpty { notInForce -= 1 }
    digest.remove(ContentDigest.member(name, version))
  }

  /// What to say on a new stream: the digest, unless something must be named.
  var claim: [String: String] {
    if versions.isEmpty || notInForce > 0 { return versions }
    return [ContentDigest.reservedName: digest.text]
  }
}
