/// What is known of a kind without looking into its objects.
struct KindFacts: Sendable {
  var id = ""
  let name: String
  let group: String
  let collection: String
  let parent: Kind?
  let short: String
  var title: String
  var isOnly = false
  var isAccess = false
  var istioGroup: String?
  var isParent = false
  var apiVersion = ""
  var ancestry: [Kind] = []
  var order = 0

  struct Place: Hashable {
    let collection: String
    let parent: Kind?
  }

  fileprivate init(
    _ name: String, _ group: String, _ collection: String, in parent: Kind?, _ short: String,
    title: String? = nil
  ) {
    self.name = name
    self.group = group
    self.collection = collection
    self.parent = parent
    self.short = short
    self.title = title ?? name
  }

  /// At most one below its parent.
  fileprivate var only: KindFacts {
    var facts = self
    facts.isOnly = true
    return facts
  }

  fileprivate static func access(_ word: String, to parent: Kind, _ short: String) -> KindFacts {
    var facts = KindFacts("\(word)AccessBindings", "rbac", "accessbindings", in: parent, short).only
    facts.isAccess = true
    return facts
  }

  fileprivate static func istio(
    _ name: String, _ istioGroup: String, _ collection: String, in parent: Kind, _ short: String
  ) -> KindFacts {
    let groups: [Kind: String] = [
      .trafficGroup: "traffic", .securityGroup: "security", .gatewayGroup: "gateway",
    ]
    var facts = KindFacts(
      name, groups[parent] ?? "istiointernal", collection, in: parent, short)
    facts.istioGroup = "\(istioGroup).istio.io"
    return facts
  }
}

extension Kind {
  var facts: KindFacts {
    guard let facts = KindFacts.table[self] else { preconditionFailure("\(self) has no row") }
    return facts
  }
}

extension KindFacts {
  static let table: [Kind: KindFacts] = {
    let parents = Set(Kind.allCases.compactMap { rows[$0]?.parent })
    var table: [Kind: KindFacts] = [:]
    for (order, kind) in Kind.allCases.enumerated() {
      guard var facts = rows[kind] else { preconditionFailure("\(kind) has no row") }
      facts.id = "\(kind)"
      facts.order = order
      facts.isParent = parents.contains(kind)
      facts.apiVersion = "\(facts.group).rialto.mesh/v2"
      // Parents come first, so theirs is there already.
      facts.ancestry = (facts.parent.flatMap { table[$0]?.ancestry } ?? []) + [kind]
      table[kind] = facts
    }
    return table
  }()

  static let byID = Dictionary(uniqueKeysWithValues: table.map { ($0.value.id, $0.key) })

  static let byPlace = Dictionary(
    uniqueKeysWithValues: table.map { kind, facts in
      (Place(collection: facts.collection, parent: facts.parent), kind)
    })

