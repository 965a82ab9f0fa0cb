import Documents
import Model

/// What a checked `spec` means, or nil when it lacks what the model cannot do without. Adds what is
/// wrong between fields; single fields were judged by their formats.
func typedSpec(of ref: ResourceRef, _ spec: Cursor, _ report: inout Report) -> ResourceSpec? {
  switch ref.kind {
  case .organization: .organization
  case .organizationSetting: .organizationSetting(OrganizationSetting(spec, of: ref, &report))
  case .tenant: .tenant
  case .tenantSetting: .tenantSetting(DefaultSettings(spec, of: ref, &report))
  case .cluster: .cluster(Cluster(spec, ref))
  case .workspace: namespaceSelector(spec).map { .workspace(Workspace(namespaceSelector: $0)) }
  case .workspaceSetting: .workspaceSetting(WorkspaceSetting(spec, of: ref, &report))
  case .trafficGroup, .securityGroup, .gatewayGroup, .istioInternalGroup:
    group(spec).map { .group($0) }
  case .trafficSetting: .trafficSetting(TrafficSetting(spec, &report))
  case .serviceTrafficSetting:
    ServiceTrafficSetting(spec, &report).map { .serviceTrafficSetting($0) }
  case .serviceRoute: ServiceRoute(spec, &report).map { .serviceRoute($0) }
  case .securitySetting: .securitySetting(SecuritySetting(spec, of: ref, &report))
  case .serviceSecuritySetting:
    ServiceSecuritySetting(spec, of: ref, &report).map { .serviceSecuritySetting($0) }
  case .organizationProfile, .tenantProfile, .workspaceProfile:
    .profile(Profile(spec, of: ref, &report))
  case .gateway, .ingressGateway: Gateway(spec, of: ref, &report).map { .gateway($0) }
  case .tier1Gateway: Gateway(tier1: spec, &report).map { .gateway($0) }
  case .egressGateway: Gateway(egress: spec, of: ref, &report).map { .gateway($0) }
  case .clusterOnboarding, .service, .installGateway, .sharedGatewayReferenceGrant,
    .installGatewayTemplate, .wasmExtension, .application, .api, .workspaceAPI, .onboardingPolicy,
    .workloadGroup, .role, .user, .team, .serviceAccount, .oidc, .organizationAccess, .tenantAccess,
    .workspaceAccess, .trafficAccess, .securityAccess, .gatewayAccess, .istioInternalAccess,
    .applicationAccess, .apiAccess, .virtualService, .destinationRule, .sidecar,
    .peerAuthentication, .authorizationPolicy, .requestAuthentication, .istioGateway,
    .gatewayVirtualService, .gatewayRequestAuthentication, .gatewayAuthorizationPolicy,
    .envoyFilter, .serviceEntry, .wasmPlugin:
    .passive
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
