package import Model

extension Kind {
  /// The fields of `spec`: the one table of this kind.
  package var spec: Shape { tables[self]?.shape ?? rawSpec }

  /// One sentence about the kind.
  package var summary: String { tables[self]?.summary ?? "An object of Istio, as it is." }

  /// Whether `spec` is somebody else's language: kept as it came.
  var isRaw: Bool { istioGroup != nil }
}

/// What Istio says of its own kinds is not said here a second time.
private let rawSpec = Shape([])

private let tables: [Kind: (shape: Shape, summary: String)] = [
  .organization: (
    TenancyFields.organization, "The root of the tree; there is one per installation."
  ),
  .organizationSetting: (
    TenancyFields.organizationSetting,
    "How networks are connected, what is near, and what holds where nothing else is said."
  ),
  .cluster: (ClusterFields.cluster, "One site: workloads in one network, run by one agent."),
  .clusterOnboarding: (
    ClusterFields.onboarding, "Which namespaces of a cluster take part in the mesh."
  ),
  .tenant: (TenancyFields.tenant, "A part of the organization with workspaces of its own."),
  .tenantSetting: (
    TenancyFields.tenantSetting, "What holds in a tenant where nothing below says otherwise."
  ),
  .workspace: (
    TenancyFields.workspace, "The namespaces that one team owns, in some clusters or all."
  ),
  .workspaceSetting: (
    TenancyFields.workspaceSetting,
    "What other clusters may call of a workspace, and what holds where groups say nothing else."
  ),
  .trafficGroup: (
    TenancyFields.trafficGroup, "Namespaces of a workspace that share traffic configuration."
  ),
  .securityGroup: (
    TenancyFields.securityGroup, "Namespaces of a workspace that share security configuration."
  ),
  .gatewayGroup: (
    TenancyFields.gatewayGroup, "Namespaces of a workspace that share gateway configuration."
  ),
  .istioInternalGroup: (
    TenancyFields.istioInternalGroup, "Namespaces of a workspace with raw objects of Istio."
  ),
  .trafficSetting: (
    TrafficFields.setting, "How the workloads of a traffic group call others."
  ),
  .serviceTrafficSetting: (
    TrafficFields.serviceSetting, "How the workloads of one service call others."
  ),
  .serviceRoute: (
    RouteFields.serviceRoute, "How requests to one service are spread over its versions."
  ),
  .securitySetting: (SecurityFields.setting, "Who may call the workloads of a security group."),
  .serviceSecuritySetting: (
    SecurityFields.serviceSetting, "Who may call the workloads of one service."
  ),
  .gateway: (GatewayFields.gateway, "What some gateways let in, and where it goes."),
  .ingressGateway: (
    GatewayFields.ingressGateway, "What some gateways let in, as it was written before Gateway."
  ),
  .tier1Gateway: (
    GatewayFields.tier1Gateway,
    "What edge gateways send to which clusters, as it was written before Gateway."
  ),
  .egressGateway: (
    GatewayFields.egressGateway, "Who may call what outside, as it was written before Gateway."
  ),
  .service: (
    RegistryFields.service, "A service of the mesh, as agents observe it; it is only read."
  ),
  .installGateway: (InstallFields.gateway, "A gateway that is to run in a cluster."),
  .installGatewayTemplate: (
    InstallFields.template, "Gateways that are to run in many clusters."
  ),
  .sharedGatewayReferenceGrant: (
    InstallFields.grant, "Who else may use the gateways of a group."
  ),
  .wasmExtension: (ExtensionFields.wasm, "A program that Envoys run."),
  .organizationProfile: (ExtensionFields.profile, "Defaults and mandates, to be attached."),
  .tenantProfile: (ExtensionFields.profile, "Defaults and mandates, to be attached."),
  .workspaceProfile: (ExtensionFields.profile, "Defaults and mandates, to be attached."),
  .application: (ApplicationFields.application, "Services that offer APIs together."),
  .api: (ApplicationFields.api, "An API of an application, described in OpenAPI."),
  .workspaceAPI: (
    ApplicationFields.workspaceAPI, "An API that gateways check requests against."
  ),
  .onboardingPolicy: (
    ClusterFields.onboardingPolicy, "Which workloads may join which workload groups."
  ),
  .workloadGroup: (ClusterFields.workloadGroup, "What workloads that join have in common."),
  .role: (AccessFields.role, "What those who have it may do."),
  .user: (AccessFields.user, "A person."),
  .team: (AccessFields.team, "People, and teams of people."),
  .serviceAccount: (AccessFields.serviceAccount, "A program that uses the API."),
  .oidc: (AccessFields.oidc, "A provider at which people sign in."),
  .organizationAccess: (AccessFields.bindings, "Who may do what with the organization."),
  .tenantAccess: (AccessFields.bindings, "Who may do what with a tenant."),
  .workspaceAccess: (AccessFields.bindings, "Who may do what with a workspace."),
  .trafficAccess: (AccessFields.bindings, "Who may do what with a traffic group."),
  .securityAccess: (AccessFields.bindings, "Who may do what with a security group."),
  .gatewayAccess: (AccessFields.bindings, "Who may do what with a gateway group."),
  .istioInternalAccess: (
    AccessFields.bindings, "Who may do what with an Istio internal group."
  ),
  .applicationAccess: (AccessFields.bindings, "Who may do what with an application."),
  .apiAccess: (AccessFields.bindings, "Who may do what with an API."),
]
