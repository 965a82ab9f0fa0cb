package import Documents

/// A property of security or traffic settings, as inheritance takes it: what is said below replaces
/// the whole property from above.
package enum PolicyProperty: String, CaseIterable, Hashable, Sendable, Comparable {
  case trafficMode, requestAuthentication, authorization, requestAuthorization, extensions
  case firewall
  case reachability, upstreams, egress
  case failover, rateLimiting, inboundResilience

  /// Where it is in a SecuritySetting or a TrafficSetting.
  package var path: [String] {
    switch self {
    case .trafficMode: ["authenticationSettings", "trafficMode"]
    case .requestAuthentication: ["authenticationSettings", "http"]
    case .authorization: ["authorization"]
    case .requestAuthorization: ["authorization", "http"]
    case .extensions: ["extension"]
    case .firewall: ["waf"]
    case .reachability: ["outbound", "reachability"]
    case .upstreams: ["outbound", "upstreamTrafficSettings"]
    case .egress: ["outbound", "egress"]
    case .failover: ["inbound", "failoverSettings"]
    case .rateLimiting: ["inbound", "rateLimiting"]
    case .inboundResilience: ["inbound", "resilience"]
    }
  }

  /// Where it is in the defaults and mandates of a Profile; nil: profiles cannot say it.
  package var profilePath: [String]? {
    switch self {
    case .trafficMode, .requestAuthentication: path
    case .authorization, .requestAuthorization: nil
    case .extensions: ["wasmExtensions"]
    case .firewall: ["wafSettings"]
    case .reachability, .upstreams, .egress, .failover, .rateLimiting, .inboundResilience:
      ["traffic"] + path
    }
  }

  package var isSecurity: Bool { self < .reachability }

  /// Whether `propagationStrategy: STRICTER` is about it.
  package var canBeStricter: Bool {
    switch self {
    case .trafficMode, .requestAuthentication, .authorization, .requestAuthorization, .extensions:
      true
    case .firewall, .reachability, .upstreams, .egress, .failover, .rateLimiting,
      .inboundResilience:
      false
    }
  }

  package static func < (left: PolicyProperty, right: PolicyProperty) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

/// What somebody says of a property.
package enum PolicyValue: Hashable, Sendable {
  case trafficMode(TrafficRequirement)
  case authorization(AuthorizationMode, identityMatch: String?)
  case reachability(Reachability)
  case upstreams([UpstreamSetting])
  case failover(FailoverSettings)
  /// What has no effect yet: kept as it is written.
  case written(Document)
}

/// What near means, where one of several clusters is to be chosen.
package struct FailoverSettings: Hashable, Sendable {
  /// nil is `cluster`.
  package var topologyChoice: TopologyChoice?
  /// Everything, as it is written.
  package var written: Document

  package init(topologyChoice: TopologyChoice?, written: Document = [:]) {
    self.topologyChoice = topologyChoice
    self.written = written
  }
}

package enum PropagationStrategy: String, Hashable, Sendable {
  /// What is said below replaces what is said here.
  case replace = "REPLACE"
  /// What is said below can only be stricter.
  case stricter = "STRICTER"
}

/// Defaults and mandates, which hold where they are attached and below.
package struct Profile: Hashable, Sendable {
  package struct Part: Hashable, Sendable {
    package var values: [PolicyProperty: PolicyValue]
    /// In mandates: empty whatever anybody says. In defaults: what profiles before say is forgotten.
    package var unset: Set<PolicyProperty>

    package init(
      values: [PolicyProperty: PolicyValue] = [:], unset: Set<PolicyProperty> = []
    ) {
      self.values = values
      self.unset = unset
    }
  }

  package var defaults: Part
  package var mandates: Part

  package init(defaults: Part = Part(), mandates: Part = Part()) {
    self.defaults = defaults
    self.mandates = mandates
  }
}
