/// What a cluster's agent has observed there: never endpoints, only what others need to know.
package struct ClusterInventory: Hashable, Sendable {
  package var services: [ServiceName: ObservedService]
  /// The certificates of the cluster's authorities, DER.
  package var authorities: [[UInt8]]

  package init(services: [ServiceName: ObservedService] = [:], authorities: [[UInt8]] = []) {
    self.services = services
    self.authorities = authorities
  }
}

/// A service as one cluster provides it.
package struct ObservedService: Hashable, Sendable {
  package var ports: [ObservedPort]
  /// The labels that all of its workloads share.
  package var labels: [String: String]
  /// The service accounts of its workloads, sorted.
  package var serviceAccounts: [String]
  package var workloads: Int
  package var healthyWorkloads: Int

  package init(
    ports: [ObservedPort], labels: [String: String] = [:], serviceAccounts: [String],
    workloads: Int, healthyWorkloads: Int
  ) {
    self.ports = ports
    self.labels = labels
    self.serviceAccounts = serviceAccounts
    self.workloads = workloads
    self.healthyWorkloads = healthyWorkloads
  }
}

package struct ObservedPort: Hashable, Sendable {
  package var number: Int
  package var name: String
  /// `http`, `http2`, `grpc` or `tcp`.
  package var protocolName: String

  package init(number: Int, name: String, protocolName: String) {
    self.number = number
    self.name = name
    self.protocolName = protocolName
  }
}

/// What the clusters report, and what the server has allocated for it.
package struct Inventory: Hashable, Sendable {
  /// By the cluster's name.
  package var clusters: [String: ClusterInventory]
  /// The virtual IPv4 address of each service host, dotted.
  package var addresses: [String: String]

  package init(clusters: [String: ClusterInventory] = [:], addresses: [String: String] = [:]) {
    self.clusters = clusters
    self.addresses = addresses
  }
}

/// Every object, at one revision.
package struct Intent: Hashable, Sendable {
  package var revision: Revision
  package var resources: [ResourceRef: Resource]

  package init(revision: Revision = Revision(0), resources: [ResourceRef: Resource] = [:]) {
    self.revision = revision
    self.resources = resources
  }
}
