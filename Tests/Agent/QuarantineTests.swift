import Blueprints
import ClusterAgent
import Documents
import TestSupport
import Testing

/// A world of items, of which some are bad: a resource is refused when a bad content went into it.
private struct Proxies {
  var quarantine = Quarantine()
  var hashes: [ItemKey: StableHash] = [:]
  var bad: Set<ItemKey>

  /// One resource from everything, as the proxies see it now.
  var origins: [ItemKey: StableHash] {
    hashes.compactMapValues { $0 }.filter { key, _ in
      if case .offered = quarantine.standing(of: key) { true } else { false }
    }
  }

  /// Lets the proxies answer until nothing moves any more; says how many answers that took.
  mutating func settle() -> Int {
    for answers in 1...1000 {
      let made = origins
      if made.keys.contains(where: bad.contains) {
        _ = quarantine.rejected(
          RefusedResource(
            type: "listener", name: "inbound", version: "v\(answers)", reason: "no",
            nodeID: "n", origins: made))
      } else {
        for (key, hash) in made { _ = quarantine.accepted(key, hash) }
        guard quarantine.isOnTrial else { return answers }
        _ = quarantine.advance()
      }
    }
    Issue.record("the quarantine does not come to rest")
    return 1000
  }
}

@Suite struct QuarantineTests {
  private static func key(_ number: Int) -> ItemKey { .namespace("n\(number)") }

  @Test(.laborious, arguments: Array(1...60) as [UInt64])
  func `exactly the bad items end up held, and all others are let in`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let count = Int.random(in: 1...20, using: &random)
    let keys = (0..<count).map(Self.key)
    let bad = Set(keys.filter { _ in Int.random(in: 0..<4, using: &random) == 0 })
    var proxies = Proxies(bad: bad)
    for (index, key) in keys.enumerated() {
      let hash = StableHash(value: UInt64(index))
      proxies.hashes[key] = hash
      proxies.quarantine.offer(key, hash)
    }
    _ = proxies.settle()
    for key in keys {
      #expect((proxies.quarantine.refusal(of: key) != nil) == bad.contains(key), "\(key)")
      #expect((proxies.quarantine.standing(of: key) == .offered) == !bad.contains(key), "\(key)")
    }
  }

  @Test func `a single offender among a thousand is found in a few rounds`() {
    var proxies = Proxies(bad: [Self.key(617)])
    for number in 0..<1000 {
      proxies.hashes[Self.key(number)] = StableHash(value: UInt64(number))
      proxies.quarantine.offer(Self.key(number), StableHash(value: UInt64(number)))
    }
    #expect(proxies.settle() < 50)
    #expect(Array(proxies.quarantine.refusals.keys) == [Self.key(617)])
  }

  @Test func `what is known good is no suspect`() {
    var quarantine = Quarantine()
    let good = StableHash("good")
    let new = StableHash("new")
    quarantine.offer(.trust, good)
    let isNews = quarantine.accepted(.trust, good)
    #expect(isNews)
    quarantine.offer(Self.key(1), new)
    let changed = quarantine.rejected(
      refused("listener", origins: [.trust: good, Self.key(1): new]))
    #expect(changed == [Self.key(1)])
    #expect(quarantine.standing(of: .trust) == .offered)
    #expect(quarantine.standing(of: Self.key(1)) == .absent)
    #expect(!quarantine.isOnTrial)
  }

  @Test func `the last good content stands in for a refused one`() {
    var quarantine = Quarantine()
    let (first, second) = (StableHash("first"), StableHash("second"))
    quarantine.offer(Self.key(1), first)
    _ = quarantine.accepted(Self.key(1), first)
    quarantine.offer(Self.key(1), second)
    _ = quarantine.rejected(refused("routes", origins: [Self.key(1): second]))
    #expect(quarantine.standing(of: Self.key(1)) == .lastGood(first))
  }

  @Test func `another content is tried again, the same one is not`() {
    var quarantine = Quarantine()
    let (bad, better) = (StableHash("bad"), StableHash("better"))
    quarantine.offer(Self.key(1), bad)
    _ = quarantine.rejected(refused("routes", origins: [Self.key(1): bad]))
    quarantine.offer(Self.key(1), bad)
    #expect(quarantine.standing(of: Self.key(1)) == .absent)
    quarantine.offer(Self.key(1), better)
    #expect(quarantine.standing(of: Self.key(1)) == .offered)
    #expect(quarantine.refusal(of: Self.key(1)) == nil)
  }

  @Test func `removing the offender heals`() {
    var quarantine = Quarantine()
    quarantine.offer(Self.key(1), StableHash("bad"))
    _ = quarantine.rejected(refused("routes", origins: [Self.key(1): StableHash("bad")]))
    quarantine.withdraw(Self.key(1))
    #expect(quarantine.refusals.isEmpty)
  }

  @Test func `a late refusal of a content that is gone accuses nobody`() {
    var quarantine = Quarantine()
    quarantine.offer(Self.key(1), StableHash("old"))
    quarantine.offer(Self.key(1), StableHash("new"))
    let accused = quarantine.rejected(
      refused("routes", origins: [Self.key(1): StableHash("old")]))
    #expect(accused.isEmpty)
    #expect(quarantine.standing(of: Self.key(1)) == .offered)
  }

  @Test func `every proxy that refuses is named once`() {
    var quarantine = Quarantine()
    quarantine.offer(Self.key(1), StableHash("bad"))
    _ = quarantine.rejected(refused("routes", origins: [Self.key(1): StableHash("bad")]))
    for node in ["b", "a", "b"] {
      _ = quarantine.rejectedAgain(type: "routes", name: "r", version: "v", by: node)
    }
    #expect(quarantine.refusal(of: Self.key(1))?.nodeIDs == ["a", "b", "n"])
  }

  @Test func `a refusal survives a restart`() {
    var quarantine = Quarantine()
    let refusal = ItemRefusal(hash: StableHash("bad"), reason: "no", nodeIDs: ["n"])
    quarantine.restore(
      Self.key(1), offered: StableHash("bad"), good: StableHash("good"), refusal: refusal)
    #expect(quarantine.standing(of: Self.key(1)) == .lastGood(StableHash("good")))
    #expect(quarantine.refusals == [Self.key(1): refusal])
  }

  private func refused(_ type: String, origins: [ItemKey: StableHash]) -> RefusedResource {
    RefusedResource(
      type: type, name: "r", version: "v", reason: "no", nodeID: "n", origins: origins)
  }
}
