/// A response as it goes onto the wire.
package struct ResponseFrame: Sendable {
  package let type: ResourceType
  package let nonce: String
  /// The serialized `DeltaDiscoveryResponse`.
  package let bytes: [UInt8]
}

extension DeltaSession {
  private struct Planned: Sendable {
    var type: ResourceType
    var nonce: String
    var entries: [Entry]
    var generation: Int64
  }

  private struct Plan: Sendable {
    var responses: [Planned] = []
    var settled: Int64?
  }

  /// Everything that may be sent now.
  mutating func flush() throws(Violation) -> [Action] {
    // Choosing needs the lock of the view, copying bytes does not.
    let plan = view.read { self.plan(from: $0) }
    guard !isBehind else { throw .fellBehind }
    var actions: [Action] = []
    for response in plan.responses {
      let bytes = Framing.response(
        type: response.type, nonce: response.nonce, entries: response.entries)
      actions.append(
        .send(ResponseFrame(type: response.type, nonce: response.nonce, bytes: bytes)))
      if response.generation > lastTold ?? .min {
        lastTold = response.generation
        actions.append(.report(.told(nodeID: nodeID, generation: response.generation)))
      }
    }
    if let settled = plan.settled {
      actions.append(.report(.settled(nodeID: nodeID, generation: settled)))
    }
    return actions
  }

  private mutating func plan(from contents: borrowing ViewContents) -> Plan {
    var plan = Plan()
    advance(to: contents)
    guard !isBehind else { return plan }
    // Routes refer to clusters, and clusters are followed by their endpoints: what the subscriber has
    // must be known of all.
    if deliveries.allSatisfy({ $0.question == nil }) {
      takeEndpoints(from: contents)
      let isNewer = isRebased || step.position < contents.sequence
      if step.isDone && isNewer || step.isInForce && !uncompared.isEmpty {
        noteSettled(&plan)
        beginStep(from: contents)
      }
    }
    for index in deliveries.indices { sendChanges(at: index, from: contents, plan: &plan) }
    sendRemovals(from: contents, plan: &plan)
    noteSettled(&plan)
    return plan
  }

  /// Everything that was taken over from the view is acknowledged or refused, and every subscription
  /// answered.
  var isSettled: Bool {
    !deliveries.isEmpty && step.isDone && !isRebased && uncompared.isEmpty
      && deliveries.allSatisfy {
        !$0.hasAnswers && !$0.isOwedAnswer && $0.isolation.isEmpty
          && $0.inFlight?.isAnswer != true
      }
  }

  private mutating func noteSettled(_ plan: inout Plan) {
    guard step.generation > lastSettled ?? .min, isSettled else { return }
    lastSettled = step.generation
    plan.settled = step.generation
  }

  // MARK: Taking over changes

  /// Endpoints refer to nothing, so their changes need no step; those of a cluster that the
  /// subscriber does not have follow it.
  private mutating func takeEndpoints(from contents: borrowing ViewContents) {
    guard endpointsPosition < contents.sequence else { return }
    let changes = contents.changes(after: endpointsPosition)
    endpointsPosition = contents.sequence
    // Mostly there are none.
    guard changes?[.endpoints].isEmpty != true, var delivery = deliveries.take(.endpoints) else {
      return
    }
    let table = contents.table(.endpoints)
    let names = changes?[.endpoints].map(\.name) ?? delivery.allNames
    for name in names where delivery.isSubscribed(to: name) {
      guard let framed = table[name], delivery.lacks(framed, named: name, in: table),
        !areEndpointsEarly(name, delivery, contents)
      else { continue }
      delivery.enqueue(name)
    }
    deliveries.put(delivery)
  }

  /// The subscriber gets the endpoints without having asked for them, and their cluster is still to
  /// come.
  private func areEndpointsEarly(
    _ name: String, _ endpoints: TypeDelivery, _ contents: borrowing ViewContents
  ) -> Bool {
    guard let clusters = deliveries.index(of: .cluster),
      deliveries[clusters].isSubscribed(to: name)
    else { return false }
    let table = contents.table(.cluster)
    return !endpoints.names.contains(name) && table[name] != nil
      && !deliveries[clusters].knows(name, in: table)
  }

