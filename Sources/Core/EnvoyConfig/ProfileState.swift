import Blueprints

/// What the proxies of one profile have: the resources of each unit, and how many units hold each.
struct ProfileState: Sendable {
  private var units: [ConfigurationUnit: [EnvoyResource]] = [:]
  private var table: [EnvoyResourceName: Entry] = [:]
  /// What resources were like when the change began; nil for those that did not exist.
  private var touched: [EnvoyResourceName: EnvoyResource?] = [:]

  /// The services that are called, with what the rest of the configuration needs to know of them.
  private(set) var called: [ServiceKey: CalledService] = [:]
  private(set) var httpPorts: [Int: Int] = [:]
  private(set) var tcpServices: Set<ServiceKey> = []
  /// How many called services and gateways need the clusters of a service.
  private var needs: [ServiceKey: Int] = [:]
  private var gatewayDestinations: Set<ServiceKey> = []
  /// What gateways mention, whether it exists or not.
  private(set) var mentionedByGateways: Set<ServiceKey> = []

  private struct Entry {
    var resource: EnvoyResource
    var count: Int
  }

  var resources: [EnvoyResource] {
    table.values.map(\.resource).sorted { $0.name < $1.name }
  }

  func needs(_ service: ServiceKey) -> Bool { needs[service] != nil }

  /// The services whose clusters are held.
  var neededServices: [ServiceKey] { Array(needs.keys) }

  /// Puts `resources` in the place of what `unit` had; the first of a name counts.
  mutating func set(_ unit: ConfigurationUnit, to resources: [EnvoyResource]) {
    let old = units[unit] ?? []
    var names: Set<EnvoyResourceName> = []
    let isDistinct = resources.allSatisfy { names.insert($0.name).inserted }
    names = []
    // As it is, it shares its memory with the cache that it is from.
    let new = isDistinct ? resources : resources.filter { names.insert($0.name).inserted }
    guard old != new else { return }
    for resource in new {
      touch(resource.name)
      table[resource.name] = Entry(
        resource: resource, count: (table[resource.name]?.count ?? 0) + 1)
    }
    for resource in old {
      touch(resource.name)
      guard let entry = table[resource.name] else { continue }
      table[resource.name] =
        entry.count > 1 ? Entry(resource: entry.resource, count: entry.count - 1) : nil
    }
    units[unit] = new.isEmpty ? nil : new
  }

  private mutating func touch(_ name: EnvoyResourceName) {
    if touched[name] == nil { touched[name] = .some(table[name]?.resource) }
  }

  /// Everything that `set` has changed since the last time.
  mutating func takeChange() -> ViewChange {
    var change = ViewChange()
    for (name, before) in touched {
      let after = table[name]?.resource
      guard before != after else { continue }
      if let after { change.upserts.append(after) } else { change.removals.append(name) }
    }
    touched = [:]
    change.upserts.sort { $0.name < $1.name }
    change.removals.sort()
    return change
  }

  /// Notes that `service` is called, or no longer; returns the services whose clusters may have
  /// become needed or superfluous, and whether the listener for captured calls may differ.
  mutating func note(
    _ service: ServiceKey, _ now: CalledService?
  ) -> (affected: Set<ServiceKey>, listener: Bool) {
    let before = called[service]
    called[service] = now
    let ports = Set(httpPorts.keys)
    for port in before?.httpPorts ?? [] { httpPorts.adjust(port, by: -1) }
    for port in now?.httpPorts ?? [] { httpPorts.adjust(port, by: 1) }
    if now?.hasTCPPorts == true { tcpServices.insert(service) } else { tcpServices.remove(service) }
    let affected = replaceNeeds(before?.destinations ?? [], with: now?.destinations ?? [])
    let listener =
      before?.hasTCPPorts == true || now?.hasTCPPorts == true || ports != Set(httpPorts.keys)
    return (affected, listener)
  }

  /// Notes what gateways mention, and what they need; returns like `note`.
  mutating func noteGateway(
    mentioning mentioned: Set<ServiceKey>, destinations: Set<ServiceKey>
  ) -> Set<ServiceKey> {
    defer { gatewayDestinations = destinations }
    mentionedByGateways = mentioned
    return replaceNeeds(gatewayDestinations, with: destinations)
  }

  private mutating func replaceNeeds(
    _ old: Set<ServiceKey>, with new: Set<ServiceKey>
  ) -> Set<ServiceKey> {
    for service in new.subtracting(old) { needs.adjust(service, by: 1) }
    for service in old.subtracting(new) { needs.adjust(service, by: -1) }
    return old.symmetricDifference(new)
  }
}

struct CalledService: Hashable, Sendable {
  var httpPorts: [Int]
  var hasTCPPorts: Bool
  var destinations: Set<ServiceKey>

  init(_ plan: ServicePlan, in site: Site) {
    httpPorts = plan.httpPorts
    hasTCPPorts = plan.hasTCPPorts
    destinations = plan.destinations(in: site)
  }
}

extension Dictionary where Value == Int {
  /// Counts up or down; what reaches zero goes.
  fileprivate mutating func adjust(_ key: Key, by amount: Int) {
    let count = (self[key] ?? 0) + amount
    self[key] = count == 0 ? nil : count
  }
}

/// Sets by key, without empty ones.
struct MultiIndex<Key: Hashable & Sendable, Member: Hashable & Sendable>: Sendable {
  private var members: [Key: Set<Member>] = [:]

  subscript(key: Key) -> Set<Member> { members[key] ?? [] }

  var keys: Dictionary<Key, Set<Member>>.Keys { members.keys }

  mutating func insert(_ member: Member, at key: Key) { members[key, default: []].insert(member) }

  mutating func remove(_ member: Member, at key: Key) {
    members[key]?.remove(member)
    if members[key]?.isEmpty == true { members[key] = nil }
  }
}
