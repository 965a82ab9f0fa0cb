import Documents
import Model
import Operations

extension Rendering {
  /// The object, with what holds where it is.
  static func effective(_ view: EffectiveView) -> Document {
    var members = object(view.object).object ?? [:]
    var effective = Self.members(of: view.policy)
    if !view.subsets.isEmpty {
      effective["subsets"] = .list(
        view.subsets.map { name, policy in
          .object(Self.members(of: policy).merging(["name": .string(name)]) { own, _ in own })
        })
    }
    members["effective"] = .object(effective)
    return .object(members)
  }

  private static func members(of policy: EffectiveView.Policy) -> [String: Document] {
    var members: [String: Document] = [
      "properties": .list(policy.properties.map(Self.property))
    ]
    members["securitySetting"] = policy.security
    members["trafficSetting"] = policy.traffic
    return members
  }

  private static func property(_ property: EffectiveView.Property) -> Document {
    var members: [String: Document] = [
      "name": .string(property.name),
      "path": .string(property.path.joined(separator: ".")),
      "builtIn": .bool(property.sources.isEmpty), "mandated": .bool(property.isMandated),
      "stricter": .bool(property.isStricter),
      "sources": .list(property.sources.map(Self.source)),
    ]
    members["value"] = property.value
    return .object(members)
  }

  private static func source(_ source: EffectiveView.Source) -> Document {
    var members: [String: Document] = [
      "fqn": .string(source.ref.fqn), "kind": .string(source.ref.kind.name),
      "path": .string(source.path.text),
    ]
    members["attachedTo"] = source.holder.map { .string($0.fqn) }
    if !source.notYetEffective.isEmpty {
      members["notYetEffective"] = .list(source.notYetEffective.map { .string($0.text) })
    }
    return .object(members)
  }
}
