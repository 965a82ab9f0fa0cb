package import Documents
package import Model

/// The objects that a resource names in its fields, and where it does.
package func references(of resource: Resource) -> [(path: FieldPath, ref: ResourceRef)] {
  if case .gateway(let gateway) = resource.spec {
    return references(of: gateway, in: resource.ref.names[0])
  }
  guard case .securitySetting(let setting) = resource.spec,
    case .rules(let rules)? = setting.authorization
  else { return [] }
  let base = FieldPath() / "spec" / "authorization" / "rules"
  return references(of: rules.allow, at: base / "allow")
    + references(of: rules.deny, at: base / "deny")
}

/// The clusters that requests are sent to.
private func references(
  of gateway: Gateway, in organization: String
) -> [(path: FieldPath, ref: ResourceRef)] {
  var found: [(path: FieldPath, ref: ResourceRef)] = []
  let root = ResourceRef(.organization, [organization])
  for (number, server) in gateway.http.enumerated() {
    let rules = (FieldPath() / "spec" / "http")[number] / "routing" / "rules"
    for (index, rule) in server.rules.enumerated() {
      guard case .clusters(let destinations) = rule.action else { continue }
      let clusters = rules[index] / "route" / "clusterDestination" / "clusters"
      for (place, destination) in destinations.enumerated() {
        guard case .name(let name) = destination.selector else { continue }
        found.append((clusters[place] / "name", root.child(.cluster, name)))
      }
    }
  }
  return found
}

private func references(
  of rules: [AccessRule], at path: FieldPath
) -> [(path: FieldPath, ref: ResourceRef)] {
  rules.enumerated().flatMap { index, rule in
    [
      (path[index] / "from" / "fqn", rule.from),
      (path[index] / "to" / "fqn", rule.to),
    ]
  }
}
