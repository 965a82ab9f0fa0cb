import Blueprints
import Documents
import Inheritance
import Model

/// Who may call the workloads of a namespace, and how.
func admission(
  to place: NamespaceInCluster, _ workspace: Resource, _ group: Resource?,
  _ policy: EffectivePolicy, _ reader: inout Reader
) -> Admission {
  var traffic = TrafficMode.required
  if case .trafficMode(.optional)? = policy[.trafficMode]?.value { traffic = .optional }
  guard let property = policy[.authorization], let source = property.sources.first,
    case .authorization(let mode, _)? = property.value
  else { return Admission(traffic: traffic, authorization: .open) }
  return Admission(
    traffic: traffic,
    authorization: authorization(mode, to: place, workspace, group, source, &reader))
}

private func authorization(
  _ mode: AuthorizationMode, to place: NamespaceInCluster, _ workspace: Resource,
  _ group: Resource?, _ source: PolicySource, _ reader: inout Reader
) -> Authorization {
  func only(_ principals: [Principal]) -> Authorization {
    let name = ruleName(source, "mode")
    return .rules(deny: [], allow: [AuthorizationRule(name: name, principals: principals.ordered)])
  }
  switch mode {
  case .disabled: return .open
  case .cluster:
    return only(reader.trustDomains().map { .trustDomain(trustDomain: $0.trustDomain) })
  case .workspace: return only(principals(of: workspace.namespaceSelector, &reader))
  case .group: return only(principals(of: (group ?? workspace).namespaceSelector, &reader))
  case .namespace:
    let term = NamespaceSelector.Term(cluster: nil, namespace: place.namespace)
    return only(principals(of: NamespaceSelector(terms: [term]), &reader))
  case .custom(let accounts):
    return only(accounts.flatMap { principals(of: $0, seenFrom: place.namespace, &reader) })
  case .rules(let rules):
    return authorization(rules, to: workspace, group, source, &reader)
  }
}

private func authorization(
  _ rules: AccessRules, to workspace: Resource, _ group: Resource?, _ source: PolicySource,
  _ reader: inout Reader
) -> Authorization {
  let parts = [
    workspace.ref, workspace.ref.ancestor(.tenant), workspace.ref.ancestor(.organization),
    group?.ref,
  ]
  var targets = Set(parts.compactMap { $0 }.map(AccessParty.part))
  if let domain = reader.securityDomain(of: group?.ref ?? workspace.ref)?.domain {
    targets.insert(.domain(domain))
  }
  func planned(_ rules: [AccessRule], _ list: String) -> [AuthorizationRule] {
    rules.enumerated().compactMap { index, rule in
      guard targets.contains(rule.to) else { return nil }
      return AuthorizationRule(
        name: ruleName(source, "\(list)[\(index)]"),
        principals: principals(
          under: rule.from, of: source.ref,
          at: (source.fieldPath / "authorization" / "rules" / list)[index] / "from",
          &reader
        ).ordered)
    }
  }
  let deny = planned(rules.deny, "deny")
  if rules.denyAll { return .rules(deny: deny, allow: []) }
  // A setting that allows somebody refuses everybody else, also where no rule leads here.
  return .rules(deny: deny, allow: rules.allow.isEmpty ? nil : planned(rules.allow, "allow"))
}

/// Leads from what an Envoy logs back to the object.
private func ruleName(_ source: PolicySource, _ place: String) -> String {
  "\(source.ref.fqn)#\(place)"
}

// MARK: Principals

/// Everybody on one side of a rule.
private func principals(
  under party: AccessParty, of resource: ResourceRef, at path: FieldPath, _ reader: inout Reader
) -> [Principal] {
  switch party {
  case .part(let ref): return principals(under: ref, of: resource, at: path, &reader)
  case .domain(let domain):
    let members = reader.members(of: domain)
    if members.isEmpty {
      reader.report(
        .warning, .unknownReference, on: resource, at: path,
        "nothing is in security domain \(domain.name); the rule names nobody")
    }
    return members.flatMap { principals(under: $0, of: resource, at: path, &reader) }
  }
}

/// Everybody in a part of the tree.
private func principals(
  under ref: ResourceRef, of resource: ResourceRef, at path: FieldPath, _ reader: inout Reader
) -> [Principal] {
  guard let part = reader.resource(ref) else {
    reader.report(
      .warning, .unknownReference, on: resource, at: path,
      "\(ref.fqn) is not there; the rule names nobody")
    return []
  }
  if let selector = part.namespaceSelector { return principals(of: selector, &reader) }
  if ref.kind == .tenant { return principals(ofTenant: ref, &reader) }
  if ref.kind == .organization {
    return reader.children(of: ref, .tenant).flatMap { principals(ofTenant: $0.ref, &reader) }
  }
  reader.report(
    .warning, .unknownReference, on: resource, at: path,
    "\(ref.fqn) holds no namespaces; the rule names nobody")
  return []
}

private func principals(ofTenant ref: ResourceRef, _ reader: inout Reader) -> [Principal] {
  reader.children(of: ref, .workspace).flatMap { principals(of: $0.namespaceSelector, &reader) }
}

/// Everybody in the namespaces that a selector selects, in each cluster that it selects them in.
private func principals(
  of selector: NamespaceSelector?, _ reader: inout Reader
) -> [Principal] {
  let clusters = reader.trustDomains()
  return (selector?.terms ?? []).flatMap { term in
    clusters.filter { term.cluster == nil || term.cluster == $0.cluster }.map { cluster in
      .namespace(trustDomain: cluster.trustDomain, namespace: NamePattern(term.namespace))
    }
  }
}

private func principals(
  of account: ServiceAccountPattern, seenFrom namespace: String, _ reader: inout Reader
) -> [Principal] {
  let name = account.namespace == "." ? namespace : account.namespace
  return reader.trustDomains().map { cluster in
    if let account = account.account {
      .serviceAccount(trustDomain: cluster.trustDomain, namespace: name, name: account)
    } else {
      .namespace(trustDomain: cluster.trustDomain, namespace: NamePattern(name))
    }
  }
}

extension [Principal] {
  /// Sorted, without duplicates.
  fileprivate var ordered: [Principal] {
    Set(self).map { ($0.order, $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
  }
}

extension Principal {
  fileprivate var order: [String] {
    switch self {
    case .trustDomain(let trustDomain): [trustDomain]
    case .namespace(let trustDomain, let namespace): [trustDomain, namespace.text]
    case .serviceAccount(let trustDomain, let namespace, let name):
      [trustDomain, namespace, name]
    }
  }
}
