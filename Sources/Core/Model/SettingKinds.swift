/// What holds for the whole organization.
package struct OrganizationSetting: Hashable, Sendable {
  /// By network: the other networks that it reaches. A network without an entry reaches those with
  /// edge gateways, and everything when it has some itself.
  package var networkReachability: [String: [String]]
  package var failover: FailoverSettings?
  package var defaults: DefaultSettings

  package init(
    networkReachability: [String: [String]] = [:], failover: FailoverSettings? = nil,
    defaults: DefaultSettings = DefaultSettings()
  ) {
    self.networkReachability = networkReachability
    self.failover = failover
    self.defaults = defaults
  }

  package init(networkReachability: [String: [String]] = [:], topologyChoice: TopologyChoice?) {
    self.init(
      networkReachability: networkReachability,
      failover: topologyChoice.map { FailoverSettings(topologyChoice: $0) })
  }
}

/// What holds below an organization, a tenant or a workspace where nothing there says otherwise.
package struct DefaultSettings: Hashable, Sendable {
  package var security: SecuritySetting?
  package var traffic: TrafficSetting?

  package init(security: SecuritySetting? = nil, traffic: TrafficSetting? = nil) {
    self.security = security
    self.traffic = traffic
  }
}

/// What near means, where one of several clusters is to be chosen.
package enum TopologyChoice: String, Hashable, Sendable {
  /// All are alike.
  case none = "NONE"
  /// The own cluster, then those of its region, then the others.
  case cluster = "CLUSTER"
  /// The clusters of the own region, then the others.
  case locality = "LOCALITY"
}

/// What holds for the namespaces of a workspace.
package struct WorkspaceSetting: Hashable, Sendable {
  /// Which services other clusters may call; the first entry that fits a service decides.
  package var exposures: [Exposure]
  /// nil is what the organization says.
  package var failover: FailoverSettings?
  package var defaults: DefaultSettings

  package init(
    exposures: [Exposure] = [], failover: FailoverSettings? = nil,
    defaults: DefaultSettings = DefaultSettings()
  ) {
    self.exposures = exposures
    self.failover = failover
    self.defaults = defaults
  }

  package init(exposures: [Exposure] = [], topologyChoice: TopologyChoice?) {
    self.init(
      exposures: exposures, failover: topologyChoice.map { FailoverSettings(topologyChoice: $0) })
  }
}

/// Services that some east-west gateways let other clusters call.
package struct Exposure: Hashable, Sendable {
  package var gateways: WorkloadSelector
  /// A service needs all the labels of one of these; empty means every service.
  package var services: [[String: String]]

  package init(gateways: WorkloadSelector, services: [[String: String]] = []) {
    self.gateways = gateways
    self.services = services
  }
}
