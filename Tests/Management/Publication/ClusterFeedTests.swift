import BlueprintCoding
import Blueprints
import Documents
import Publication
import Streams
import TestSupport
import Testing

@Suite struct ClusterFeedTests {
  let publication = Publication(now: { 0 })
  var feed: ClusterFeed { publication.feed(of: "east") }

  private func publish(_ items: [EncodedItem], removals: [String] = [], revision: Int64 = 0) {
    publication.publish(
      cluster: "east", revision: revision, upserts: items,
      removals: removals.map { .service(namespace: "shop", name: $0) })
  }

  @Test func `nothing is sent before the first publication`() {
    #expect(feed.delta(after: 7, digest: StableHash(value: 9)) == nil)
    #expect(feed.generation.current == 0)
  }

  @Test func `the first publication has a generation even when it is empty`() {
    publish([])
    #expect(feed.generation.current == 1)
  }

  @Test func `the same content again has no generation, and its new sources are kept`() {
    publish([item("orders", "a", sources: [Source(fqn: "x", revision: 1)])])
    publish([item("orders", "a", sources: [Source(fqn: "x", revision: 2)])])
    #expect(feed.generation.current == 1)
    let key = ItemKey.service(namespace: "shop", name: "orders")
    #expect(publication.sources(of: key, cluster: "east") == [Source(fqn: "x", revision: 2)])
  }

