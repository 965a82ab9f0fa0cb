/// Who may call the workloads of a security group, and whether callers must show a certificate.
package struct SecuritySetting: Hashable, Sendable {
  /// nil inherits.
  package var trafficMode: TrafficRequirement?
  /// nil inherits.
  package var authorization: AuthorizationMode?

  package init(
    trafficMode: TrafficRequirement? = nil, authorization: AuthorizationMode? = nil
  ) {
    self.trafficMode = trafficMode
    self.authorization = authorization
  }
}

package enum TrafficRequirement: String, Hashable, Sendable {
  case optional = "OPTIONAL"
  case required = "REQUIRED"
}

package enum AuthorizationMode: Hashable, Sendable {
  case disabled, cluster, workspace, group, namespace
  case custom(serviceAccounts: [ServiceAccountPattern])
  case rules(AccessRules)
}

/// `<namespace>/<service account>`; `./*` is the own namespace, `ns/*` every account of one.
package struct ServiceAccountPattern: Hashable, Sendable {
  /// `.` is the namespace of the workload that is called.
  package var namespace: String
  /// nil is every account.
  package var account: String?

  package init(namespace: String, account: String?) {
    self.namespace = namespace
    self.account = account
  }
}

package struct AccessRules: Hashable, Sendable {
  package var allow: [AccessRule]
  package var deny: [AccessRule]
  /// Nobody may call, whatever `allow` says.
  package var denyAll: Bool

  package init(allow: [AccessRule] = [], deny: [AccessRule] = [], denyAll: Bool = false) {
    self.allow = allow
    self.deny = deny
    self.denyAll = denyAll
  }
}

/// Callers in `from` may, or may not, call workloads in `to`: tenants, workspaces or security groups.
package struct AccessRule: Hashable, Sendable {
  package var from: ResourceRef
  package var to: ResourceRef

  package init(from: ResourceRef, to: ResourceRef) {
    self.from = from
    self.to = to
  }
}
