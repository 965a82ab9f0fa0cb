package import Documents
package import Model

/// The objects that a resource names in its fields, and where it does.
package func references(of resource: Resource) -> [(path: FieldPath, ref: ResourceRef)] {
  let profiles = FieldPath() / "spec" / "profiles"
  return resource.profiles.enumerated().map { (profiles[$0], $1) }
    + referencesOfSpec(of: resource)
}

private func referencesOfSpec(of resource: Resource) -> [(path: FieldPath, ref: ResourceRef)] {
  if case .gateway(let gateway) = resource.spec {
    return references(of: gateway, resource.ref)
  }
  return securitySettings(of: resource).flatMap { path, setting in
    guard case .rules(let rules)? = setting.authorization else {
      return [(path: FieldPath, ref: ResourceRef)]()
    }
    let base = path / "authorization" / "rules"
    return references(of: rules.allow, at: base / "allow")
      + references(of: rules.deny, at: base / "deny")
  }
}

/// The security settings in an object, and where.
private func securitySettings(of resource: Resource) -> [(FieldPath, SecuritySetting)] {
  let spec = FieldPath() / "spec"
  switch resource.spec {
  case .securitySetting(let setting): return [(spec, setting)]
  case .serviceSecuritySetting(let setting):
    let subsets = setting.subsets.enumerated().map { index, subset in
      ((spec / "subsets")[index] / "settings", subset.setting)
    }
    return [(spec / "settings", setting.setting)] + subsets
  case .organizationSetting(let setting): return securitySettings(of: setting.defaults)
  case .tenantSetting(let defaults): return securitySettings(of: defaults)
  case .workspaceSetting(let setting): return securitySettings(of: setting.defaults)
  case .organization, .cluster, .tenant, .workspace, .group, .trafficSetting,
    .serviceTrafficSetting, .serviceRoute, .profile, .gateway, .passive:
    return []
  }
}

private func securitySettings(of defaults: DefaultSettings) -> [(FieldPath, SecuritySetting)] {
  defaults.security.map { [(FieldPath() / "spec" / "defaultSecuritySetting", $0)] } ?? []
}

/// The clusters that requests and connections are sent to.
private func references(
  of gateway: Gateway, _ ref: ResourceRef
) -> [(path: FieldPath, ref: ResourceRef)] {
  let root = ResourceRef(.organization, [ref.names[0]])
  let lists = ref.kind.serverLists
  /// The clusters that a server, or a rule of one, leads to.
  func named(
    _ destinations: [ClusterDestination], in server: FieldPath, rule: FieldPath? = nil
  ) -> [(path: FieldPath, ref: ResourceRef)] {
    let clusters =
      ref.kind.leadsToClustersOnly
      ? server / "clusters" : (rule ?? server) / "route" / "clusterDestination" / "clusters"
    return destinations.enumerated().compactMap { place, destination in
      guard case .name(let name) = destination.selector else { return nil }
      return (clusters[place] / "name", root.child(.cluster, name))
    }
  }
  let requests = gateway.http.enumerated().flatMap { number, server in
    let path = (FieldPath() / "spec" / lists.http)[number]
    return server.rules.enumerated().flatMap { index, rule in
      guard case .clusters(let destinations) = rule.action else {
        return [(path: FieldPath, ref: ResourceRef)]()
      }
      return named(destinations, in: path, rule: (path / "routing" / "rules")[index])
    }
  }
  let connections = [(lists.tls, gateway.tls), (lists.tcp, gateway.tcp)].flatMap { list, servers in
    servers.enumerated().flatMap { number, server in
      guard case .clusters(let destinations) = server.destination else {
        return [(path: FieldPath, ref: ResourceRef)]()
      }
      return named(destinations, in: (FieldPath() / "spec" / list)[number])
    }
  }
  return requests + connections
}

private func references(
  of rules: [AccessRule], at path: FieldPath
) -> [(path: FieldPath, ref: ResourceRef)] {
  rules.enumerated().flatMap { index, rule in
    [("from", rule.from), ("to", rule.to)].compactMap { side, party in
      // A security domain is a name, and no object.
      guard case .part(let ref) = party else { return nil }
      return (path[index] / side / "fqn", ref)
    }
  }
}