  private mutating func beginStep(from contents: borrowing ViewContents) {
    let changes = isRebased ? nil : contents.changes(after: step.position)
    step = Step(position: contents.sequence, generation: contents.generation)
    let uncompared = self.uncompared
    isRebased = false
    self.uncompared = []
    endpointsPosition = contents.sequence
    for type in deliveries.indices.map({ deliveries[$0].type }) {
      let changed = uncompared.contains(type) ? nil : changes?[type]
      // Most types have not changed.
      guard changed?.isEmpty != true || hasRemovals(type), var delivery = deliveries.take(type)
      else { continue }
      let names = changed?.map(\.name) ?? delivery.allNames
      reserve(names.count, in: &delivery)
      for name in names where delivery.isSubscribed(to: name) {
        consider(name, from: contents, in: &delivery)
      }
      step.removals.formUnion(delivery.removals.names.map { ResourceName(type, $0) })
      deliveries.put(delivery)
    }
  }

  private func hasRemovals(_ type: ResourceType) -> Bool {
    deliveries.index(of: type).map { !deliveries[$0].removals.isEmpty } == true
  }

  /// To grow with so many names one by one costs more than they do.
  private mutating func reserve(_ count: Int, in delivery: inout TypeDelivery) {
    guard count > 64 else { return }
    delivery.reserve(count)
    if delivery.type.refersToClusters {
      step.late.reserveCapacity(step.late.count + count)
    } else {
      step.early.reserveCapacity(step.early.count + count)
    }
  }

  private mutating func consider(
    _ name: String, from contents: borrowing ViewContents, in delivery: inout TypeDelivery
  ) {
    let type = delivery.type
    let fullName = ResourceName(type, name)
    let table = contents.table(type)
    guard let framed = table[name] else {
      guard delivery.knows(name, in: table) else { return }
      if type.refersToClusters {
        delivery.enqueue(name, as: Entry(name: name, framed: nil, readAt: step.position))
        step.late.insert(fullName)
      } else {
        delivery.removals.append(name)
      }
      return
    }
    delivery.removals.remove(name)
    if delivery.lacks(framed, named: name, in: table) {
      // Endpoints are read when they are sent: the newest ones are the best.
      let entry = Entry(name: name, framed: framed, readAt: step.position)
      delivery.enqueue(name, as: type == .endpoints ? nil : entry)
    } else if !delivery.isGetting(name) {
      return
    }
    if type.refersToClusters {
      step.late.insert(fullName)
    } else {
      step.early.insert(fullName)
    }
  }

  // MARK: Sending

  private mutating func sendChanges(
    at index: Int, from contents: borrowing ViewContents, plan: inout Plan
  ) {
    let type = deliveries[index].type
    guard deliveries[index].inFlight == nil, deliveries[index].hasUnsent else { return }
    guard deliveries[index].question == nil else {
      return ask(about: index, from: contents, plan: &plan)
    }
    guard let allowance = allowance(for: type, contents) else { return }
    var dropped: [String] = []
    let next = deliveries[index].nextEntries(
      from: contents, within: allowance, dropped: &dropped)
    for name in dropped { step.remove(ResourceName(type, name)) }
    guard let next else { return }
    let isOfStep = !next.isAnswer && type != .endpoints
    send(
      next.entries, at: index, isAnswer: next.isAnswer,
      generation: isOfStep ? step.generation : contents.generation, plan: &plan)
    if type == .cluster { endpointsFollow(next.entries) }
  }

