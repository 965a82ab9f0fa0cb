package import Access
package import Documents
import Inheritance
import Manifests
package import Model
package import Storage

/// An object with what holds where it is, all that is inherited included.
package struct EffectiveView: Sendable {
  package struct Source: Sendable {
    package var ref: ResourceRef
    /// The field that says it.
    package var path: FieldPath
    /// Of a profile: the object through which it holds.
    package var holder: ResourceRef?
    /// What of it is kept and changes nothing yet.
    package var notYetEffective: [FieldPath]
  }

  package struct Property: Sendable {
    package var name: String
    /// Where it is in a SecuritySetting or a TrafficSetting, or in the object's own `spec`.
    package var path: [String]
    /// nil: a profile demands that it be empty.
    package var value: Document?
    /// Who says so; nobody where it is built in.
    package var sources: [Source]
    package var isMandated = false
    package var isStricter = false
  }

  /// What holds at one place.
  package struct Policy: Sendable {
    /// What is inherited first, then what only the object itself says.
    package var properties: [Property]
    /// All of it, as a SecuritySetting; nil where the place settles nothing of it.
    package var security: Document?
    /// All of it, as a TrafficSetting.
    package var traffic: Document?
  }

  package var object: StoredObject
  package var policy: Policy
  /// What holds for the subsets of a service, in the order in which they are written.
  package var subsets: [(name: String, policy: Policy)]
}

extension Operations {
  /// What holds where an object is: of a kind that inherits nothing, what it says itself. Whoever may
  /// read it may know what it inherits.
  package func effective(
    _ principal: Principal, _ ref: ResourceRef
  ) async throws -> EffectiveView {
    try authorize(principal, to: .read, on: ref)
    if ref.kind.isObserved { return EffectiveView(of: try await get(principal, ref)) }
    let found = try await store.viewingNewest { [index] view in
      try index.withCurrent(view) { current in
        current.stored[ref].map { EffectiveView(of: $0, current) }
      }
    }
    guard let found else { throw OperationError.missing(what: ref.text) }
    return found
  }
}

extension EffectiveView {
  /// Of what nothing is inherited by.
  fileprivate init(of object: StoredObject) {
    self.object = object
    policy = Policy(properties: Self.ownProperties(of: object))
    subsets = []
  }

  fileprivate init(of object: StoredObject, _ current: CurrentObjects) {
    self.init(of: object)
    guard let resource = current.resources[object.ref] else { return }
    let scopes = EffectiveScope.scopes(of: resource, current)
    let own = policy.properties
    policy = Policy(in: scopes, current)
    if let place = scopes.first?.place, let domain = Self.domain(of: place, current) {
      policy.properties.append(domain)
    }
    policy.properties += own
    guard case .serviceSecuritySetting(let setting) = resource.spec else { return }
    for subset in setting.subsets {
      guard let place = PolicyPlace(of: resource, subset: subset.name) else { continue }
      subsets.append((subset.name, Policy(in: [EffectiveScope(place)], current)))
    }
  }
}

extension EffectiveView.Policy {
  fileprivate init(in scopes: [EffectiveScope], _ current: CurrentObjects) {
    var lookup = CurrentPolicies(current: current)
    var policy: EffectivePolicy = [:]
    for scope in scopes {
      let layers = policyLayers(of: scope.place, &lookup)
      for property in scope.properties {
        policy[property] = Inheritance.effective(property, layers) ?? property.builtIn
      }
    }
    properties = policy.keys.sorted().compactMap { property in
      policy[property].map { EffectiveView.Property(property, $0, current) }
    }
    let settled = scopes.flatMap(\.properties)
    if settled.contains(where: \.isSecurity) { security = policy.setting(isSecurity: true) }
    if settled.contains(where: { !$0.isSecurity }) { traffic = policy.setting(isSecurity: false) }
  }
}

extension EffectiveView.Property {
  fileprivate init(
    _ property: PolicyProperty, _ effective: EffectiveProperty, _ current: CurrentObjects
  ) {
    name = property.rawValue
    path = property.path
    value = effective.value?.document
    sources = effective.sources.map { EffectiveView.Source(of: property, $0, current) }
    isMandated = effective.isMandated
    isStricter = effective.isStricter
  }
}

extension EffectiveView.Source {
  fileprivate init(
    of property: PolicyProperty, _ source: PolicySource, _ current: CurrentObjects
  ) {
    ref = source.ref
    holder = source.holder
    let manifest = current.stored[source.ref]?.manifest ?? .object([:])
    let said = property.spellings.compactMap { manifest.place(of: source.path + $0) }.first
    let unset = manifest.place(of: source.path + ["unsetFields"])
    let place = said ?? unset ?? manifest.place(of: source.path) ?? FieldPath()
    path = place
    notYetEffective = Manifests.notYetEffective(in: manifest, of: source.ref.kind).filter { idle in
      idle.steps.starts(with: place.steps) || place.steps.starts(with: idle.steps)
    }
  }
}

extension PolicyProperty {
  /// Where a setting or a profile may say it, older spellings last.
  fileprivate var spellings: [[String]] {
    let older = self == .trafficMode ? ["authentication"] : Array(path.dropFirst())
    return ([path, profilePath, older].compactMap { $0 }).filter { !$0.isEmpty }
  }
}

extension Document {
  /// The path that the steps lead along; an entry of a list is meant by its name.
  fileprivate func place(of steps: [String]) -> FieldPath? {
    var value = self
    var path = FieldPath()
    for step in steps {
      if let entries = value.list {
        guard let index = entries.firstIndex(where: { $0["name"]?.string == step }) else {
          return nil
        }
        (value, path) = (entries[index], path[index])
      } else {
        guard let member = value[step] else { return nil }
        (value, path) = (member, path / step)
      }
    }
    return path
  }
}

/// Inheritance among the objects as they are now.
private struct CurrentPolicies: PolicyLookup {
  let current: CurrentObjects

  func policyHolder(_ ref: ResourceRef) -> Resource? { current.resources[ref] }

  func policySetting(of parent: ResourceRef, _ kind: Kind) -> Resource? {
    current.children(of: parent, kind).first
  }

  func policySetting(
    of service: ServiceName, in group: ResourceRef, _ kind: Kind
  ) -> Resource? {
    current.children(of: group, kind).first { $0.settingService == service }
  }
}
