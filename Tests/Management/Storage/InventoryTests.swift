import Model
import Storage
import Streams
import Synchronization
import TestSupport
import Testing

@Suite struct `Inventory in the store` {
  private let folder: TemporaryFolder
  private let clock = Clock()

  private final class Clock: Sendable {
    private let value = Mutex<Int64>(1_000)
    var now: Int64 { value.withLock { $0 } }
    func advance(_ amount: Int64) { value.withLock { $0 += amount } }
  }

  init() throws { folder = try TemporaryFolder() }

  private func open() throws -> Store { try Store(directory: folder.path) { [clock] in clock.now } }

  private static let orders = ServiceName(namespace: "shop", name: "orders")
  private static let payments = ServiceName(namespace: "shop", name: "payments")

  private static func service(healthy: Int = 1) -> ObservedService {
    ObservedService(
      ports: [ObservedPort(number: 8080, name: "http", protocolName: "http")],
      labels: ["app": "orders"], serviceAccounts: ["orders"], workloads: 1,
      healthyWorkloads: healthy)
  }

  private func addresses(_ store: Store) async throws -> [String: String?] {
    try await store.batch(after: Store.Position()).addresses
  }

  @Test func `a service gets a virtual address with the write that first reports it`() async throws
  {
    let store = try open()
    try await store.recordServices(
      cluster: "east", full: true, upserts: [Self.orders: Self.service()], removals: [])
    let batch = try await store.batch(after: Store.Position())
    #expect(batch.services == ["east": [Self.orders: Self.service()]])
    #expect(batch.addresses == ["orders.shop.mesh": "240.240.0.1"])
    #expect(store.position.current.inventory == 1)
  }