  /// What may go out of a type now; nil when it waits for another.
  private func allowance(
    for type: ResourceType, _ contents: borrowing ViewContents
  ) -> TypeDelivery.Allowance? {
    var allowance = TypeDelivery.Allowance(
      answers: true, changes: true, bytes: settings.responseBytes, rest: settings.restBytes)
    let clusters = deliveries.index(of: .cluster)
    let haveClustersUnsent = clusters.map { deliveries[$0].hasUnsent } == true
    if type.refersToClusters {
      // A subscriber may ask for routes before it has acknowledged listeners, so answers wait only
      // until the clusters they may refer to were sent; changes wait until these are in force.
      let endpoints = deliveries.index(of: .endpoints)
      let areClustersSent =
        !haveClustersUnsent && endpoints.map { deliveries[$0].hasAnswers } != true
      allowance.answers = areClustersSent && !uncompared.contains(.cluster)
      allowance.changes =
        areClustersSent && step.early.isEmpty
        && clusters.map { deliveries[$0].inFlight == nil } != false
      allowance.newestAnswer = step.position
    } else if type == .cluster {
      guard !clustersAwaitEndpoints else { return nil }
    } else if type == .endpoints, haveClustersUnsent,
      let clusters = clusters.map({ deliveries[$0] })
    {
      // They follow their cluster anyway.
      allowance.defers = { clusters.hasUnsent($0) }
      let table = contents.table(.cluster)
      allowance.defersChange = { clusters.hasUnsent($0) && !clusters.knows($0, in: table) }
    }
    return allowance
  }

  /// The answer to a digest that is not the view's.
  private mutating func ask(
    about index: Int, from contents: borrowing ViewContents, plan: inout Plan
  ) {
    let entry = Entry(name: ContentDigest.reservedName, framed: nil, readAt: contents.sequence)
    // It tells nothing of any generation.
    send([entry], at: index, isAnswer: true, generation: .min, plan: &plan)
    deliveries[index].question = .asked(nonce: String(lastNonce))
  }

  /// A changed cluster stays cold until its endpoints come, and the subscriber does not ask for
  /// those it has: so clusters wait until their endpoints can go out in the same flush.
  private var clustersAwaitEndpoints: Bool {
    guard let clusters = deliveries.index(of: .cluster),
      let endpoints = deliveries.index(of: .endpoints), deliveries[endpoints].inFlight != nil
    else { return false }
    return deliveries[clusters].unsentContains { deliveries[endpoints].isSubscribed(to: $0) }
  }

  private mutating func endpointsFollow(_ clusters: [Entry]) {
    guard let endpoints = deliveries.index(of: .endpoints) else { return }
    for entry in clusters.reversed()
    where entry.framed != nil && deliveries[endpoints].isSubscribed(to: entry.name) {
      deliveries[endpoints].answers.prepend(entry.name)
    }
  }

  /// Clusters and what belongs to them go when nothing that is in force refers to them any more.
  private mutating func sendRemovals(
    from contents: borrowing ViewContents, plan: inout Plan
  ) {
    // Who comes back sends all its first requests before it acknowledges anything, so by then it is
    // known which listeners and routes it has.
    guard step.isInForce, uncompared.isEmpty,
      deliveries.allSatisfy({ $0.inFlight?.isAnswer != true })
    else { return }
    for index in deliveries.indices
    where !deliveries[index].removals.isEmpty && !deliveries[index].hasUnsent {
      var dropped: [String] = []
      let entries = deliveries[index].nextRemovals(
        from: contents, bytes: settings.responseBytes, dropped: &dropped)
      for name in dropped { step.removals.remove(ResourceName(deliveries[index].type, name)) }
      guard !entries.isEmpty else { continue }
      send(entries, at: index, isAnswer: false, generation: step.generation, plan: &plan)
    }
  }

  private mutating func send(
    _ entries: [Entry], at index: Int, isAnswer: Bool, generation: Int64, plan: inout Plan
  ) {
    lastNonce += 1
    let nonce = String(lastNonce)
    deliveries[index].sent(Response(nonce: nonce, entries: entries, isAnswer: isAnswer))
    plan.responses.append(
      Planned(type: deliveries[index].type, nonce: nonce, entries: entries, generation: generation))
  }
}
