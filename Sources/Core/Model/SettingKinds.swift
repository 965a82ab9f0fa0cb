/// What holds for the whole organization.
package struct OrganizationSetting: Hashable, Sendable {
  /// By network: the other networks that it reaches. A network without an entry reaches those with
  /// edge gateways, and everything when it has some itself.
  package var networkReachability: [String: [String]]
  /// nil is `cluster`.
  package var topologyChoice: TopologyChoice?

  package init(
    networkReachability: [String: [String]] = [:], topologyChoice: TopologyChoice? = nil
  ) {
    self.networkReachability = networkReachability
    self.topologyChoice = topologyChoice
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
  package var topologyChoice: TopologyChoice?

  package init(exposures: [Exposure] = [], topologyChoice: TopologyChoice? = nil) {
    self.exposures = exposures
    self.topologyChoice = topologyChoice
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
