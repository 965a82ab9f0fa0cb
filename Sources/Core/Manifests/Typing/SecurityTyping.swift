import Documents
import Model

extension SecuritySetting {
  init(_ spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
    let mode = spec["authenticationSettings"]?["trafficMode"]
    if let old = spec["authentication"], mode != nil {
      report.add(
        .contradiction, at: old.path,
        "authenticationSettings.trafficMode is there too; keep that one")
    }
    let requirement = (mode ?? spec["authentication"])?.text
    var others: [PolicyProperty: Document] = [:]
    for property in [
      PolicyProperty.requestAuthentication, .requestAuthorization, .extensions, .firewall,
    ] {
      others[property] = spec.value[property.path]
    }
    let strategy = spec["propagationStrategy"]?.text.flatMap(PropagationStrategy.init(rawValue:))
    self.init(
      trafficMode: requirement.flatMap(TrafficRequirement.init(rawValue:)),
      authorization: spec["authorization"].flatMap { AuthorizationMode($0, of: ref, &report) },
      identityMatch: spec["authorization"]?["identityMatch"]?.text,
      propagation: strategy ?? .replace, others: others)
  }
}

extension ServiceSecuritySetting {
  init?(_ spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
    guard let service = spec["service"]?.text.flatMap(serviceName) else { return nil }
    let subsets = spec["subsets"]?.elements ?? []
    reportRepetition(of: "name", among: subsets, &report)
    self.init(
      service: service,
      setting: spec["settings"].map { SecuritySetting($0, of: ref, &report) } ?? SecuritySetting(),
      subsets: subsets.compactMap { subset in
        guard let name = subset["name"]?.text, let setting = subset["settings"] else { return nil }
        return SubsetSecuritySetting(
          name: name, setting: SecuritySetting(setting, of: ref, &report))
      })
  }
}

extension AuthorizationMode {
  fileprivate init?(_ value: Cursor, of ref: ResourceRef, _ report: inout Report) {
    let mode = value["mode"]?.text ?? "UNSET"
    for (field, needed) in [("serviceAccounts", "CUSTOM"), ("rules", "RULES")] {
      if mode != needed, value[field] != nil {
        report.add(
          .incomplete, at: value.path / field, "\(field) take effect with mode \(needed) only")
      } else if mode == needed, value[field] == nil {
        report.add(.incomplete, at: value.path, "mode \(needed) needs \(field)")
      }
    }
    switch mode {
    case "NAMESPACE": self = .namespace
    case "GROUP": self = .group
    case "WORKSPACE": self = .workspace
    case "CLUSTER": self = .cluster
    case "DISABLED": self = .disabled
    case "CUSTOM":
      let accounts = value["serviceAccounts"]?.elements ?? []
      self = .custom(
        serviceAccounts: accounts.compactMap { $0.text.flatMap(serviceAccountPattern) })
    case "RULES": self = .rules(AccessRules(value["rules"], of: ref, &report))
    default: return nil
    }
  }
}

extension AccessRules {
  fileprivate init(_ value: Cursor?, of ref: ResourceRef, _ report: inout Report) {
    self.init(
      allow: accessRules(value?["allow"], of: ref, &report),
      deny: accessRules(value?["deny"], of: ref, &report),
      denyAll: value?["denyAll"]?.flag ?? false)
  }
}

private func accessRules(
  _ value: Cursor?, of ref: ResourceRef, _ report: inout Report
) -> [AccessRule] {
  var rules: [(rule: AccessRule, path: FieldPath)] = []
  for entry in value?.elements ?? [] {
    guard let from = party(entry["from"], of: ref, &report),
      let to = party(entry["to"], of: ref, &report)
    else { continue }
    rules.append((AccessRule(from: from, to: to), entry.path))
  }
  for (index, inner) in rules.enumerated() {
    let outer = rules.enumerated().first { position, other in
      position != index && other.rule.contains(inner.rule)
        && (other.rule != inner.rule || position < index)
    }
    guard let outer else { continue }
    report.add(.redundantRule, at: inner.path, "wholly contained in \(outer.element.path.text)")
  }
  return rules.map(\.rule)
}

private func party(_ value: Cursor?, of ref: ResourceRef, _ report: inout Report) -> AccessParty? {
  guard let fqn = value?["fqn"], let text = fqn.text else { return nil }
  func isHome(_ organization: String) -> Bool {
    if organization == ref.names[0] { return true }
    report.add(.badFormat, at: fqn.path, "the FQN is of another organization")
    return false
  }
  if let domain = SecurityDomain(fqn: text) {
    return isHome(domain.organization) ? .domain(domain) : nil
  }
  guard let named = ResourceRef(fqn: text) else { return nil }
  guard [.tenant, .workspace, .securityGroup].contains(named.kind) else {
    report.add(
      .badFormat, at: fqn.path,
      "rules are about tenants, workspaces, security groups and security domains, "
        + "not about a \(named.kind.name)")
    return nil
  }
  return isHome(named.names[0]) ? .part(named) : nil
}
