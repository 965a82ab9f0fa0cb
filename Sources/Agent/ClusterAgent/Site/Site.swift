package import AgentStore
import BlueprintCoding
import Blueprints
package import DeltaXDS
import Documents
import EnvoyConfig
package import Logging
import Streams
import Synchronization

/// The one owner of a cluster's state: everybody's news goes in here, one after the other. Proxies
/// have it while the disk is still writing; whoever brought it is told that it counts afterwards.
package final class Site: Sendable {
  package let identity: SiteIdentity
  let store: AgentStore
  let clock: SiteClock
  private let logger: Logger
  private let state: Mutex<SiteState>
  /// Counts changes that the server, or the disk, has not been told of.
  let news = Latest(0)
  /// Counts registrations, for proxies whose discovery stream arrives first.
  private let arrivals = Latest(0)
  /// Counts changes of when the next lease ends.
  let leases = Latest(0)
  private let leaseNumbers = Mutex(0)
  package let counters = Counters()

  private init(
    identity: SiteIdentity, store: AgentStore, clock: SiteClock, logger: Logger, state: SiteState
  ) {
    self.identity = identity
    self.store = store
    self.clock = clock
    self.logger = logger
    self.state = Mutex(state)
  }

  /// The site as the disk knows it. Registrations have the grace time of a start to come back.
  package static func restore(
    identity: SiteIdentity, store: AgentStore, clock: SiteClock, logger: Logger
  ) async throws -> Site {
    var state = SiteState(identity: identity)
    let position = try await store.position()
    state.restore(
      epoch: position.epoch, generation: position.generation,
      items: try await store.items().compactMap(restoredItem))
    let identities = Dictionary(
      try await store.identities().map { ($0.nodeID, $0) }, uniquingKeysWith: { first, _ in first })
    for stored in try await store.registrations() {
      guard let identity = identities[stored.nodeID].flatMap(WorkloadIdentity.init),
        let presence = Presence(document: stored.description, healthy: stored.healthy)
      else {
        logger.warning(
          "left out a stored registration that cannot be read",
          metadata: [
            "node": "\(stored.nodeID)"
          ])
        continue
      }
      let registration = Registration(identity: identity, presence: presence)
      state.registrations.restore(
        registration, lastChange: stored.lastChange, at: clock.seconds())
      state.apply(Registrations.Change(before: nil, after: registration))
    }
    state.reports = SiteState.Reports()
    return Site(identity: identity, store: store, clock: clock, logger: logger, state: state)
  }

  // MARK: The server's side

  /// How far this site has followed the server.
  var position: (epoch: String, generation: Int64) {
    state.withLock { ($0.epoch, $0.generation) }
  }

  /// Puts a delta into force and stores it. When it cannot be stored, the next stream begins with
  /// what the disk has, and brings it again.
  func take(_ delta: AssembledDelta) async throws {
    // Proxies first: on few cores a write at the same time would delay them.
    let received = ReceivedDelta(delta)
    state.withLock { $0.apply(received, now: clock.microseconds) }
    try await store.apply(
      upserts: delta.upserts, removals: delta.removals, full: delta.full,
      position: Position(
        epoch: delta.epoch, generation: delta.generation, digest: delta.digest))
    state.withLock { $0.stored(delta.generation, at: clock.microseconds()) }
    counters.add(\.deltas)
    logger.info(
      "delta in force",
      metadata: [
        "generation": "\(delta.generation)", "revision": "\(delta.revision)",
        "upserts": "\(delta.upserts.count)", "removals": "\(delta.removals.count)",
        "full": "\(delta.full)",
      ])
    touch()
  }

  func fullReports() -> [UpMessage] { state.withLock { $0.fullReports() } }

  func takeReports() -> [UpMessage] { state.withLock { $0.takeReports() } }

  // MARK: The workloads' side

  /// A number for a new registration stream.
  func newLease() -> Int {
    leaseNumbers.withLock { number in
      number += 1
      return number
    }
  }

  /// Puts a registration into force and stores it. One that cannot be stored lapses with its stream.
  func register(_ registration: Registration, lease: Int) async throws {
    let now = clock.wall()
    async let stored: Void = store.put(
      StoredRegistration(
        nodeID: registration.identity.nodeID, description: registration.presence.document,
        healthy: registration.presence.healthy, lastChange: now))
    state.withLock { state in
      let change = state.registrations.register(registration, lease: lease, lastChange: now)
      state.apply(change)
    }
    counters.add(\.registrations)
    arrivals.update { $0 += 1 }
    try await stored
    touch()
  }

  /// The workload stops on purpose.
  func goodbye(_ nodeID: String, lease: Int) async throws {
    guard state.withLock({ $0.registrations.holds(nodeID, lease: lease) }) else { return }
    try await store.removeRegistrations([nodeID])
    state.withLock { state in
      if let change = state.registrations.remove(nodeID, lease: lease) { state.apply(change) }
    }
    logger.info("a workload said goodbye", metadata: ["node": "\(nodeID)"])
    touch()
  }

  /// The stream of a workload ended without a word.
  func lost(_ nodeID: String, lease: Int) {
    let isNews = state.withLock { $0.lost(nodeID, lease: lease, at: clock.seconds()) }
    leases.update { $0 += 1 }
    if isNews { touch() }
  }

  /// Removes the workloads that did not come back in time; says when to look again.
  func expireLeases() async throws -> Double? {
    let changes = state.withLock { state in
      let changes = state.registrations.expire(at: clock.seconds())
      for change in changes { state.apply(change) }
      return changes
    }
    let nodeIDs = changes.compactMap { $0.before?.identity.nodeID }
    if !nodeIDs.isEmpty {
      try await store.removeRegistrations(nodeIDs)
      for nodeID in nodeIDs {
        logger.warning("a workload's lease ended", metadata: ["node": "\(nodeID)"])
      }
      touch()
    }
    return state.withLock { $0.registrations.nextDeadline }
  }

  // MARK: The proxies' side

  /// What a proxy may follow, once it has registered.
  /// - Throws: `CancellationError` when the caller gives up.
  func subscription(_ nodeID: String) async throws -> Subscription {
    for await _ in arrivals.values() {
      if let subscription = state.withLock({ $0.subscription(nodeID) }) { return subscription }
    }
    throw CancellationError()
  }

  package func observe(_ event: DeliveryEvent) {
    switch event {
    case .rejected(let nodeID, let resource, let reason):
      counters.add(\.rejections)
      logger.warning(
        "an Envoy refused a resource",
        metadata: [
          "node": "\(nodeID)", "type": "\(resource.name.type.url)",
          "name": "\(resource.name.name)", "reason": "\(reason)",
        ])
    case .accepted: return
    default: break
    }
    let isNews = state.withLock { state in
      state.observe(event, now: clock.microseconds())
      return !state.reports.isEmpty || !state.marks.isEmpty
    }
    if isNews { touch() }
  }

  func inspection(of nodeID: String) -> Document? { state.withLock { $0.inspection(of: nodeID) } }

  /// For the metrics.
  var census: (services: Int, workloads: Int, connected: Int, quarantined: Int, items: Int) {
    state.withLock { state in
      (
        state.registrations.services.count, state.registrations.nodeIDs.count,
        state.nodes.values.count { $0.streams > 0 }, state.quarantine.refusals.count,
        state.items.count
      )
    }
  }

  /// Follows the quarantine's findings onto the disk. A lost mark costs a trial after a restart,
  /// nothing else, so nobody waits for them.
  func keepMarks() async throws {
    for await _ in news.values() {
      let marks = state.withLock { state in
        let marks = state.marks
        state.marks = SiteState.Marks()
        let refusals = marks.refusals.map { key in
          (key, state.items[key]?.hash, state.quarantine.refusal(of: key))
        }
        return (good: marks.good, refusals: refusals)
      }
      guard !marks.good.isEmpty || !marks.refusals.isEmpty else { continue }
      var refusals: [String: (hash: StableHash, refusal: Document?)] = [:]
      for (key, hash, refusal) in marks.refusals {
        if let hash { refusals[key.text] = (hash, refusal?.document) }
      }
      try await store.mark(
        good: Dictionary(
          marks.good.map { ($0.key.text, $0.value) }, uniquingKeysWith: { first, _ in first }),
        refusals: refusals)
    }
  }

  private func touch() { news.update { $0 += 1 } }
}

private func restoredItem(
  _ restored: RestoredItem
) -> (
  item: ReceivedDelta.Item, good: SiteState.Held?, goodHash: StableHash?, refusal: ItemRefusal?
)? {
  guard let item = ReceivedDelta.Item(restored.item) else { return nil }
  var good: SiteState.Held?
  if let hash = restored.good?.hash, let (bytes, sources) = restored.good?.older {
    let reading = ItemCoding.reading(
      key: restored.item.key, schema: ItemCoding.schema, bytes: bytes)
    good = SiteState.Held(hash: hash, item: reading.item, sources: sources.map(Source.init))
  }
  return (
    item, good, restored.good?.hash,
    restored.refusal.map { ItemRefusal(document: $0, hash: restored.item.hash) }
  )
}
