import DeltaXDS

/// What one simulated proxy has, and whether it was sent as it should be.
struct Ledger: Sendable {
  /// By number; zero is nothing.
  private(set) var versions: [UInt64] = []
  /// Endpoints whose cluster came anew: they may come again, although nothing changed.
  private var cold: Set<Int> = []
  private(set) var count = 0

  /// What was wrong about a response.
  struct Faults: Sendable {
    /// Sent again although it was acknowledged.
    var resent = 0
    /// Routes that came before their clusters.
    var unordered = 0

    static func += (left: inout Faults, right: Faults) {
      left.resent += right.resent
      left.unordered += right.unordered
    }
  }

  func version(_ number: Int) -> UInt64 { number < versions.count ? versions[number] : 0 }

  mutating func take(
    _ entries: [Catalogue.Entry], of type: ResourceType, removing removals: [Int]
  ) -> Faults {
    var faults = Faults()
    for entry in entries {
      let isCold = type == .endpoints && cold.remove(entry.number) != nil
      if version(entry.number) == entry.version, !isCold { faults.resent += 1 }
      if entry.destinations.contains(where: { version($0) == 0 }) { faults.unordered += 1 }
      if let partner = entry.partner { cold.insert(partner) }
      set(entry.version, of: entry.number)
    }
    for number in removals where version(number) != 0 { set(0, of: number) }
    return faults
  }

  private mutating func set(_ version: UInt64, of number: Int) {
    if number >= versions.count {
      versions += Array(repeating: 0, count: max(number + 1 - versions.count, 1024))
    }
    count += (version == 0 ? 0 : 1) - (versions[number] == 0 ? 0 : 1)
    versions[number] = version
  }
}
