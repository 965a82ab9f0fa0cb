import Blueprints
import DeltaXDS
import Documents
import EnvoyConfig
import FoundationEssentials
import Streams

/// Everything that an agent knows about its cluster, and what follows from it: items, workloads and
/// what proxies said go in; views and reports come out.
///
/// Every change runs through one value, so that what proxies get never mixes two moments. Changes are
/// published in steps, which are counted from 1 with each start of the agent; proxies answer steps,
/// and steps lead back to the generations of the server.
struct SiteState: Sendable {
  /// An item as the server sent it.
  struct Held: Sendable {
    var hash: StableHash
    /// Nil when this agent cannot read it.
    var item: BlueprintItem?
    var sources: [Source]
  }

  /// The proxies that share one view.
  struct Group: Sendable {
    var view = View()
    var nodes: Set<String> = []
    /// The version of every resource in the view.
    var versions: [ResourceName: StableHash] = [:]
    /// The newest step that changed the view.
    var step: Int64 = 0
  }

  /// A proxy as its discovery streams show it.
  struct Node: Sendable {
    var views: Latest<View>
    var profile: ProxyProfile
    var streams = 0
    var told: Int64 = 0
    var settled: Int64 = 0
  }

  /// What one version of a resource was made from. There are as many as resources, so the keys are
  /// those of the resource itself and not a copy.
  struct Made: Sendable {
    let version: StableHash
    var keys: [ItemKey] = []
    /// The contents of the items under `keys`; nil for what is not there.
    var hashes: [StableHash?] = []
    /// In how many views this version is.
    var views = 0

    var items: [ItemKey: StableHash] {
      var items: [ItemKey: StableHash] = [:]
      for (key, hash) in zip(keys, hashes) { items[key] = hash }
      return items
    }
  }

  let identity: SiteIdentity
  var epoch = ""
  var generation: Int64 = 0
  var revision: Int64 = 0

  var items: [ItemKey: Held] = [:]
  /// The last good contents of items whose newest one is not known good.
  var good: [ItemKey: Held] = [:]
  var quarantine = Quarantine()
  var registrations = Registrations()
  /// As the translator has them.
  var gatewaysInForce: [PresentGateway] = []
  var provisional = ProvisionalPlans()
  /// What the translator has at the moment: the server's items and the provisional ones.
  var inForce: [ItemKey: BlueprintItem] = [:]
  var provisionalKeys: Set<ItemKey> = []

  var translator = SiteTranslator()
  var groups: [ProxyProfile: Group] = [:]
  var nodes: [String: Node] = [:]
  var propagation = Propagation()
  var reports = Reports()
  var marks = Marks()

  var step: Int64 = 0
  /// The first step of each generation, ascending.
  var generationStarts: [(step: Int64, generation: Int64)] = []
  /// What each version of a resource that is in some view was made from: mostly there is one.
  private var origins: [ResourceName: [Made]] = [:]
  /// Contents that proxies of a profile were given and that are not known good, and when.
  var unproven: [ProxyProfile: [ItemKey: (hash: StableHash, step: Int64)]] = [:]
  /// The proxies that have not answered the current trial of the quarantine.
  var trialNodes: Set<String> = []
  var trialStep: Int64 = 0

  init(identity: SiteIdentity) {
    self.identity = identity
    refreshProvisional([.site, .trust])
    var change = SiteChange()
    change.items = inForce.mapValues { $0 }
    _ = translator.update(change)
  }

  /// What waits to be told to the server; a set per kind, so that it cannot grow without bound.
  struct Reports: Sendable {
    var services: Set<ServiceKey> = []
    var proxies: Set<String> = []
    var generations: Set<Int64> = []
    var rejections: Set<ItemKey> = []
    var gateways = false

    var isEmpty: Bool {
      services.isEmpty && proxies.isEmpty && generations.isEmpty && rejections.isEmpty
        && !gateways
    }
  }

  /// What waits to be kept on the disk, beside what is kept before it is acknowledged.
  struct Marks: Sendable {
    var good: [ItemKey: StableHash] = [:]
    var refusals: Set<ItemKey> = []
    var isEmpty: Bool { good.isEmpty && refusals.isEmpty }
  }
}

// MARK: Publishing

extension SiteState {
  /// Brings a change into the translator and every view it concerns, as one step.
  /// Returns the connected proxies whose resources changed.
  @discardableResult
  mutating func publish(_ change: SiteChange, as newGeneration: Int64? = nil) -> Set<String> {
    step += 1
    if let newGeneration, newGeneration != generationStarts.last?.generation {
      generationStarts.append((step, newGeneration))
      if generationStarts.count > 1024 { generationStarts.removeFirst() }
    }
    var change = change
    let moved = moveWorkloads(toFit: change.items.keys, &change)
    var concerned: Set<String> = []
    for (profile, viewChange) in translator.update(change) where !viewChange.isEmpty {
      guard groups[profile] != nil else { continue }
      note(viewChange, for: profile)
      groups[profile]?.step = step
      guard let group = groups[profile] else { continue }
      group.view.publish(
        upserts: viewChange.upserts.map(resource), removals: viewChange.removals.map(name),
        generation: step)
      concerned.formUnion(group.nodes.filter(isConnected))
    }
    showMoved(moved)
    return concerned.union(moved.map(\.identity.nodeID).filter(isConnected))
  }

