private import DiscoveryProtos

/// What a relay owes its upstream: each response is acknowledged only once the subscriber below has
/// accepted or refused everything of it.
///
/// The relay publishes every received response as one step of its own view, under a generation of
/// its own that grows by one, and feeds the delivery events of the subscriber below into this.
package struct PendingAcknowledgements: Sendable {
  private struct Pending {
    var received: DeltaSubscriber.Received
    var generation: Int64
  }

  /// In the order of arrival; the upstream keeps at most one response of each type in flight.
  private var pending: [Pending] = []
  /// The versions that the subscriber below refuses, of the names that are still served.
  private var refusals: [ResourceName: RejectedByEnvoy] = [:]

  package init() {}

  package var isEmpty: Bool { pending.isEmpty }

  /// Call this before the response is published in the view under `generation`.
  package mutating func published(
    _ received: DeltaSubscriber.Received, generation: Int64
  ) {
    for name in received.removals { refusals[name] = nil }
    for resource in received.upserts where refusals[resource.name]?.version != resource.version {
      refusals[resource.name] = nil
    }
    pending.append(Pending(received: received, generation: generation))
  }

  /// The upstream's stream ended: nonces mean nothing on the next one.
  package mutating func disconnected() { pending = [] }

  /// Takes an event from below and says what to send upstream.
  package mutating func event(
    _ event: DeliveryEvent, acknowledgingBy subscriber: inout DeltaSubscriber
  ) -> [DeltaDiscoveryRequest] {
    switch event {
    case .rejected(_, let resource, let reason):
      let refusal = RejectedByEnvoy(
        name: resource.name, version: resource.version, reason: reason)
      let isKnown =
        refusals.updateValue(refusal, forKey: resource.name)?.version == resource.version
      let isPending = pending.contains { item in
        item.received.upserts.contains {
          $0.name == resource.name && $0.version == resource.version
        }
      }
      return isKnown || isPending ? [] : [subscriber.lateRefusal(of: refusal)]
    case .accepted(_, let resources):
      for resource in resources { refusals[resource.name] = nil }
      return []
    case .settled(_, let generation):
      var requests: [DeltaDiscoveryRequest] = []
      let settled = pending.prefix { $0.generation <= generation }
      for item in settled {
        let rejected = item.received.upserts.compactMap { resource -> RejectedByEnvoy? in
          guard let refusal = refusals[resource.name], refusal.version == resource.version else {
            return nil
          }
          return refusal
        }
        requests.append(subscriber.acknowledgement(of: item.received, rejected: rejected))
      }
      pending.removeFirst(settled.count)
      return requests
    case .connected, .told, .disconnected:
      return []
    }
  }
}
