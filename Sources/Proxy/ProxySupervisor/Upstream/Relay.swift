package import DeltaXDS
import Documents
private import FleetProtos
package import Logging
package import Streams
private import SwiftProtobuf
private import Synchronization

/// The relay's account behind a lock, with the view that Envoy is served from and what waits to go
/// upstream.
package final class Relay: Sendable {
  private struct Shared {
    var account: RelayState
    var subscriber: DeltaSubscriber
    /// One entry per response that is not yet acknowledged: the agent keeps one in flight per type.
    var outbox: [DeltaDiscoveryRequest] = []
    var wake: AsyncStream<Void>.Continuation?
  }

  package let subscription: Subscription
  package let names = Latest(NameTable())
  /// Whether Envoy has something to start with.
  package let hasConfiguration: Latest<Bool>
  /// Whether Envoy has decided about a first complete configuration.
  package let isSettled = Latest(false)
  /// Grows whenever what is held changes.
  package let changes = Latest(0)

  private let nodeID: String
  private let binding: ListenerBinding?
  private let view = View()
  private let shared: Mutex<Shared>
  private let logger: Logger

  package init(
    nodeID: String, held: [Resource], reserved: Set<ResourceName>, binding: ListenerBinding?,
    logger: Logger
  ) {
    self.nodeID = nodeID
    self.binding = binding
    self.logger = logger
    subscription = Subscription(nodeID: nodeID, views: Latest(view))
    let account = RelayState(held: held, types: ResourceType.all, reserved: reserved)
    hasConfiguration = Latest(account.hasConfiguration)
    shared = Mutex(
      Shared(account: account, subscriber: DeltaSubscriber(nodeID: nodeID, held: held)))
    shared.withLock { shared in
      apply([shared.account.beginning, .names], to: &shared)
    }
  }

  package var held: [Resource] { shared.withLock { Array($0.account.held.values) } }

  package func publishOwn(_ resource: Resource) {
    shared.withLock { shared in
      let action = shared.account.publishOwn(resource)
      apply([action], to: &shared)
    }
  }

  // MARK: Upstream

  /// A new stream: what to send first on it. `wake` is told when there is more to send.
  package func open(waking wake: AsyncStream<Void>.Continuation) -> [DeltaDiscoveryRequest] {
    shared.withLock { shared in
      shared.account.opened()
      shared.outbox = []
      shared.wake = wake
      shared.subscriber = DeltaSubscriber(
        nodeID: nodeID, held: Array(shared.account.held.values),
        undecided: shared.account.undecided)
      return shared.subscriber.opening()
    }
  }

  package func takeOutbox() -> [DeltaDiscoveryRequest] {
    shared.withLock { shared in
      defer { shared.outbox = [] }
      return shared.outbox
    }
  }

  package func receive(_ response: DeltaDiscoveryResponse) throws {
    try shared.withLock { shared in
      if let list = shared.subscriber.list(askedBy: response) {
        shared.outbox.append(list)
        shared.wake?.yield()
        return
      }
      let received = try shared.subscriber.receive(response)
      let actions = shared.account.receive(received)
      apply(actions, to: &shared)
    }
  }

  // MARK: Envoy

  package func observe(_ event: DeliveryEvent) {
    switch event {
    case .rejected(_, let resource, let reason):
      logger.error(
        "Envoy refused a resource",
        metadata: ["type": "\(resource.name.type.url)", "name": "\(resource.name.name)"])
      logger.debug("Envoy's reason", metadata: ["reason": "\(reason)"])
      shared.withLock { shared in
        let actions = shared.account.rejected(resource, reason: reason)
        apply(actions, to: &shared)
      }
    case .settled(_, let generation):
      shared.withLock { shared in
        let actions = shared.account.settled(generation)
        apply(actions, to: &shared)
      }
    case .connected, .disconnected, .told, .accepted: break
    }
  }

  /// Under the lock, so that steps reach the view in the order in which they were decided.
  private func apply(_ actions: [RelayState.Action], to shared: inout Shared) {
    for action in actions {
      switch action {
      case .publish(let upserts, let removals, let generation):
        view.publish(
          upserts: binding.map { upserts.map($0.bound) } ?? upserts, removals: removals,
          generation: generation)
      case .acknowledge(let received, let rejected):
        shared.outbox.append(
          shared.subscriber.acknowledgement(of: received, rejected: rejected))
        shared.wake?.yield()
      case .persist: changes.update { $0 += 1 }
      case .names: names.publish(nameTable(of: shared.account.held))
      }
    }
    if shared.account.hasConfiguration, !hasConfiguration.current {
      hasConfiguration.publish(true)
    }
    if shared.account.isSettled, !isSettled.current { isSettled.publish(true) }
  }

  private func nameTable(of held: [ResourceName: Resource]) -> NameTable {
    var table = NameTable()
    for resource in held.values where resource.name.type == .names {
      guard
        let record = try? Rialto_Workload_V1_NameRecord(serializedBytes: resource.body),
        let address = IPv4Address(record.address)
      else { continue }
      table[record.host] = address
    }
    return table
  }
}
