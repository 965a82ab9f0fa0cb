package import Documents

/// Who may call the workloads of a security group, and whether callers must show a certificate.
package struct SecuritySetting: Hashable, Sendable {
  /// nil inherits.
  package var trafficMode: TrafficRequirement?
  /// nil inherits.
  package var authorization: AuthorizationMode?
  /// Behind gateways: whose identity counts.
  package var identityMatch: String?
  package var propagation: PropagationStrategy
  /// Properties that have no effect yet.
  package var others: [PolicyProperty: Document]

  package init(
    trafficMode: TrafficRequirement? = nil, authorization: AuthorizationMode? = nil,
    identityMatch: String? = nil, propagation: PropagationStrategy = .replace,
    others: [PolicyProperty: Document] = [:]
  ) {
    self.trafficMode = trafficMode
    self.authorization = authorization
    self.identityMatch = identityMatch
    self.propagation = propagation
    self.others = others
  }

  package var values: [PolicyProperty: PolicyValue] {
    var values = others.mapValues(PolicyValue.written)
    values[.trafficMode] = trafficMode.map(PolicyValue.trafficMode)
    values[.authorization] = authorization.map { .authorization($0, identityMatch: identityMatch) }
    return values
  }
}

/// What differs for the workloads of one service.
package struct ServiceSecuritySetting: Hashable, Sendable {
  package var service: ServiceName
  package var setting: SecuritySetting
  package var subsets: [SubsetSecuritySetting]

  package init(
    service: ServiceName, setting: SecuritySetting, subsets: [SubsetSecuritySetting] = []
  ) {
    self.service = service
    self.setting = setting
    self.subsets = subsets
  }
}

/// What holds instead for the workloads of one subset of a service.
package struct SubsetSecuritySetting: Hashable, Sendable {
  package var name: String
  package var setting: SecuritySetting

  package init(name: String, setting: SecuritySetting) {
    self.name = name
    self.setting = setting
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

/// Callers in `from` may, or may not, call workloads in `to`.
package struct AccessRule: Hashable, Sendable {
  package var from: AccessParty
  package var to: AccessParty

  package init(from: AccessParty, to: AccessParty) {
    self.from = from
    self.to = to
  }

  package init(from: ResourceRef, to: ResourceRef) {
    self.init(from: .part(from), to: .part(to))
  }

  /// Whether every call that the other is about is one that this is about.
  package func contains(_ other: AccessRule) -> Bool {
    from.contains(other.from) && to.contains(other.to)
  }
}
