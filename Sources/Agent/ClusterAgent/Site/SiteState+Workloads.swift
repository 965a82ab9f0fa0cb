import Blueprints
import DeltaXDS
import EnvoyConfig
import Streams

extension SiteState {
  /// Puts a registration into force: its endpoint at once, its profile if that is new.
  mutating func apply(_ change: Registrations.Change) {
    var site = SiteChange()
    let sides = [change.before, change.after].compactMap { $0 }
    let services = Set(sides.filter { $0.endpoint != nil }.map(\.identity.serviceKey))
    if let nodeID = (change.after ?? change.before)?.identity.nodeID {
      reports.proxies.insert(nodeID)
    }
    if change.before?.endpoint != change.after?.endpoint || change.before == nil {
      for service in services {
        let endpoints = registrations.endpoints(of: service)
        site.endpoints.updateValue(endpoints.isEmpty ? nil : endpoints, forKey: service)
      }
    }
    reports.services.formUnion(sides.compactMap(\.service))
    site.items = refresh(provisionalCandidates(services, change))
    if let nodeID = (change.after ?? change.before)?.identity.nodeID {
      move(nodeID, to: change.after.map(profile), &site)
    }
    site.gateways = refreshGateways()
    // A further workload like others, that only calls, changes nothing and has its view, too.
    if !site.items.isEmpty || !site.endpoints.isEmpty || !site.addedProfiles.isEmpty
      || !site.removedProfiles.isEmpty || site.gateways != nil
    {
      publish(site)
    }
    showViews(of: change)
  }

  /// The stream of a workload ended without a word. Says whether that is news to anybody.
  mutating func lost(_ nodeID: String, lease: Int, at now: Registrations.Instant) -> Bool {
    registrations.lost(nodeID, lease: lease, at: now)
    guard let gateways = refreshGateways() else { return false }
    publish(SiteChange(gateways: gateways))
    return true
  }

  /// The gateways as this cluster's proxies reach them, when that changed.
  private mutating func refreshGateways() -> [LocalGateway]? {
    let now = registrations.gateways
    guard now != gatewaysInForce else { return nil }
    let local = now.map(\.local)
    let isNews = local != gatewaysInForce.map(\.local)
    gatewaysInForce = now
    reports.gateways = true
    return isNews ? local : nil
  }

  /// Only what the server has no item for can depend on registrations.
  private func provisionalCandidates(
    _ services: Set<ServiceKey>, _ change: Registrations.Change
  ) -> [ItemKey] {
    var keys = services.map { ItemKey.service(namespace: $0.namespace, name: $0.name) }
    let namespaces = [change.before, change.after].compactMap { $0?.identity.namespace }
    keys += Set(namespaces).map { ItemKey.namespace($0) }
    return keys.filter { items[$0] == nil }.sorted()
  }

  /// What a workload gets now.
  func profile(of registration: Registration) -> ProxyProfile {
    guard let service = registration.service,
      case .workloads(let plan)? = inForce[
        .workloads(namespace: service.namespace, service: service.name)]
    else { return registration.profile(under: nil) }
    return registration.profile(under: plan)
  }

  /// Gives workloads other profiles where another plan of their service tells them apart otherwise,
  /// and says who they are. `showMoved` is to follow.
  mutating func moveWorkloads(
    toFit items: some Sequence<ItemKey>, _ site: inout SiteChange
  ) -> [Registration] {
    var moved: [Registration] = []
    for case .workloads(let namespace, let name) in items {
      let service = ServiceKey(namespace: namespace, name: name)
      for registration in registrations.workloads(of: service) {
        let nodeID = registration.identity.nodeID
        guard let old = nodes[nodeID]?.profile, old != profile(of: registration) else { continue }
        move(nodeID, to: profile(of: registration), &site)
        moved.append(registration)
      }
    }
    return moved
  }

  /// Shows workloads that were moved what they get from now on. For them it is news, also where the
  /// others of their group have had it before.
  mutating func showMoved(_ moved: [Registration]) {
    for profile in Set(moved.map(profile)) where groups[profile]?.step != step {
      groups[profile]?.step = step
      groups[profile]?.view.publish(upserts: [], removals: [], generation: step)
    }
    for registration in moved { show(registration) }
  }

  private mutating func move(
    _ nodeID: String, to new: ProxyProfile?, _ site: inout SiteChange
  ) {
    let old = nodes[nodeID]?.profile
    guard old != new else { return }
    if let old {
      groups[old]?.nodes.remove(nodeID)
      if groups[old]?.nodes.isEmpty == true {
        site.removedProfiles.append(old)
        drop(old)
      }
    }
    if let new {
      if groups[new] == nil {
        groups[new] = Group()
        site.addedProfiles.append(new)
      }
      groups[new]?.nodes.insert(nodeID)
    }
  }

  private mutating func drop(_ profile: ProxyProfile) {
    guard let group = groups.removeValue(forKey: profile) else { return }
    unproven[profile] = nil
    for (name, version) in group.versions { release(name, version) }
  }

  /// A proxy that changed its profile follows another view from now on.
  private mutating func showViews(of change: Registrations.Change) {
    if let after = change.after {
      show(after)
    } else if let before = change.before {
      nodes[before.identity.nodeID]?.views.finish()
      nodes[before.identity.nodeID] = nil
      reports.generations.formUnion(propagation.left(before.identity.nodeID))
    }
  }

  private mutating func show(_ registration: Registration) {
    let nodeID = registration.identity.nodeID
    let profile = profile(of: registration)
    guard let group = groups[profile] else { return }
    if let node = nodes[nodeID] {
      guard node.profile != profile else { return }
      nodes[nodeID]?.profile = profile
      node.views.publish(group.view)
    } else {
      nodes[nodeID] = Node(views: Latest(group.view), profile: profile)
    }
  }

  /// What `nodeID` may follow; nil as long as it has not registered.
  func subscription(_ nodeID: String) -> Subscription? {
    nodes[nodeID].map { Subscription(nodeID: nodeID, views: $0.views) }
  }
}
