package import Model

/// Where something is said: an object, and the setting in it.
package struct PolicySource: Hashable, Sendable {
  package var ref: ResourceRef
  /// The fields that lead to the setting, such as `spec`, `defaultSecuritySetting`.
  package var path: [String]
  /// Of a profile: the object through which it holds.
  package var holder: ResourceRef?

  package init(
    _ ref: ResourceRef, _ path: [String] = ["spec"], attachedTo holder: ResourceRef? = nil
  ) {
    self.ref = ref
    self.path = path
    self.holder = holder
  }
}

/// What one object says of some properties.
package struct PolicyLayer: Hashable, Sendable {
  package enum Role: Hashable, Sendable {
    /// What profiles offer.
    case defaults
    /// What an operator says.
    case setting
    /// What profiles demand.
    case mandates
  }

  package var role: Role
  package var source: PolicySource
  package var values: [PolicyProperty: PolicyValue]
  /// What profiles empty.
  package var unset: Set<PolicyProperty>
  package var propagation: PropagationStrategy

  package init(
    _ role: Role, _ source: PolicySource, _ values: [PolicyProperty: PolicyValue],
    unset: Set<PolicyProperty> = [], propagation: PropagationStrategy = .replace
  ) {
    self.role = role
    self.source = source
    self.values = values
    self.unset = unset
    self.propagation = propagation
  }
}

/// What holds for a property, and who says so.
package struct EffectiveProperty: Hashable, Sendable {
  /// nil: a profile demands that it be empty.
  package var value: PolicyValue?
  /// Who says so; several where what is said below was narrowed by what is said above.
  package var sources: [PolicySource]
  /// Whether a profile demands it.
  package var isMandated = false
  /// Whether what is said below can only be stricter.
  package var isStricter = false
}

package typealias EffectivePolicy = [PolicyProperty: EffectiveProperty]

/// What holds at the end of a chain of layers, from the top of the tree to the bottom: defaults of
/// profiles first, then what operators say, then mandates.
package func effective(_ layers: [PolicyLayer]) -> EffectivePolicy {
  var policy: EffectivePolicy = [:]
  for property in PolicyProperty.allCases {
    policy[property] = effective(property, layers)
  }
  return policy
}

/// What holds for one property; nil when nobody says anything.
package func effective(_ property: PolicyProperty, _ layers: [PolicyLayer]) -> EffectiveProperty? {
  var current: EffectiveProperty?
  for layer in layers {
    switch layer.role {
    case .defaults: take(layer, property, asDefaultOf: &current)
    case .setting: take(layer, property, into: &current)
    case .mandates: take(layer, property, asMandateOf: &current)
    }
  }
  return current
}

private func take(
  _ layer: PolicyLayer, _ property: PolicyProperty, asDefaultOf current: inout EffectiveProperty?
) {
  if layer.unset.contains(property) { current = nil }
  guard let value = layer.values[property] else { return }
  current = EffectiveProperty(value: value, sources: [layer.source])
}

private func take(
  _ layer: PolicyLayer, _ property: PolicyProperty, into current: inout EffectiveProperty?
) {
  if let value = layer.values[property] {
    if let above = current, above.isStricter {
      current = stricter(above, EffectiveProperty(value: value, sources: [layer.source]))
    } else {
      current = EffectiveProperty(value: value, sources: [layer.source])
    }
  }
  // From here on down nothing is relaxed, whoever said it.
  if layer.propagation == .stricter, property.canBeStricter { current?.isStricter = true }
}

private func take(
  _ layer: PolicyLayer, _ property: PolicyProperty, asMandateOf current: inout EffectiveProperty?
) {
  if let mandated = current, mandated.isMandated {
    // A mandate from above cannot be relaxed by one from below.
    guard mandated.value != nil, let value = layer.values[property] else { return }
    let below = EffectiveProperty(value: value, sources: [layer.source])
    current = isOrdered(property) ? stricter(mandated, below) : mandated
  } else if layer.unset.contains(property) {
    current = EffectiveProperty(value: nil, sources: [layer.source])
  } else if let value = layer.values[property] {
    let mandate = EffectiveProperty(value: value, sources: [layer.source])
    current = current.map { isOrdered(property) ? stricter(mandate, $0) : mandate } ?? mandate
  } else {
    return
  }
  current?.isMandated = true
}

private func isOrdered(_ property: PolicyProperty) -> Bool {
  property == .trafficMode || property == .authorization
}
