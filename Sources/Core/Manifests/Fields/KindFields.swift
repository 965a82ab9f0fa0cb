package import Model

extension Kind {
  /// The fields of `spec`: the one table of this kind.
  package var spec: Shape {
    switch self {
    case .organization: TenancyFields.organization
    case .organizationSetting: TenancyFields.organizationSetting
    case .cluster: TenancyFields.cluster
    case .tenant: TenancyFields.tenant
    case .workspace: TenancyFields.workspace
    case .workspaceSetting: TenancyFields.workspaceSetting
    case .trafficGroup, .securityGroup, .gatewayGroup: TenancyFields.group
    case .trafficSetting: TrafficFields.setting
    case .serviceRoute: TrafficFields.serviceRoute
    case .securitySetting: SecurityFields.setting
    case .gateway: GatewayFields.gateway
    }
  }

  /// One sentence about the kind.
  package var summary: String {
    switch self {
    case .organization: "The root of the tree; there is one per installation."
    case .organizationSetting: "How networks are connected, and what is near."
    case .cluster: "One site: workloads in one network, run by one agent."
    case .tenant: "A part of the organization with workspaces of its own."
    case .workspace: "The namespaces that one team owns, in some clusters or all."
    case .workspaceSetting: "What other clusters may call of a workspace."
    case .trafficGroup: "Namespaces of a workspace that share traffic configuration."
    case .securityGroup: "Namespaces of a workspace that share security configuration."
    case .gatewayGroup: "Namespaces of a workspace that share gateway configuration."
    case .trafficSetting: "How the workloads of a traffic group call others."
    case .serviceRoute: "How requests to one service are spread over its versions."
    case .securitySetting: "Who may call the workloads of a security group."
    case .gateway: "What some gateways let in, and where it goes."
    }
  }
}