  /// Name, API group, path segment, parent, short name.
  private static let rows: [Kind: KindFacts] = [
    .organization: KindFacts(
      "Organization", "api", "organizations", in: nil, "org", title: "organization"),
    .organizationSetting: KindFacts(
      "OrganizationSetting", "api", "settings", in: .organization, "os"),
    .cluster: KindFacts("Cluster", "api", "clusters", in: .organization, "cs", title: "cluster"),
    .clusterOnboarding: KindFacts(
      "ClusterOnboardingConfig", "api", "onboarding", in: .cluster, "coc"
    ).only,
    .tenant: KindFacts("Tenant", "api", "tenants", in: .organization, "tns", title: "tenant"),
    .tenantSetting: KindFacts("TenantSetting", "api", "settings", in: .tenant, "tnss"),
    .workspace: KindFacts(
      "Workspace", "api", "workspaces", in: .tenant, "ws", title: "workspace"),
    .workspaceSetting: KindFacts("WorkspaceSetting", "api", "settings", in: .workspace, "wss"),
    .trafficGroup: KindFacts(
      "Group", "traffic", "trafficgroups", in: .workspace, "tg", title: "traffic group"),
    .securityGroup: KindFacts(
      "Group", "security", "securitygroups", in: .workspace, "sg", title: "security group"),
    .gatewayGroup: KindFacts(
      "Group", "gateway", "gatewaygroups", in: .workspace, "gg", title: "gateway group"),
    .istioInternalGroup: KindFacts(
      "Group", "istiointernal", "istiointernalgroups", in: .workspace, "iig",
      title: "Istio internal group"),

    .trafficSetting: KindFacts("TrafficSetting", "traffic", "settings", in: .trafficGroup, "ts"),
    .serviceTrafficSetting: KindFacts(
      "ServiceTrafficSetting", "traffic", "servicesettings", in: .trafficGroup, "sts"),
    .serviceRoute: KindFacts("ServiceRoute", "traffic", "serviceroutes", in: .trafficGroup, "sr"),
    .securitySetting: KindFacts(
      "SecuritySetting", "security", "settings", in: .securityGroup, "ss"),
    .serviceSecuritySetting: KindFacts(
      "ServiceSecuritySetting", "security", "servicesettings", in: .securityGroup, "sss"),
    .gateway: KindFacts("Gateway", "gateway", "unifiedgateways", in: .gatewayGroup, "gwt"),
    .ingressGateway: KindFacts(
      "IngressGateway", "gateway", "ingressgateways", in: .gatewayGroup, "ig"),
    .tier1Gateway: KindFacts("Tier1Gateway", "gateway", "tier1gateways", in: .gatewayGroup, "t1"),
    .egressGateway: KindFacts(
      "EgressGateway", "gateway", "egressgateways", in: .gatewayGroup, "eg"),
    .installGateway: KindFacts(
      "InstallGateway", "gateway", "installgateways", in: .gatewayGroup, "igs"),
    .sharedGatewayReferenceGrant: KindFacts(
      "SharedGatewayReferenceGrant", "gateway", "sharedgatewayreferencegrants", in: .gatewayGroup,
      "sgrg"),

    .service: KindFacts(
      "Service", "registry", "services", in: .organization, "svc", title: "service"),

    .installGatewayTemplate: KindFacts(
      "InstallGatewayTemplate", "gateway", "installgatewaytemplates", in: .organization, "igt"),
    .wasmExtension: KindFacts("WasmExtension", "extension", "extensions", in: .organization, "we"),
    .organizationProfile: KindFacts("Profile", "profile", "profiles", in: .organization, "op"),
    .tenantProfile: KindFacts("Profile", "profile", "profiles", in: .tenant, "tp"),
    .workspaceProfile: KindFacts("Profile", "profile", "profiles", in: .workspace, "wp"),
    .application: KindFacts(
      "Application", "application", "applications", in: .tenant, "app", title: "application"),
    .api: KindFacts("API", "application", "apis", in: .application, "api", title: "API"),
    .workspaceAPI: KindFacts("API", "api", "apis", in: .workspace, "wapi"),
    .onboardingPolicy: KindFacts(
      "OnboardingPolicy", "onboarding", "onboardingpolicies", in: .workspace, "obp"),
    .workloadGroup: KindFacts(
      "WorkloadGroup", "onboarding", "workloadgroups", in: .workspace, "wg"),

    .role: KindFacts("Role", "rbac", "rbac", in: nil, "role"),
    .user: KindFacts("User", "api", "users", in: .organization, "user"),
    .team: KindFacts("Team", "api", "teams", in: .organization, "team"),
    .serviceAccount: KindFacts("ServiceAccount", "api", "serviceaccounts", in: .organization, "sa"),
    .oidc: KindFacts("OIDC", "api", "oidcs", in: .organization, "oidc"),
    .organizationAccess: access("Organization", to: .organization, "oab"),
    .tenantAccess: access("Tenant", to: .tenant, "tab"),
    .workspaceAccess: access("Workspace", to: .workspace, "wab"),
    .trafficAccess: access("Traffic", to: .trafficGroup, "trab"),
    .securityAccess: access("Security", to: .securityGroup, "sab"),
    .gatewayAccess: access("Gateway", to: .gatewayGroup, "gab"),
    .istioInternalAccess: access("IstioInternal", to: .istioInternalGroup, "iab"),
    .applicationAccess: access("Application", to: .application, "aab"),
    .apiAccess: access("API", to: .api, "apiab"),

    .virtualService: istio(
      "VirtualService", "networking", "virtualservices", in: .trafficGroup, "vs"),
    .destinationRule: istio(
      "DestinationRule", "networking", "destinationrules", in: .trafficGroup, "dr"),
    .sidecar: istio("Sidecar", "networking", "sidecars", in: .trafficGroup, "sd"),
    .peerAuthentication: istio(
      "PeerAuthentication", "security", "peerauthentications", in: .securityGroup, "pa"),
    .authorizationPolicy: istio(
      "AuthorizationPolicy", "security", "authorizationpolicies", in: .securityGroup, "ap"),
    .requestAuthentication: istio(
      "RequestAuthentication", "security", "requestauthentications", in: .securityGroup, "ra"),
    .istioGateway: istio("Gateway", "networking", "gateways", in: .gatewayGroup, "igw"),
    .gatewayVirtualService: istio(
      "VirtualService", "networking", "virtualservices", in: .gatewayGroup, "gvs"),
    .gatewayRequestAuthentication: istio(
      "RequestAuthentication", "security", "requestauthentications", in: .gatewayGroup, "gra"),
    .gatewayAuthorizationPolicy: istio(
      "AuthorizationPolicy", "security", "authorizationpolicies", in: .gatewayGroup, "gap"),
    .envoyFilter: istio(
      "EnvoyFilter", "networking", "envoyfilters", in: .istioInternalGroup, "ef"),
    .serviceEntry: istio(
      "ServiceEntry", "networking", "serviceentries", in: .istioInternalGroup, "se"),
    .wasmPlugin: istio("WasmPlugin", "extensions", "wasmplugins", in: .istioInternalGroup, "wpl"),
  ]
}