  @Test func `a delta is about the services that it names`() async throws {
    let store = try open()
    let others = (0..<50).map { ServiceName(namespace: "shop", name: "other-\($0)") }
    var all = Dictionary(uniqueKeysWithValues: others.map { ($0, Self.service()) })
    all[Self.orders] = Self.service()
    all[Self.payments] = Self.service()
    try await store.recordServices(cluster: "east", full: true, upserts: all, removals: [])
    try await store.recordServices(
      cluster: "west", full: true, upserts: [Self.payments: Self.service()], removals: [])
    let before = store.position.current
    // What is the same, or is not there, is no news.
    try await store.recordServices(
      cluster: "east", full: false, upserts: [others[0]: Self.service()],
      removals: [ServiceName(namespace: "shop", name: "unknown")])
    #expect(store.position.current == before)
    // Named in both lists, it is there.
    try await store.recordServices(
      cluster: "east", full: false, upserts: [Self.orders: Self.service(healthy: 0)],
      removals: [Self.payments, Self.orders])
    let delta = try await store.batch(after: before)
    #expect(
      delta.services == ["east": [Self.orders: Self.service(healthy: 0), Self.payments: nil]])
    // The other cluster still has it.
    #expect(delta.addresses.isEmpty)
    #expect(try await store.batch(after: Store.Position()).services["east"]?.count == 51)
  }

  @Test func `workloads that only call others need no address`() async throws {
    let store = try open()
    let callers = ObservedService(
      ports: [], serviceAccounts: [], workloads: 1, healthyWorkloads: 0)
    try await store.recordServices(
      cluster: "east", full: true, upserts: [Self.orders: callers], removals: [])
    #expect(try await addresses(store).isEmpty)
    try await store.recordServices(
      cluster: "east", full: false, upserts: [Self.orders: Self.service()], removals: [])
    #expect(try await addresses(store) == ["orders.shop.mesh": "240.240.0.1"])
  }

  @Test func `addresses are unique, usable, and the same after reopening`() async throws {
    let names = (0..<600).map { ServiceName(namespace: "n\($0 % 7)", name: "s\($0)") }
    let services = Dictionary(uniqueKeysWithValues: names.map { ($0, Self.service()) })
    var store: Store? = try open()
    try await store?.recordServices(cluster: "east", full: true, upserts: services, removals: [])
    try await store?.recordServices(cluster: "west", full: true, upserts: services, removals: [])
    let before = try await addresses(#require(store))
    let values = before.values.compactMap { $0 }
    #expect(values.count == 600)
    #expect(Set(values).count == 600)
    #expect(values.allSatisfy { $0.hasPrefix("240.240.") })
    #expect(!values.contains { $0.hasSuffix(".0") || $0.hasSuffix(".255") })
    store = nil
    #expect(try await addresses(try open()) == before)
  }

  @Test func `the same report again moves nothing`() async throws {
    let store = try open()
    for _ in 0..<2 {
      try await store.recordServices(
        cluster: "east", full: true, upserts: [Self.orders: Self.service()], removals: [])
    }
    #expect(store.position.current.inventory == 1)
    try await store.recordServices(
      cluster: "east", full: false, upserts: [Self.orders: Self.service(healthy: 0)], removals: [])
    #expect(store.position.current.inventory == 2)
  }

  @Test func `a full report removes what it leaves out, and the address goes with the last`()
    async throws
  {
    let store = try open()
    let both = [Self.orders: Self.service(), Self.payments: Self.service()]
    try await store.recordServices(cluster: "east", full: true, upserts: both, removals: [])
    try await store.recordServices(
      cluster: "west", full: true, upserts: [Self.orders: Self.service()], removals: [])
    let position = store.position.current
    try await store.recordServices(cluster: "east", full: true, upserts: [:], removals: [])
    let batch = try await store.batch(after: position)
    #expect(batch.services == ["east": [Self.orders: nil, Self.payments: nil]])
    #expect(batch.addresses == ["payments.shop.mesh": nil])
    let kept = try await addresses(store)
    try await store.recordServices(
      cluster: "east", full: true, upserts: both, removals: [])
    #expect(try await addresses(store)["payments.shop.mesh"] == "240.240.0.2")
    #expect(kept["orders.shop.mesh"] == "240.240.0.1")
  }

  @Test
  func `a released address goes to nobody else before its quarantine, nor while others are free`()
    async throws
  {
    let store = try open()
    func report(_ name: ServiceName) async throws {
      try await store.recordServices(
        cluster: "east", full: true, upserts: [name: Self.service()], removals: [])
    }
    try await report(Self.orders)
    try await report(Self.payments)
    clock.advance(Store.addressQuarantine + 1)
    try await report(ServiceName(namespace: "shop", name: "web"))
    #expect(try await addresses(store) == ["web.shop.mesh": "240.240.0.3"])
  }

  @Test func `authorities are kept per cluster`() async throws {
    let store = try open()
    try await store.recordAuthorities(cluster: "east", certificates: [[1, 2], [3]])
    try await store.recordAuthorities(cluster: "east", certificates: [[1, 2], [3]])
    #expect(try await store.batch(after: Store.Position()).authorities == ["east": [[1, 2], [3]]])
    #expect(store.position.current.inventory == 1)
  }

  @Test func `authorities that are replaced or gone count as withdrawn, an added one does not`()
    async throws
  {
    let store = try open()
    func withdrawals() async throws -> [String: Int] {
      try await store.batch(after: Store.Position()).withdrawals
    }
    try await store.recordAuthorities(cluster: "east", certificates: [[1]])
    try await store.recordAuthorities(cluster: "east", certificates: [[1], [2]])
    try await store.recordAuthorities(cluster: "east", certificates: [[2]])
    #expect(try await withdrawals() == ["east": 0])
    try await store.recordAuthorities(cluster: "east", certificates: [[3]])
    #expect(try await withdrawals() == ["east": 1])
    try await store.recordAuthorities(cluster: "east", certificates: [])
    try await store.recordAuthorities(cluster: "east", certificates: [[3]])
    #expect(try await withdrawals() == ["east": 2])
  }

  @Test func `deleting a cluster forgets what its agent said`() async throws {
    let store = try open()
    _ = try await store.commit(
      ProposedChange(
        actor: "a", steps: [Sample.put(Sample.organization), Sample.put(Sample.east)]))
    try await store.recordServices(
      cluster: "east", full: true, upserts: [Self.orders: Self.service()], removals: [],
      gateways: [Self.gateway("a")])
    try await store.addJoinToken(
      Store.JoinToken(
        id: "t", cluster: Sample.east, secretHash: [UInt8](repeating: 1, count: 32),
        expiresAt: 10_000))
    let position = store.position.current
    _ = try await store.commit(
      ProposedChange(actor: "a", steps: [.delete(ref: Sample.east, expecting: nil)]))
    let batch = try await store.batch(after: position)
    #expect(batch.services == ["east": [Self.orders: nil]])
    #expect(batch.gateways == ["east": []])
    #expect(batch.ports == ["east": nil])
    let outcome = try await store.redeemJoinToken(
      id: "t", secretHash: [UInt8](repeating: 1, count: 32), at: 1)
    #expect(outcome == .unknown)
  }

  // MARK: Gateways and ports

  private static func gateway(_ nodeID: String, healthy: Bool = true) -> ObservedGateway {
    ObservedGateway(
      nodeID: nodeID, role: "east-west", namespace: "mesh", serviceAccount: "gateway",
      labels: ["app": "gateway"], address: "192.0.2.1", port: 15_443, healthy: healthy)
  }

  @Test func `gateways and variants are kept, and told when they change`() async throws {
    var store: Store? = try open()
    var service = Self.service()
    service.variants = [
      ObservedVariant(labels: ["version": "v1"], healthyWorkloads: 2),
      ObservedVariant(labels: ["version": "v2"], healthyWorkloads: 0),
    ]
    let gateways = [Self.gateway("a"), Self.gateway("b", healthy: false)]
    try await store?.recordServices(
      cluster: "east", full: true, upserts: [Self.orders: service], removals: [],
      gateways: gateways)
    let position = try #require(store).position.current
    for healthy in [gateways, nil] {
      try await store?.recordServices(
        cluster: "east", full: false, upserts: [:], removals: [], gateways: healthy)
    }
    #expect(store?.position.current == position)
    store = nil
    let reopened = try open()
    let batch = try await reopened.batch(after: Store.Position())
    #expect(batch.gateways == ["east": gateways])
    #expect(batch.services == ["east": [Self.orders: service]])
    try await reopened.recordServices(
      cluster: "east", full: false, upserts: [:], removals: [], gateways: [])
    let later = try await reopened.batch(after: position)
    #expect(later.gateways == ["east": []])
    #expect(later.services.isEmpty)
  }

  private func cluster(_ name: String) -> ResourceRef { Sample.organization.child(.cluster, name) }

  private func commit(_ steps: ProposedChange.Step..., in store: Store) async throws {
    _ = try await store.commit(ProposedChange(actor: "a", steps: steps))
  }

  @Test func `every cluster has a port of its own from its first to its last write`() async throws {
    var store: Store? = try open()
    try await commit(
      Sample.put(Sample.organization), Sample.put(cluster("a")), Sample.put(cluster("b")),
      in: #require(store))
    for name in ["a", "b"] { try await introduce(name, in: #require(store)) }
    let first = try await #require(store).batch(after: Store.Position())
    #expect(first.ports == ["a": 15_500, "b": 15_501])
    let position = try #require(store).position.current
    try await commit(.delete(ref: cluster("b"), expecting: nil), in: #require(store))
    #expect(try await store?.batch(after: position).ports == ["b": nil])
    store = nil
    // A released port is one that nobody has to hear of any more.
    let reopened = try open()
    #expect(try await reopened.batch(after: Store.Position()).ports == ["a": 15_500])
    try await commit(Sample.put(cluster("c")), Sample.put(cluster("b")), in: reopened)
    for name in ["b", "c"] { try await introduce(name, in: reopened) }
    let ports = try await reopened.batch(after: Store.Position()).ports
    #expect(Set(ports.keys) == ["a", "b", "c"])
    #expect(Set(ports.values.compactMap { $0 }).count == 3)
    #expect(ports["a"] == 15_500)
  }

  private func introduce(_ name: String, in store: Store) async throws {
    try await store.recordAuthorities(cluster: name, certificates: [[1]])
    try await store.recordTrust(in: name, certificates: [[1]])
  }

  @Test func `a port is handed out once the authorities are known everywhere`() async throws {
    let store = try open()
    try await commit(Sample.put(Sample.organization), Sample.put(cluster("a")), in: store)
    func port() async throws -> Int? {
      try await store.batch(after: Store.Position()).ports["a"] ?? nil
    }
    try await store.recordAuthorities(cluster: "a", certificates: [[1]])
    #expect(try await port() == nil)
    // Others than the ones that are known.
    try await store.recordTrust(in: "a", certificates: [[2]])
    #expect(try await port() == nil)
    try await store.recordTrust(in: "a", certificates: [[1]])
    #expect(try await port() == 15_500)
    // One joins another: whoever believes the first goes on.
    try await store.recordAuthorities(cluster: "a", certificates: [[2], [1]])
    #expect(try await port() == 15_500)
    let position = store.position.current
    try await store.recordAuthorities(cluster: "a", certificates: [[3]])
    #expect(try await store.batch(after: position).ports == ["a": nil])
    try await store.recordTrust(in: "a", certificates: [[3]])
    #expect(try await port() == 15_500)
  }

  @Test func `what an agent says of a cluster that is gone is not written`() async throws {
    let store = try open()
    let error = await #expect(throws: StoreError.self) {
      try await store.recordServices(
        cluster: "east", of: Sample.east, full: true, upserts: [Self.orders: Self.service()],
        removals: [], gateways: [Self.gateway("a")])
    }
    #expect(error == .missing(Sample.east))
    #expect(store.position.current.inventory == 0)
  }
}
