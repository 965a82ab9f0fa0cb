package import Blueprints
import Documents
import Model

/// Keeps the inputs and outputs of the compiler and computes again only what a change touches.
///
/// Every unit notes which facts it read, and every change says which facts it touched: the index
/// from facts to units is all that connects them.
package struct IncrementalCompiler: Sendable {
  private(set) var world = World()
  private var readers: [Fact: Set<Unit>] = [:]
  private var reads: [Unit: Set<Fact>] = [:]
  /// The namespaces whose owner of a kind somebody asked for.
  private var ownedNamespaces: [Kind: Set<String>] = [:]
  /// The namespaces whose callers somebody asked for.
  private var reachedNamespaces: Set<String> = []
  private(set) var outputs: [Unit: UnitOutput] = [:]
  /// By cluster: the units that have something for it and are no services, of which there are few.
  private(set) var unitsBesideServices: [String: Set<Unit>] = [:]
  /// By the FQN of the object concerned.
  private var diagnostics: [String: [Unit: [Diagnostic]]] = [:]
  private var subjects: [Unit: Set<String>] = [:]

  /// How many units the last update computed.
  package private(set) var computedUnits = 0
  /// How many units were computed in all.
  package private(set) var computedUnitsInTotal = 0

  package init() {}

  package mutating func update(_ change: CompilerChange) -> CompilationDelta {
    let touched = world.apply(change)
    var units = dirty(touched)
    var changes = Changes()
    computedUnits = 0
    // Callers first: which services a cluster needs depends on what its workloads may call.
    for unit in units where unit.decidesReach {
      let before = outputs[unit] ?? [:]
      recompute(unit, &changes)
      for (caller, reach) in reaches(saidBy: unit, before) {
        for pattern in world.setReach(reach, of: caller) {
          units.formUnion(readers(ofReachTo: pattern))
        }
      }
    }
    for unit in units where !unit.decidesReach { recompute(unit, &changes) }
    computedUnitsInTotal += computedUnits
    return delta(changes)
  }

  /// What a cluster has under a key.
  package func item(_ key: ItemKey, in cluster: String) -> SourcedItem? {
    let unit: Unit
    switch key {
    case .site: unit = .site(cluster)
    case .trust: unit = .trust
    case .namespace(let namespace):
      unit = .namespace(NamespaceInCluster(cluster: cluster, namespace: namespace))
    case .service(let namespace, let name):
      unit = .service(ServiceName(namespace: namespace, name: name))
    case .gateway(let fqn):
      guard let ref = ResourceRef(fqn: fqn) else { return nil }
      unit = .gateway(ref)
    case .workloads(let namespace, let service):
      unit = .workloads(ServiceName(namespace: namespace, name: service))
    case .peer(let other): unit = .peer(other)
    }
    return outputs[unit]?[cluster]
  }

  // MARK: What to compute

  private func dirty(_ touched: World.Touched) -> Set<Unit> {
    var units = touched.units
    for fact in touched.facts {
      if let readers = readers[fact] { units.formUnion(readers) }
    }
    for (kind, term) in touched.ownership {
      guard term.namespace.utf8.last == UInt8(ascii: "*") else {
        units.formUnion(readers[.ownership(kind, namespace: term.namespace)] ?? [])
        continue
      }
      // Only the index knows which namespaces there are to match.
      for namespace in ownedNamespaces[kind] ?? [] where term.matches(namespace: namespace) {
        units.formUnion(readers[.ownership(kind, namespace: namespace)] ?? [])
      }
    }
    return units
  }

  /// What a unit says now, or said before, of whom some workloads may call: nil where there are none.
  private func reaches(saidBy unit: Unit, _ before: UnitOutput) -> [(CallerPlace, Reach?)] {
    switch unit {
    case .namespace(let place):
      guard world.population[place] != nil,
        case .namespace(let plan)? = outputs[unit]?[place.cluster]?.item
      else { return [(CallerPlace(place: place), nil)] }
      return [(CallerPlace(place: place), plan.reach)]
    case .workloads(let service):
      let now = outputs[unit] ?? [:]
      return Set(before.keys).union(now.keys).map { cluster in
        let place = NamespaceInCluster(cluster: cluster, namespace: service.namespace)
        let caller = CallerPlace(place: place, service: service.name)
        guard case .workloads(let plan)? = now[cluster]?.item else { return (caller, nil) }
        return (caller, plan.reach)
      }
    case .site, .trust, .service, .gateway, .peer, .setting: return []
    }
  }

  private func readers(ofReachTo pattern: NamePattern) -> Set<Unit> {
    guard pattern.text.utf8.last == UInt8(ascii: "*") else {
      return readers[.reach(namespace: pattern.text)] ?? []
    }
    return reachedNamespaces.filter { pattern.matches($0) }.reduce(into: []) { units, namespace in
      units.formUnion(readers[.reach(namespace: namespace)] ?? [])
    }
  }

  private struct Changes {
    var clusters: [String: [ItemKey: SourcedItem?]] = [:]
    var subjects: Set<String> = []
  }

  private mutating func recompute(_ unit: Unit, _ changes: inout Changes) {
    computedUnits += 1
    var reader = Reader(world)
    let output = Self.compute(unit, &reader)
    note(reader.facts, of: unit, isNeeded: isNeeded(unit))
    let before = outputs[unit] ?? [:]
    for (cluster, item) in output where before[cluster] != item {
      changes.clusters[cluster, default: [:]][item.item.key] = item
    }
    for (cluster, item) in before where output[cluster] == nil {
      changes.clusters[cluster, default: [:]][item.item.key] = .some(nil)
    }
    outputs[unit] = output.isEmpty ? nil : output
    if !unit.isService {
      for cluster in output.keys where before[cluster] == nil {
        unitsBesideServices[cluster, default: []].insert(unit)
      }
      for cluster in before.keys where output[cluster] == nil {
        unitsBesideServices[cluster]?.remove(unit)
        if unitsBesideServices[cluster]?.isEmpty == true { unitsBesideServices[cluster] = nil }
      }
    }
    note(reader.diagnostics, of: unit, &changes)
  }

  private static func compute(_ unit: Unit, _ reader: inout Reader) -> UnitOutput {
    switch unit {
    case .site(let name): return siteUnit(name, &reader)
    case .trust: return trustUnit(&reader)
    case .namespace(let place): return namespaceUnit(place, &reader)
    case .workloads(let service): return workloadsUnit(service, &reader)
    case .service(let service): return serviceUnit(service, &reader)
    case .gateway(let ref): return gatewayUnit(ref, &reader)
    case .peer(let name): return peerUnit(name, &reader)
    case .setting(let ref):
      settingUnit(ref, &reader)
      return [:]
    }
  }

  /// Whether the unit's own input is there; without it the unit is named by the change that brings
  /// it, and what it read before is of no interest.
  private func isNeeded(_ unit: Unit) -> Bool {
    switch unit {
    case .site(let name), .peer(let name): world.clusters[name] != nil
    case .trust: true
    case .namespace(let place):
      world.population[place] != nil || world.gateways[place.namespace] != nil
    case .workloads(let service): world.serviceSettings[service] != nil
    case .service(let service): world.services[service] != nil
    case .gateway(let ref), .setting(let ref): world.resources[ref] != nil
    }
  }

  private mutating func note(_ facts: Set<Fact>, of unit: Unit, isNeeded: Bool) {
    let facts = isNeeded ? facts : []
    let before = reads[unit] ?? []
    for fact in before where !facts.contains(fact) {
      readers[fact]?.remove(unit)
      guard readers[fact]?.isEmpty == true else { continue }
      readers[fact] = nil
      if case .ownership(let kind, let namespace) = fact {
        ownedNamespaces[kind]?.remove(namespace)
      } else if case .reach(let namespace) = fact {
        reachedNamespaces.remove(namespace)
      }
    }
    for fact in facts where !before.contains(fact) {
      readers[fact, default: []].insert(unit)
      if case .ownership(let kind, let namespace) = fact {
        ownedNamespaces[kind, default: []].insert(namespace)
      } else if case .reach(let namespace) = fact {
        reachedNamespaces.insert(namespace)
      }
    }
    reads[unit] = facts.isEmpty ? nil : facts
  }

  private mutating func note(_ found: [Diagnostic], of unit: Unit, _ changes: inout Changes) {
    let bySubject = Dictionary(grouping: found) { $0.subject ?? "" }
    let before = subjects[unit] ?? []
    for subject in before.union(bySubject.keys) {
      let now = bySubject[subject]
      guard diagnostics[subject]?[unit] != now else { continue }
      diagnostics[subject, default: [:]][unit] = now
      if diagnostics[subject]?.isEmpty == true { diagnostics[subject] = nil }
      changes.subjects.insert(subject)
    }
    subjects[unit] = bySubject.isEmpty ? nil : Set(bySubject.keys)
  }

  // MARK: What changed

  private func delta(_ changes: Changes) -> CompilationDelta {
    var delta = CompilationDelta()
    for (cluster, items) in changes.clusters {
      var difference = CompilationDelta.Difference()
      for (key, item) in items.sorted(by: { $0.key < $1.key }) {
        if let item { difference.upserts.append(item) } else { difference.removals.append(key) }
      }
      delta.clusters[cluster] = difference
    }
    for subject in changes.subjects {
      let all = Set((diagnostics[subject] ?? [:]).values.flatMap { $0 })
      delta.diagnostics[subject] = all.sorted { left, right in
        (left.code, left.path.text, left.message) < (right.code, right.path.text, right.message)
      }
    }
    return delta
  }
}
