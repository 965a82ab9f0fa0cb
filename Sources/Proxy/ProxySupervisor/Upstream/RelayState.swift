package import DeltaXDS

/// What a relay between an agent and one Envoy keeps account of, as a value.
///
/// Laws: a response is acknowledged upstream only once Envoy has taken or refused everything in it;
/// what is `held` is exactly what Envoy has taken last; what Envoy refuses is put back to the last
/// good one in the view, so that an Envoy that starts anew is not offered the bad one.
package struct RelayState: Sendable {
  package enum Action: Hashable, Sendable {
    case publish(upserts: [Resource], removals: [ResourceName], generation: Int64)
    /// To go upstream on the current stream.
    case acknowledge(DeltaSubscriber.Received, rejected: [RejectedByEnvoy])
    /// `held` has changed: the file should follow.
    case persist
    case names
  }

  private struct Offer: Sendable {
    /// nil: a removal.
    var resource: Resource?
    var generation: Int64
  }

  /// A response that waits for Envoy.
  private struct Answer: Sendable {
    var received: DeltaSubscriber.Received
    var rejected: [RejectedByEnvoy] = []
    var generation: Int64
  }

  /// In force at Envoy, and the names that the resolver answers.
  package private(set) var held: [ResourceName: Resource]
  package private(set) var generation: Int64 = 1
  private var offers: [ResourceName: Offer] = [:]
  private var answers: [Answer] = []
  private var awaited: Set<ResourceType>
  private var settledGeneration: Int64 = 0
  private let readyGeneration: Int64
  /// Made by the proxy itself; what upstream says about them is not for it to say.
  private let reserved: Set<ResourceName>

  /// `types` are those that a new upstream stream answers, each at least once.
  package init(held: [Resource], types: [ResourceType], reserved: Set<ResourceName>) {
    self.held = Dictionary(held.map { ($0.name, $0) }) { _, last in last }
    self.reserved = reserved
    awaited = held.isEmpty ? Set(types) : []
    readyGeneration = 1
  }

  /// What the view begins with.
  package var beginning: Action {
    .publish(
      upserts: held.values.filter { $0.name.type != .names }, removals: [], generation: generation)
  }

  /// What Envoy has been offered and has not decided about.
  package var undecided: [ResourceName] { Array(offers.keys) }

  /// Whether there is something for an Envoy to start with.
  package var hasConfiguration: Bool { !held.isEmpty || generation > 1 || awaited.isEmpty }

  /// Whether Envoy has decided about a complete first configuration.
  package var isSettled: Bool {
    awaited.isEmpty && answers.isEmpty && settledGeneration >= readyGeneration
  }

  /// The stream upstream is a new one: nonces of the old one mean nothing any more. What has been
  /// offered stays offered.
  package mutating func opened() { answers = [] }

  package mutating func receive(_ received: DeltaSubscriber.Received) -> [Action] {
    awaited.remove(received.type)
    if received.type == .names { return receiveNames(received) }
    var upserts: [Resource] = []
    var removals: [ResourceName] = []
    let next = generation + 1
    var waitsFor: Int64 = 0
    for resource in received.upserts where !reserved.contains(resource.name) {
      if let offer = offers[resource.name], offer.resource?.version == resource.version {
        waitsFor = max(waitsFor, offer.generation)
      } else if offers[resource.name] == nil, held[resource.name]?.version == resource.version {
        continue
      } else {
        offers[resource.name] = Offer(resource: resource, generation: next)
        upserts.append(resource)
        waitsFor = next
      }
    }
    for name in received.removals where !reserved.contains(name) {
      guard held[name] != nil || offers[name] != nil else { continue }
      offers[name] = Offer(resource: nil, generation: next)
      removals.append(name)
      waitsFor = next
    }
    if waitsFor == 0 { return [.acknowledge(received, rejected: [])] }
    answers.append(Answer(received: received, generation: waitsFor))
    if upserts.isEmpty && removals.isEmpty { return [] }
    generation = next
    return [.publish(upserts: upserts, removals: removals, generation: next)]
  }

  private mutating func receiveNames(_ received: DeltaSubscriber.Received) -> [Action] {
    for resource in received.upserts { held[resource.name] = resource }
    for name in received.removals { held[name] = nil }
    return [.names, .persist, .acknowledge(received, rejected: [])]
  }

  /// Envoy has decided about everything up to `generation`.
  package mutating func settled(_ generation: Int64) -> [Action] {
    settledGeneration = max(settledGeneration, generation)
    var actions: [Action] = []
    let decided = offers.filter { $0.value.generation <= generation }
    for (name, offer) in decided {
      held[name] = offer.resource
      offers[name] = nil
    }
    if !decided.isEmpty { actions.append(.persist) }
    for answer in answers where answer.generation <= generation {
      actions.append(.acknowledge(answer.received, rejected: answer.rejected))
    }
    answers.removeAll { $0.generation <= generation }
    return actions
  }

  package mutating func rejected(_ resource: AcknowledgedResource, reason: String) -> [Action] {
    let name = resource.name
    let rejection = RejectedByEnvoy(name: name, version: resource.version, reason: reason)
    for index in answers.indices
    where answers[index].received.upserts.contains(where: {
      $0.name == name && $0.version == resource.version
    }) {
      answers[index].rejected.append(rejection)
    }
    if let offer = offers[name] {
      guard offer.resource?.version == resource.version else { return [] }
      offers[name] = nil
    } else {
      // Taken once, refused now: an Envoy that started anew does not like it.
      guard held[name]?.version == resource.version else { return [] }
      held[name] = nil
    }
    generation += 1
    let lastGood = held[name]
    let back = Action.publish(
      upserts: lastGood.map { [$0] } ?? [], removals: lastGood == nil ? [name] : [],
      generation: generation)
    return lastGood == nil ? [back, .persist] : [back]
  }

  /// A resource of the proxy itself.
  package mutating func publishOwn(_ resource: Resource) -> Action {
    generation += 1
    return .publish(upserts: [resource], removals: [], generation: generation)
  }
}
