import Documents
import Model

/// What a checked `spec` means, or nil when it lacks what the model cannot do without. Adds what is
/// wrong between fields; single fields were judged by their formats.
func typedSpec(of ref: ResourceRef, _ spec: Cursor, _ report: inout Report) -> ResourceSpec? {
  switch ref.kind {
  case .organization: .organization
  case .organizationSetting: .organizationSetting(OrganizationSetting(spec, &report))
  case .tenant: .tenant
  case .cluster: .cluster(Cluster(spec, ref))
  case .workspace: namespaceSelector(spec).map { .workspace(Workspace(namespaceSelector: $0)) }
  case .workspaceSetting: .workspaceSetting(WorkspaceSetting(spec, &report))
  case .trafficGroup, .securityGroup, .gatewayGroup: group(spec).map { .group($0) }
  case .trafficSetting: .trafficSetting(TrafficSetting(spec, &report))
  case .serviceRoute: ServiceRoute(spec, &report).map { .serviceRoute($0) }
  case .securitySetting: .securitySetting(SecuritySetting(spec, of: ref, &report))
  case .gateway: Gateway(spec, &report).map { .gateway($0) }
  }
}

extension Cluster {
  fileprivate init(_ spec: Cursor, _ ref: ResourceRef) {
    self.init(
      network: spec["network"]?.text ?? ref.name,
      trustDomain: spec["trustDomain"]?.text ?? "\(ref.name).\(ref.names[0]).mesh",
      region: spec["locality"]?["region"]?.text, labels: spec["labels"]?.texts ?? [:])
  }
}

private func namespaceSelector(_ spec: Cursor) -> NamespaceSelector? {
  let names = spec["namespaceSelector"]?["names"]?.elements ?? []
  let terms = names.compactMap { $0.text.flatMap(namespaceTerm) }
  return terms.isEmpty ? nil : NamespaceSelector(terms: terms)
}

private func group(_ spec: Cursor) -> Group? {
  guard let selector = namespaceSelector(spec) else { return nil }
  let mode = spec["configMode"]?.text.flatMap(Group.ConfigMode.init(rawValue:))
  return Group(namespaceSelector: selector, configMode: mode ?? .bridged)
}
