package import Documents
package import Model

/// The objects that a resource names in its fields, and where it does.
package func references(of resource: Resource) -> [(path: FieldPath, ref: ResourceRef)] {
  guard case .securitySetting(let setting) = resource.spec,
    case .rules(let rules)? = setting.authorization
  else { return [] }
  let base = FieldPath() / "spec" / "authorization" / "rules"
  return references(of: rules.allow, at: base / "allow")
    + references(of: rules.deny, at: base / "deny")
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
