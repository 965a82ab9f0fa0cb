import Blueprints
import DeltaXDS
import Documents
import EnvoyConfig

extension SiteState {
  /// Takes what happened on a discovery stream. `now` is microseconds on the site's clock.
  mutating func observe(_ event: DeliveryEvent, now: Int64) {
    switch event {
    case .connected(let nodeID, _):
      nodes[nodeID]?.streams += 1
      reports.proxies.insert(nodeID)
    case .told(let nodeID, let step):
      let before = nodes[nodeID]?.told ?? 0
      if step > before {
        nodes[nodeID]?.told = step
        reports.proxies.insert(nodeID)
      }
      reports.generations.formUnion(propagation.told(nodeID, step: step, at: now))
    case .accepted: break
    case .rejected(let nodeID, let resource, let reason):
      rejected(nodeID, resource, reason)
    case .settled(let nodeID, let step):
      settled(nodeID, step: step, now: now)
    case .disconnected(let nodeID):
      disconnected(nodeID)
    }
  }

  private mutating func settled(_ nodeID: String, step: Int64, now: Int64) {
    guard let node = nodes[nodeID] else { return }
    if step > node.settled {
      nodes[nodeID]?.settled = step
      reports.proxies.insert(nodeID)
    }
    reports.generations.formUnion(propagation.settled(nodeID, step: step, at: now))
    prove(node.profile, step: step)
    if step >= trialStep, trialNodes.remove(nodeID) != nil, trialNodes.isEmpty { advanceTrial() }
  }

  /// Everything that the proxies of a profile were given up to `step` is in force at one of them. An
  /// item is good once that is so for every profile that got a part of it: an east-west gateway takes
  /// its part of a Gateway whose routes the ingress gateway refuses.
  private mutating func prove(_ profile: ProxyProfile, step: Int64) {
    guard let candidates = unproven[profile], !candidates.isEmpty else { return }
    for (key, given) in candidates where given.step <= step {
      unproven[profile]?[key] = nil
      let isAwaited = unproven.contains { other, keys in
        keys[key]?.hash == given.hash && isServed(other)
      }
      guard !isAwaited else { continue }
      guard quarantine.accepted(key, given.hash) else { continue }
      good[key] = nil
      marks.good[key] = given.hash
    }
    if unproven[profile]?.isEmpty == true { unproven[profile] = nil }
  }

  private func isServed(_ profile: ProxyProfile) -> Bool {
    groups[profile]?.nodes.contains(where: isConnected) == true
  }

  private mutating func rejected(
    _ nodeID: String, _ resource: AcknowledgedResource, _ reason: String
  ) {
    reports.generations.formUnion(propagation.rejected(nodeID))
    let type = resource.name.type.url
    guard let version = StableHash(shortText: resource.version),
      let made = self.made(resource.name, version)
    else {
      report(
        quarantine.rejectedAgain(
          type: type, name: resource.name.name, version: resource.version, by: nodeID))
      return
    }
    let refused = RefusedResource(
      type: type, name: resource.name.name, version: resource.version, reason: reason,
      nodeID: nodeID, origins: made.items)
    let changed = quarantine.rejected(refused)
    report(changed)
    for profile in unproven.keys {
      for key in changed { unproven[profile]?[key] = nil }
    }
    let items = refresh(changed)
    if !items.isEmpty { publish(SiteChange(items: items)) }
    if quarantine.isOnTrial, trialNodes.isEmpty { advanceTrial() }
  }

  /// Lets the next group of suspects in, and waits for those who get something because of it.
  private mutating func advanceTrial() {
    while quarantine.isOnTrial {
      let admitted = quarantine.advance()
      guard !admitted.isEmpty else { return }
      let items = refresh(admitted)
      guard !items.isEmpty else { continue }
      trialNodes = publish(SiteChange(items: items))
      trialStep = step
      if !trialNodes.isEmpty { return }
    }
  }

  private mutating func disconnected(_ nodeID: String) {
    guard let node = nodes[nodeID] else { return }
    nodes[nodeID]?.streams = max(0, node.streams - 1)
    reports.proxies.insert(nodeID)
    guard node.streams <= 1 else { return }
    reports.generations.formUnion(propagation.left(nodeID))
    if trialNodes.remove(nodeID) != nil, trialNodes.isEmpty { advanceTrial() }
  }

  private mutating func report(_ keys: [ItemKey]) {
    reports.rejections.formUnion(keys)
    marks.refusals.formUnion(keys)
  }

  /// Whether a proxy has a stream.
  func isConnected(_ nodeID: String) -> Bool { (nodes[nodeID]?.streams ?? 0) > 0 }

  /// The newest generation of which a proxy has answered everything that concerns it.
  func acknowledgedGeneration(of nodeID: String) -> Int64 {
    guard let node = nodes[nodeID], let group = groups[node.profile] else { return 0 }
    return node.settled >= group.step ? generation : generation(at: node.settled)
  }

  /// The newest generation because of which a proxy was sent something.
  func toldGeneration(of nodeID: String) -> Int64 {
    guard let node = nodes[nodeID] else { return 0 }
    return generation(at: node.told)
  }
}
