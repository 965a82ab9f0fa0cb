import AgentStore
import Documents
import TestSupport
import Testing

@Suite struct AgentStoreTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func item(_ key: String, _ text: String) -> StoredItem {
    let bytes = Array(text.utf8)
    return StoredItem(
      key: key, kind: "namespace", schema: 1, hash: StableHash(bytes), bytes: bytes,
      sources: [StoredSource(fqn: "organizations/acme", revision: 3)])
  }

  @Test func `everything is there again after the file was closed`() async throws {
    let position = Position(epoch: "e", generation: 4, digest: StableHash(value: .max))
    let enrollment = StoredEnrollment(
      organization: "acme", cluster: "east", trustDomain: "east.acme.mesh",
      certificateChain: [[1, 2], [3]], serverAuthorities: [[4]])
    do {
      let store = try AgentStore.open(path: "\(folder.path)/agent.sqlite")
      try await store.save(enrollment)
      try await store.apply(
        upserts: [item("namespace/a", "1"), item("namespace/b", "2")], removals: [], full: true,
        position: position)
    }
    let store = try AgentStore.open(path: "\(folder.path)/agent.sqlite")
    #expect(try await store.position() == position)
    #expect(try await store.enrollment() == enrollment)
    #expect(
      try await store.items().map(\.item) == [item("namespace/a", "1"), item("namespace/b", "2")])
  }

  @Test func `a full delta leaves nothing else behind`() async throws {
    let store = try AgentStore.open(path: "\(folder.path)/agent.sqlite")
    try await store.apply(
      upserts: [item("namespace/a", "1")], removals: [], full: false, position: Position())
    try await store.apply(
      upserts: [item("namespace/b", "2")], removals: [], full: true, position: Position())
    #expect(try await store.items().map(\.item.key) == ["namespace/b"])
  }

  @Test func `the last good content is kept until the newest one is good`() async throws {
    let store = try AgentStore.open(path: "\(folder.path)/agent.sqlite")
    let (first, second, third) = (item("trust", "1"), item("trust", "2"), item("trust", "3"))
    func put(_ item: StoredItem) async throws {
      try await store.apply(upserts: [item], removals: [], full: false, position: Position())
    }
    try await put(first)
    try await store.mark(good: ["trust": first.hash], refusals: [:])
    try await put(second)
    var restored = try #require(try await store.items().first)
    #expect(restored.good?.hash == first.hash)
    #expect(restored.good?.older?.bytes == first.bytes)

    try await store.mark(
      good: [:], refusals: ["trust": (hash: second.hash, refusal: ["reason": "no"])])
    try await put(third)
    restored = try #require(try await store.items().first)
    #expect(restored.refusal == nil)
    #expect(restored.good?.older?.bytes == first.bytes)

    try await put(first)
    restored = try #require(try await store.items().first)
    #expect(restored.good?.hash == first.hash)
    #expect(restored.good?.older == nil)
  }

  @Test func `a mark for a content that is gone marks nothing`() async throws {
    let store = try AgentStore.open(path: "\(folder.path)/agent.sqlite")
    try await store.apply(
      upserts: [item("trust", "2")], removals: [], full: false, position: Position())
    try await store.mark(
      good: ["trust": StableHash("1")],
      refusals: ["trust": (hash: StableHash("1"), refusal: ["reason": "no"])])
    let restored = try #require(try await store.items().first)
    #expect(restored.good == nil)
    #expect(restored.refusal == nil)
  }

  // MARK: Tokens

  private let grant = WorkloadGrant(
    namespace: "shop", service: "orders", serviceAccount: "orders", role: "sidecar",
    labels: ["version": "v1"])

  private func redeem(
    _ store: AgentStore, _ id: String = "t", secret: [UInt8] = [1], key: [UInt8] = [9],
    now: Int64 = 1000
  ) async throws -> StoredIdentity {
    try await store.redeem(
      token: id, isSecret: { $0 == secret }, keyHash: key, now: now,
      nodeID: { "\($0.service)-\(key[0])" })
  }

  private func storeWithToken() async throws -> AgentStore {
    let store = try AgentStore.open(path: "\(folder.path)/agent.sqlite")
    try await store.add(token: "t", secretHash: [1], grant: grant, expires: 2000, now: 500)
    return store
  }

  @Test func `a token admits one key, once, as what it was minted for`() async throws {
    let store = try await storeWithToken()
    let identity = try await redeem(store)
    #expect(identity.grant == grant)
    #expect(try await store.identities() == [identity])
    await #expect(throws: TokenRefusal.spent) { try await redeem(store, key: [8]) }
    #expect(try await store.identities().count == 1)
  }

  @Test func `who spent a token is told again who it is, as long as the token is good`()
    async throws
  {
    let store = try await storeWithToken()
    let identity = try await redeem(store)
    #expect(try await redeem(store) == identity)
    #expect(try await store.identities() == [identity])
    await #expect(throws: TokenRefusal.spent) { try await redeem(store, now: 2000) }
    await #expect(throws: TokenRefusal.wrongSecret) { try await redeem(store, secret: [2]) }
    // Another token does not admit the same key as somebody else.
    try await store.add(token: "u", secretHash: [1], grant: grant, expires: 2000, now: 500)
    await #expect(throws: TokenRefusal.knownKey) { try await redeem(store, "u") }
  }

  @Test func `a wrong secret does not spend a token`() async throws {
    let store = try await storeWithToken()
    await #expect(throws: TokenRefusal.wrongSecret) { try await redeem(store, secret: [2]) }
    _ = try await redeem(store)
  }

  @Test func `unknown and expired tokens are refused`() async throws {
    let store = try await storeWithToken()
    await #expect(throws: TokenRefusal.unknown) { try await redeem(store, "other") }
    await #expect(throws: TokenRefusal.expired) { try await redeem(store, now: 2000) }
  }

  @Test func `of many who bring one token at once, one gets in`() async throws {
    let store = try await storeWithToken()
    let admitted = await withTaskGroup(of: Bool.self) { group in
      for key in UInt8(0)..<16 {
        group.addTask { (try? await redeem(store, key: [key])) != nil }
      }
      return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(admitted == 1)
  }

  @Test func `registrations come back in the order of their first arrival`() async throws {
    let store = try await storeWithToken()
    try await store.add(token: "u", secretHash: [1], grant: grant, expires: 2000, now: 500)
    let later = try await redeem(store, "t", key: [9])
    let first = try await redeem(store, "u", key: [2])
    for (node, healthy) in [(later, true), (first, true), (later, false)] {
      try await store.put(
        StoredRegistration(
          nodeID: node.nodeID, description: ["address": "10.0.0.1"], healthy: healthy,
          lastChange: 1))
    }
    let stored = try await store.registrations()
    #expect(stored.map(\.nodeID) == [later.nodeID, first.nodeID])
    #expect(stored.map(\.healthy) == [false, true])
    try await store.removeRegistrations([later.nodeID])
    #expect(try await store.registrations().map(\.nodeID) == [first.nodeID])
  }
}
