/// The kinds of objects that operators write, in an order in which parents precede children.
package enum Kind: String, CaseIterable, Hashable, Sendable, Comparable, Codable {
  case organization
  case organizationSetting
  case cluster
  case tenant
  case workspace
  case workspaceSetting
  case trafficGroup
  case securityGroup
  case gatewayGroup
  case trafficSetting
  case serviceRoute
  case securitySetting
  case gateway

  /// `kind:` in a manifest; three kinds of group share one word and differ by their API group.
  package var name: String {
    switch self {
    case .organization: "Organization"
    case .organizationSetting: "OrganizationSetting"
    case .cluster: "Cluster"
    case .tenant: "Tenant"
    case .workspace: "Workspace"
    case .workspaceSetting: "WorkspaceSetting"
    case .trafficGroup, .securityGroup, .gatewayGroup: "Group"
    case .trafficSetting: "TrafficSetting"
    case .serviceRoute: "ServiceRoute"
    case .securitySetting: "SecuritySetting"
    case .gateway: "Gateway"
    }
  }

  /// The first label of the API group: `traffic` in `traffic.rialto.mesh/v2`.
  package var apiGroup: String {
    switch self {
    case .organization, .organizationSetting, .cluster, .tenant, .workspace, .workspaceSetting:
      "api"
    case .trafficGroup, .trafficSetting, .serviceRoute: "traffic"
    case .securityGroup, .securitySetting: "security"
    case .gatewayGroup, .gateway: "gateway"
    }
  }

  /// `traffic.rialto.mesh/v2`.
  package var apiVersion: String { "\(apiGroup).rialto.mesh/v2" }

  /// The path segment of the collection below its parent: `serviceroutes`.
  package var collection: String {
    switch self {
    case .organization: "organizations"
    case .cluster: "clusters"
    case .tenant: "tenants"
    case .workspace: "workspaces"
    case .trafficGroup: "trafficgroups"
    case .securityGroup: "securitygroups"
    case .gatewayGroup: "gatewaygroups"
    case .organizationSetting, .workspaceSetting, .trafficSetting, .securitySetting: "settings"
    case .serviceRoute: "serviceroutes"
    case .gateway: "unifiedgateways"
    }
  }

  package var parent: Kind? {
    switch self {
    case .organization: nil
    case .organizationSetting, .cluster, .tenant: .organization
    case .workspace: .tenant
    case .workspaceSetting, .trafficGroup, .securityGroup, .gatewayGroup: .workspace
    case .trafficSetting, .serviceRoute: .trafficGroup
    case .securitySetting: .securityGroup
    case .gateway: .gatewayGroup
    }
  }

  /// From the root to this kind, itself included.
  package var ancestry: [Kind] { (parent?.ancestry ?? []) + [self] }

  /// The key in `metadata` that names a parent of this kind: `workspace`, `group`…
  package var metadataKey: String {
    switch self {
    case .organization: "organization"
    case .cluster: "cluster"
    case .tenant: "tenant"
    case .workspace: "workspace"
    case .trafficGroup, .securityGroup, .gatewayGroup: "group"
    case .organizationSetting, .workspaceSetting, .trafficSetting, .serviceRoute, .securitySetting,
      .gateway:
      "name"
    }
  }

  /// The kind that `collection` names below `parent` (nil: at the root).
  package init?(collection: String, below parent: Kind?) {
    let found = Kind.allCases.first { $0.collection == collection && $0.parent == parent }
    guard let found else { return nil }
    self = found
  }

  /// The kind of a manifest.
  package init?(apiGroup: String, name: String) {
    let found = Kind.allCases.first { $0.apiGroup == apiGroup && $0.name == name }
    guard let found else { return nil }
    self = found
  }

  package static func < (left: Kind, right: Kind) -> Bool { left.order < right.order }

  private var order: Int { Kind.allCases.firstIndex(of: self) ?? 0 }
}