  @Test func `newer deltas are folded into one`() throws {
    var holder = Holder()
    publish([item("orders", "a"), item("cart", "a")], revision: 1)
    holder.take(try #require(feed.delta(after: 0, digest: holder.digest)))
    publish([item("orders", "b")], revision: 2)
    publish([item("orders", "c"), item("web", "a")], removals: ["cart"], revision: 3)
    let delta = try #require(feed.delta(after: holder.generation, digest: holder.digest))
    #expect(!delta.full)
    #expect(delta.upserts.map(\.key.text) == ["service/shop/orders", "service/shop/web"])
    #expect(delta.removals.map(\.text) == ["service/shop/cart"])
    #expect(delta.generation == 3 && delta.revision == 3)
    holder.take(delta)
    #expect(holder.digest == delta.digest)
    #expect(feed.delta(after: 3, digest: holder.digest) == nil)
  }

  @Test func `a digest that disagrees gets everything`() throws {
    publish([item("orders", "a")])
    let delta = try #require(feed.delta(after: 1, digest: StableHash(value: 4)))
    #expect(delta.full)
    #expect(delta.upserts.count == 1)
  }

  @Test func `an agent that is ahead with the same content pulls the number after it`() {
    var holder = Holder()
    publish([item("orders", "a")])
    holder.items = [.service(namespace: "shop", name: "orders"): StableHash("a")]
    #expect(feed.delta(after: 40, digest: holder.digest) == nil)
    #expect(feed.generation.current == 40)
    publish([item("orders", "b")])
    #expect(feed.generation.current == 41)
  }

  @Test(arguments: [40, Int64.max])
  func `an agent that is ahead with other content is never sent an older number`(
    ahead: Int64
  ) throws {
    publish([item("orders", "a")])
    let delta = try #require(feed.delta(after: ahead, digest: StableHash(value: 4)))
    #expect(delta.full)
    #expect(delta.generation == (ahead == 40 ? 41 : 1))
  }

  @Test(arguments: [("a", Int64(12)), ("b", Int64(13))])
  func `after a restart the number stays only with the content`(text: String, expected: Int64) {
    let earlier = ItemCoding.contribution(key: "service/shop/orders", hash: StableHash("a"))
    publication.seed(
      cluster: "east", generation: 12, digest: ItemCoding.emptyDigest ^ earlier)
    publish([item("orders", text)])
    #expect(feed.generation.current == expected)
  }

  @Test func `an agent that missed many changes of a few items is told of these`() throws {
    var holder = Holder()
    publish((0..<100).map { item("s\($0)", "a") })
    holder.take(try #require(feed.delta(after: 0, digest: holder.digest)))
    for change in 0..<5_000 { publish([item("s\(change % 10)", "\(change)")]) }
    let delta = try #require(feed.delta(after: holder.generation, digest: holder.digest))
    #expect(!delta.full)
    #expect(delta.upserts.count == 10)
    holder.take(delta)
    #expect(holder.digest == feed.digest)
  }

  @Test func `what is again as the agent has it is not sent`() throws {
    var holder = Holder()
    publish([item("orders", "a"), item("cart", "a")])
    holder.take(try #require(feed.delta(after: 0, digest: holder.digest)))
    publish([item("orders", "b"), item("web", "a")])
    publish([], removals: ["cart"])
    publish([item("orders", "a"), item("cart", "a")], removals: ["web"])
    publish([item("payments", "a")])
    let delta = try #require(feed.delta(after: holder.generation, digest: holder.digest))
    #expect(delta.upserts.map(\.key.text) == ["service/shop/payments"])
    #expect(delta.removals.isEmpty)
    holder.take(delta)
    #expect(holder.digest == feed.digest)
  }

  @Test func `what came and went long ago is forgotten, and what did lately is not`() throws {
    var (early, late) = (Holder(), Holder())
    publish([item("orders", "a")])
    early.take(try #require(feed.delta(after: 0, digest: early.digest)))
    for number in 0..<2_000 {
      if number == 1_900 {
        late.take(try #require(feed.delta(after: 0, digest: late.digest)))
      }
      publish([item("s\(number)", "a")])
      publish([], removals: ["s\(number)"])
    }
    // Both have what there is; only the number differs.
    let number = try #require(feed.delta(after: early.generation, digest: early.digest))
    #expect(!number.full && number.upserts.isEmpty && number.removals.isEmpty)
    publish([item("web", "a")])
    let newest = try #require(feed.delta(after: late.generation, digest: late.digest))
    #expect(!newest.full)
    #expect(newest.upserts.map(\.key.text) == ["service/shop/web"])
    #expect(newest.removals.isEmpty)
    #expect(feed.delta(after: early.generation, digest: early.digest)?.full == true)
  }

  /// However long the log was and whatever it has dropped.
  @Test(.laborious, arguments: 0..<4) func `whoever asks late ends with everything`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    var holder = Holder()
    var truth: [ItemKey: StableHash] = [:]
    for _ in 0..<12 {
      for _ in 0..<Int.random(in: 1..<3_000, using: &random) {
        let name = "s\(Int.random(in: 0..<40, using: &random))"
        let key = ItemKey.service(namespace: "shop", name: name)
        if Int.random(in: 0..<3, using: &random) > 0 {
          let item = item(name, "\(Int.random(in: 0..<4, using: &random))")
          truth[key] = item.hash
          publish([item])
        } else {
          truth[key] = nil
          publish([], removals: [name])
        }
      }
      if let delta = feed.delta(after: holder.generation, digest: holder.digest) {
        #expect(!delta.full || holder.generation == 0)
        holder.take(delta)
      }
      #expect(holder.items == truth)
      #expect(holder.digest == feed.digest)
    }
  }

  /// Agents that miss any number of deltas always end with what was published.
  @Test(.laborious, arguments: 0..<50) func `whoever asks ends with everything`(seed: UInt64)
    throws
  {
    var random = SplitMix64(seed: seed)
    var holders = [Holder(), Holder(), Holder()]
    var truth: [ItemKey: StableHash] = [:]
    for _ in 0..<100 {
      let name = "s\(Int.random(in: 0..<12, using: &random))"
      let key = ItemKey.service(namespace: "shop", name: name)
      if Bool.random(using: &random) {
        let item = item(name, "\(Int.random(in: 0..<4, using: &random))")
        truth[key] = item.hash
        publish([item])
      } else {
        truth[key] = nil
        publish([], removals: [name])
      }
      let index = Int.random(in: 0..<3, using: &random)
      let before = holders[index]
      if let delta = feed.delta(after: before.generation, digest: before.digest) {
        holders[index].take(delta)
        #expect(delta.generation >= before.generation)
        #expect(!delta.full || before.generation == 0)
      }
      #expect(holders[index].items == truth)
      #expect(holders[index].digest == feed.digest)
    }
  }
}
