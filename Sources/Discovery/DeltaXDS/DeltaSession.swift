private import DiscoveryProtos

/// One subscriber's stream, as a value: requests and changes of the view go in, responses and
/// delivery events come out.
///
/// The view is followed one *step* at a time (a step may merge many publications, the newest
/// version wins). A step goes out in the order clusters, endpoints, secrets and unknown types; once
/// these are acknowledged or refused, listeners, scoped routes and routes with their removals; once
/// those are, the removals of the first group. Only then does the next step begin. Two things do not
/// wait for their turn: answers to subscriptions, and changes of endpoints.
///
/// At most one response per type is unacknowledged, of at most `DiscoverySettings.responseBytes` and
/// a small rest (or one larger resource); what does not fit follows after the acknowledgement.
package struct DeltaSession: Sendable {
  package enum Action: Sendable {
    case send(ResponseFrame)
    case report(DeliveryEvent)
  }

  /// Why a stream must end.
  package enum Violation: Error, Hashable {
    case tooManyNames(type: String)
    case tooManyTypes
    case nameTooLong
    case missingType
    /// The view has changed so much since it was last looked at that nobody knows what the
    /// subscriber has; it is to come back and say it.
    case fellBehind
  }

  /// What has to be acknowledged or refused before the next step of the view begins.
  struct Step: Sendable {
    var position: Int64
    var generation: Int64
    /// Sent first: what listeners and routes refer to.
    var early: Set<ResourceName> = []
    /// Listeners and routes.
    var late: Set<ResourceName> = []
    /// Removals of the first kind.
    var removals: Set<ResourceName> = []

    /// Only removals are left.
    var isInForce: Bool { early.isEmpty && late.isEmpty }
    var isDone: Bool { isInForce && removals.isEmpty }

    mutating func remove(_ name: ResourceName) {
      if name.type.refersToClusters {
        Self.remove(name, from: &late)
      } else {
        Self.remove(name, from: &early)
        Self.remove(name, from: &removals)
      }
    }

    private static func remove(_ name: ResourceName, from names: inout Set<ResourceName>) {
      // Most are empty, and hashing costs more than to look.
      guard !names.isEmpty, names.remove(name) != nil, names.isEmpty else { return }
      // An emptied set keeps the memory of its largest size.
      names = []
    }
  }

  let nodeID: String
  let settings: DiscoverySettings
  var view: View
  var deliveries = Deliveries()
  var step: Step
  /// Another view took the place of the one that `step` speaks of.
  var isRebased = false
  /// Types whose subscribers said what they have; it is compared when the next step begins.
  var uncompared: Set<ResourceType> = []
  /// What `Holdings` call the view is the view at this sequence.
  var position: Int64
  /// The log of the view does not reach back to `position`.
  var isBehind = false
  /// How far changes of endpoints were taken over; negative when they were not compared yet.
  var endpointsPosition: Int64
  var lastNonce = 0
  var lastTold: Int64?
  var lastSettled: Int64?

  package init(nodeID: String, view: View, settings: DiscoverySettings = .init()) {
    self.nodeID = nodeID
    self.view = view
    self.settings = settings
    step = view.read { Step(position: $0.sequence, generation: $0.generation) }
    position = step.position
    endpointsPosition = step.position
  }

  /// How many names are kept for this stream; settled wildcard subscriptions need none.
  package var entryCount: Int {
    deliveries.indices.reduce(step.early.count + step.late.count + step.removals.count) {
      $0 + deliveries[$1].entryCount + deliveries[$1].names.count
    }
  }

  /// Whether the request is the first of a subscriber that has nothing of a large view.
  func isCold(_ request: DeltaDiscoveryRequest) -> Bool {
    let type = ResourceType(request.typeURL)
    let names = request.resourceNamesSubscribe
    guard deliveries.index(of: type) == nil, request.initialResourceVersions.isEmpty,
      names.contains("*") || names.isEmpty && type.isWildcardByDefault
    else { return false }
    return view.read { $0.bytes > settings.coldBytes && $0.types[type]?.isEmpty == false }
  }

  /// Whether to follow `newView` takes tables of very many names: so many changes wait for the next
  /// step, or another large view takes the place of this one.
  func isFarBehind(_ newView: View) -> Bool {
    guard deliveries.contains(where: { $0.held.followsView }) else { return false }
    return newView.read {
      newView === view
        ? $0.hasMoreChanges(
          than: settings.coldChanges, after: isRebased ? position : step.position)
        : $0.bytes > settings.coldBytes
    }
  }

  var isBetweenSteps: Bool { step.isDone }

  /// The subscriber asked, acknowledged or refused.
  package mutating func receive(_ request: DeltaDiscoveryRequest) throws(Violation) -> [Action] {
    try validate(request)
    var actions: [Action] = []
    let type = ResourceType(request.typeURL)
    if !request.responseNonce.isEmpty {
      resolve(request, type: type, actions: &actions)
    } else if request.hasErrorDetail {
      try takeLateRefusals(request, type: type, actions: &actions)
    }
    if let index = deliveries.index(of: type), let question = deliveries[index].question,
      question == .asked(nonce: request.responseNonce)
    {
      try takeList(request, type: type)
    }
    try subscribe(request, type: type)
    return actions + (try flush())
  }

  /// The view has a new step, or another view takes its place. What was not sent yet of the old one
  /// never is; resources that are the same in both are not sent again.
  package mutating func follow(_ newView: View) throws(Violation) -> [Action] {
    guard newView !== view else { return try flush() }
    // One lock at a time: two sessions may change places.
    let old = try look { $0.types }
    let (new, sequence) = newView.read { ($0.types, $0.sequence) }
    view = newView
    position = sequence
    for index in deliveries.indices {
      let type = deliveries[index].type
      deliveries[index].rebase(from: old[type] ?? [:], to: new[type] ?? [:])
    }
    step = Step(position: 0, generation: 0)
    isRebased = true
    return try flush()
  }

  /// Reads the view at the sequence that is `position` from then on.
  mutating func look<Result>(
    _ body: (borrowing ViewContents) -> Result
  ) throws(Violation) -> Result {
    let result = view.read { contents in
      advance(to: contents)
      return body(contents)
    }
    guard !isBehind else { throw .fellBehind }
    return result
  }

  /// Who subscribes to everything has what the view had at `position`: what changed since is listed.
  mutating func advance(to contents: borrowing ViewContents) {
    if position < contents.sequence, deliveries.contains(where: { $0.held.followsView }) {
      guard let changes = contents.changes(after: position) else {
        isBehind = true
        return
      }
      for index in deliveries.indices {
        deliveries[index].held.viewChanged(changes[deliveries[index].type])
      }
    }
    position = contents.sequence
    for index in deliveries.indices where deliveries[index].held.isTouched {
      deliveries[index].held.settle(in: contents.table(deliveries[index].type))
    }
  }

  private func validate(_ request: DeltaDiscoveryRequest) throws(Violation) {
    guard !request.typeURL.isEmpty else { throw .missingType }
    let isShort = { (text: String) in text.utf8.count <= settings.nameBytes }
    guard isShort(request.typeURL),
      request.resourceNamesSubscribe.allSatisfy(isShort),
      request.resourceNamesUnsubscribe.allSatisfy(isShort),
      request.initialResourceVersions.allSatisfy({ isShort($0.key) && isShort($0.value) })
    else { throw .nameTooLong }
    guard request.resourceNamesSubscribe.count <= settings.namesPerType,
      request.resourceNamesUnsubscribe.count <= settings.namesPerType,
      request.initialResourceVersions.count <= settings.namesPerType
    else { throw .tooManyNames(type: request.typeURL) }
  }

  // MARK: Acknowledgements

  private mutating func resolve(
    _ request: DeltaDiscoveryRequest, type: ResourceType, actions: inout [Action]
  ) {
    guard let index = deliveries.index(of: type) else { return }
    // Equal, but the very one that the names of the step have: they are compared faster.
    let type = deliveries[index].type
    let outcome: TypeDelivery.Outcome
    if request.hasErrorDetail {
      let offenders = request.errorDetail.rejectedResources.filter { $0.name.type == type }
      outcome = deliveries[index].refuse(
        nonce: request.responseNonce,
        offenders: Dictionary(
          offenders.map { ($0.name.name, Self.shortened($0.reason)) },
          uniquingKeysWith: { first, _ in first }),
        reason: Self.shortened(request.errorDetail.message))
    } else {
      outcome = deliveries[index].acknowledge(nonce: request.responseNonce, at: position)
    }
    for entry in outcome.done where !step.isDone {
      // What was read before the step began is done only if nothing newer waits behind it.
      if entry.readAt >= step.position || !deliveries[index].hasUnsent(entry.name) {
        step.remove(ResourceName(type, entry.name))
      }
    }
    if !outcome.accepted.isEmpty {
      actions.append(.report(.accepted(nodeID: nodeID, resources: outcome.accepted)))
    }
    for rejection in outcome.rejected {
      actions.append(
        .report(
          .rejected(nodeID: nodeID, resource: rejection.resource, reason: rejection.reason)))
    }
  }

  /// A relay acknowledged a resource before its Envoy asked for it, and refuses it now.
  private mutating func takeLateRefusals(
    _ request: DeltaDiscoveryRequest, type: ResourceType, actions: inout [Action]
  ) throws(Violation) {
    let table = try look { $0.table(type) }
    guard let index = deliveries.index(of: type) else { return }
    for offender in request.errorDetail.rejectedResources where offender.name.type == type {
      guard deliveries[index].refuse(offender.name.name, version: offender.version, in: table)
      else { continue }
      actions.append(
        .report(
          .rejected(
            nodeID: nodeID,
            resource: AcknowledgedResource(name: offender.name, version: offender.version),
            reason: Self.shortened(offender.reason))))
    }
  }

  private static func shortened(_ reason: String) -> String {
    String(decoding: reason.utf8.prefix(4096), as: UTF8.self)
  }

  // MARK: Subscriptions

  private mutating func subscribe(
    _ request: DeltaDiscoveryRequest, type: ResourceType
  ) throws(Violation) {
    let isFirst = deliveries.index(of: type) == nil
    // A mere acknowledgement: a table in hand would have to be copied when the view changes.
    guard
      isFirst || !request.resourceNamesSubscribe.isEmpty
        || !request.resourceNamesUnsubscribe.isEmpty
    else { return }
    guard !isFirst || deliveries.count < settings.types else { throw .tooManyTypes }
    var explicit = request.resourceNamesSubscribe
    let asksForAll =
      explicit.contains("*") || isFirst && explicit.isEmpty && type.isWildcardByDefault
    explicit.removeAll { $0 == "*" }
    let initial = isFirst ? request.initialResourceVersions : [:]
    let mayWalk = asksForAll && initial.isEmpty
    if mayWalk { view.sortNames(of: type) }
    let (table, digest, sorted) = try look { contents in
      (contents.table(type), contents.digest(type), mayWalk ? contents.names(of: type) : [])
    }
    var delivery = deliveries.take(type) ?? TypeDelivery(type: type)
    for name in request.resourceNamesUnsubscribe {
      unsubscribe(name, in: &delivery, table: table)
    }
    delivery.names.formUnion(explicit)
    guard delivery.names.count <= settings.namesPerType else {
      throw .tooManyNames(type: type.url)
    }
    let becomesWildcard = asksForAll && !delivery.isWildcard
    delivery.isWildcard = delivery.isWildcard || asksForAll
    if asksForAll { delivery.isOwedAnswer = true }
    if let claim = initial[ContentDigest.reservedName] {
      if becomesWildcard, claim == digest.text {
        delivery.held = .asView
      } else {
        delivery.question = .unasked
      }
      deliveries.put(delivery)
      return
    }
    for (name, version) in initial where delivery.isSubscribed(to: name) {
      delivery.held.set(version, of: name)
    }
    if !initial.isEmpty {
      if becomesWildcard { delivery.held.compare(with: table) }
      uncompared.insert(type)
      if type == .endpoints { endpointsPosition = -1 }
    } else if becomesWildcard {
      delivery.beginWalk(through: sorted)
    }
    for name in explicit where initial[name] == nil || isCold(name, type) {
      delivery.answers.append(name)
    }
    deliveries.put(delivery)
  }

  /// The subscriber's digest was not the view's, so it lists what it has.
  private mutating func takeList(
    _ request: DeltaDiscoveryRequest, type: ResourceType
  ) throws(Violation) {
    let table = try look { $0.table(type) }
    guard let index = deliveries.index(of: type) else { return }
    deliveries[index].question = nil
    for (name, version) in request.initialResourceVersions
    where deliveries[index].isSubscribed(to: name) {
      deliveries[index].held.set(version, of: name)
    }
    if deliveries[index].isWildcard { deliveries[index].held.compare(with: table) }
    uncompared.insert(type)
    if type == .endpoints { endpointsPosition = -1 }
  }

  /// A cluster that was just sent waits for its endpoints, even for those it had before.
  private func isCold(_ name: String, _ type: ResourceType) -> Bool {
    guard type == .endpoints, let clusters = deliveries.index(of: .cluster) else { return false }
    return deliveries[clusters].isGetting(name)
  }

  private mutating func unsubscribe(
    _ name: String, in delivery: inout TypeDelivery, table: Holdings.Table
  ) {
    if name == "*" {
      guard delivery.isWildcard else { return }
      for name in delivery.narrow(in: table) { step.remove(ResourceName(delivery.type, name)) }
      return
    }
    guard delivery.names.remove(name) != nil else { return }
    if delivery.isWildcard {
      // Whether the wildcard still covers the name is for the server to say.
      delivery.answers.append(name)
    } else {
      delivery.forget(name)
      step.remove(ResourceName(delivery.type, name))
    }
  }
}
