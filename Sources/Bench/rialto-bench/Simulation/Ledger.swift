import DeltaXDS
import Documents

/// What one simulated proxy has, and whether it was sent as it should be.
struct Ledger: Sendable {
  /// By number; zero is nothing.
  private(set) var versions: [UInt64] = []
  private var members: [StableHash] = []
  /// What a returning proxy says of each type that it has something of.
  private(set) var digests: [ResourceType: ContentDigest] = [:]
  /// Endpoints whose cluster came anew: they may come again, although nothing changed.
  private var cold: Set<Int> = []
  private(set) var count = 0

  /// What was wrong about a response.
  struct Faults: Sendable {
    /// Sent again although it was acknowledged.
    var resent = 0
    /// Routes and endpoints that came before their clusters, and clusters that went before the
    /// routes to them.
    var unordered = 0

    static func += (left: inout Faults, right: Faults) {
      left.resent += right.resent
      left.unordered += right.unordered
    }
  }

  func version(_ number: Int) -> UInt64 { number < versions.count ? versions[number] : 0 }

  /// - Parameter referrers: the routes that lead to what is removed, whoever has them.
  mutating func take(
    _ entries: [Catalogue.Entry], of type: ResourceType, removing removals: [Int],
    leftBy referrers: Set<Catalogue.Reference>
  ) -> Faults {
    var faults = Faults()
    for entry in entries {
      let isCold = type == .endpoints && cold.remove(entry.number) != nil
      if version(entry.number) == entry.version, !isCold { faults.resent += 1 }
      if entry.destinations.contains(where: { version($0) == 0 }) { faults.unordered += 1 }
      if let partner = entry.partner {
        if type == .cluster {
          cold.insert(partner)
        } else if version(partner) == 0 {
          faults.unordered += 1
        }
      }
      set(entry.version, entry.member, of: entry.number, type)
    }
    faults.unordered += referrers.count { version($0.number) == $0.version }
    for number in removals where version(number) != 0 {
      set(0, StableHash(value: 0), of: number, type)
    }
    return faults
  }

  private mutating func set(
    _ version: UInt64, _ member: StableHash, of number: Int, _ type: ResourceType
  ) {
    if number >= versions.count {
      let more = max(number + 1 - versions.count, 1024)
      versions += Array(repeating: 0, count: more)
      members += Array(repeating: StableHash(value: 0), count: more)
    }
    if versions[number] != 0 {
      digests[type]?.remove(members[number])
      count -= 1
    }
    versions[number] = version
    members[number] = member
    guard version != 0 else { return }
    digests[type, default: ContentDigest()].insert(member)
    count += 1
  }
}