  /// Remembers what the new resources were made from, and forgets what they replace.
  private mutating func note(_ change: ViewChange, for profile: ProxyProfile) {
    for removal in change.removals {
      let name = name(removal)
      release(name, groups[profile]?.versions.removeValue(forKey: name))
    }
    for upsert in change.upserts {
      let name = name(upsert.name)
      release(name, groups[profile]?.versions.updateValue(upsert.version, forKey: name))
      let hashes = upsert.origins.map { key -> StableHash? in
        guard let hash = hashInForce(key) else { return nil }
        if !quarantine.isProven(key), self.items[key]?.hash == hash {
          unproven[profile, default: [:]][key] = (hash, step)
        }
        return hash
      }
      let index = index(of: name, upsert.version)
      // Equal bytes may come from newer items: the newest are the ones to suspect.
      origins[name]?[index].keys = upsert.origins
      origins[name]?[index].hashes = hashes
      origins[name]?[index].views += 1
    }
  }

  /// Where a version stands among those of its resource; enters it when it is new.
  private mutating func index(of name: ResourceName, _ version: StableHash) -> Int {
    let known = origins[name] ?? []
    if let index = known.firstIndex(where: { $0.version == version }) { return index }
    origins[name] = known + [Made(version: version)]
    return known.count
  }

  /// What a version of a resource was made from; nil when no view has it.
  func made(_ name: ResourceName, _ version: StableHash) -> Made? {
    origins[name]?.first { $0.version == version }
  }

  /// One view gives up a version.
  mutating func release(_ name: ResourceName, _ version: StableHash?) {
    guard let index = origins[name]?.firstIndex(where: { $0.version == version }) else { return }
    origins[name]?[index].views -= 1
    guard origins[name]?[index].views == 0 else { return }
    origins[name]?.remove(at: index)
    if origins[name]?.isEmpty == true { origins[name] = nil }
  }

  func hashInForce(_ key: ItemKey) -> StableHash? {
    guard inForce[key] != nil, let held = items[key] else { return nil }
    if case .lastGood(let hash) = quarantine.standing(of: key) { return hash }
    return held.hash
  }

  func resource(_ resource: EnvoyResource) -> Resource {
    Resource(name: name(resource.name), version: resource.version.shortText, body: resource.bytes)
  }

  func name(_ name: EnvoyResourceName) -> ResourceName {
    ResourceName(ResourceType(name.type.rawValue), name.name)
  }

  /// The newest generation that `step` includes.
  func generation(at step: Int64) -> Int64 {
    generationStarts.last { $0.step <= step }?.generation
      ?? generationStarts.first.map { min(generation, $0.generation) - 1 } ?? generation
  }
}

// MARK: Items

extension SiteState {
  /// The item that stands for `key` now: the newest, the last good, a provisional one, or none.
  private mutating func current(_ key: ItemKey) -> (item: BlueprintItem?, isProvisional: Bool) {
    if let held = items[key] {
      switch quarantine.standing(of: key) {
      case .offered: return (held.item, false)
      case .lastGood: return (good[key]?.item, false)
      case .absent: return (nil, false)
      }
    }
    return (provisionalItem(key), true)
  }

  private mutating func provisionalItem(_ key: ItemKey) -> BlueprintItem? {
    switch key {
    case .site:
      return ProvisionalPlans.site(
        organization: identity.organization, cluster: identity.cluster,
        trustDomain: identity.trustDomain)
    case .trust:
      return ProvisionalPlans.trust(
        trustDomain: identity.trustDomain,
        authorities: identity.authorities.map { Data($0).base64EncodedString() })
    case .namespace(let namespace):
      let isUsed = registrations.namespaces[namespace] != nil
      return isUsed ? ProvisionalPlans.namespace(namespace) : nil
    case .service(let namespace, let name):
      let service = ServiceKey(namespace: namespace, name: name)
      guard let summary = registrations.summary(of: service), !summary.ports.isEmpty else {
        provisional.release(service)
        return nil
      }
      return provisional.service(
        service, summary, cluster: identity.cluster, trustDomain: identity.trustDomain)
    case .workloads, .gateway, .peer: return nil
    }
  }

  /// Brings `inForce` up to date for some keys. Returns what changed, for the translator.
  mutating func refresh(_ keys: some Sequence<ItemKey>) -> [ItemKey: BlueprintItem?] {
    var changed: [ItemKey: BlueprintItem?] = [:]
    for key in keys {
      let (item, isProvisional) = current(key)
      if item != nil, isProvisional {
        provisionalKeys.insert(key)
      } else {
        provisionalKeys.remove(key)
        if items[key] != nil, case .service(let namespace, let name) = key {
          provisional.release(ServiceKey(namespace: namespace, name: name))
        }
      }
      guard inForce[key] != item else { continue }
      inForce[key] = item
      changed.updateValue(item, forKey: key)
    }
    return changed
  }

  private mutating func refreshProvisional(_ keys: [ItemKey]) { _ = refresh(keys) }
}
