/// What a cluster's agent has observed there: never endpoints, only what others need to know.
package struct ClusterInventory: Hashable, Sendable {
  package var services: [ServiceName: ObservedService]
  /// The certificates of the cluster's authorities, DER.
  package var authorities: [[UInt8]]
  /// Sorted by node id.
  package var gateways: [ObservedGateway]

  package init(
    services: [ServiceName: ObservedService] = [:], authorities: [[UInt8]] = [],
    gateways: [ObservedGateway] = []
  ) {
    self.services = services
    self.authorities = authorities
    self.gateways = gateways
  }
}

/// A service as one cluster provides it.
package struct ObservedService: Hashable, Sendable {
  /// Empty when its workloads only call others.
  package var ports: [ObservedPort]
  /// The labels that all of its workloads share.
  package var labels: [String: String]
  /// The service accounts of its workloads, sorted.
  package var serviceAccounts: [String]
  package var workloads: Int
  package var healthyWorkloads: Int
  /// How its workloads differ in labels; sorted by labels, at most `variantLimit`.
  package var variants: [ObservedVariant]

  /// Workloads with further sets of labels belong to no subset in other clusters.
  package static let variantLimit = 64

  package init(
    ports: [ObservedPort], labels: [String: String] = [:], serviceAccounts: [String],
    workloads: Int, healthyWorkloads: Int, variants: [ObservedVariant] = []
  ) {
    self.ports = ports
    self.labels = labels
    self.serviceAccounts = serviceAccounts
    self.workloads = workloads
    self.healthyWorkloads = healthyWorkloads
    self.variants = variants
  }
}

/// The workloads of a service that carry one set of labels.
package struct ObservedVariant: Hashable, Sendable {
  package var labels: [String: String]
  package var healthyWorkloads: Int

  package init(labels: [String: String], healthyWorkloads: Int) {
    self.labels = labels
    self.healthyWorkloads = healthyWorkloads
  }
}

/// A gateway that is connected to the agent of its cluster.
package struct ObservedGateway: Hashable, Sendable {
  package var nodeID: String
  /// `ingress`, `east-west`, `egress` or `edge`.
  package var role: String
  package var namespace: String
  package var serviceAccount: String
  package var labels: [String: String]
  /// Where other networks reach it: dotted IPv4, and the port for traffic between clusters.
  package var address: String
  package var port: Int
  package var healthy: Bool

  package init(
    nodeID: String, role: String, namespace: String, serviceAccount: String,
    labels: [String: String], address: String, port: Int, healthy: Bool
  ) {
    self.nodeID = nodeID
    self.role = role
    self.namespace = namespace
    self.serviceAccount = serviceAccount
    self.labels = labels
    self.address = address
    self.port = port
    self.healthy = healthy
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
  /// By the name of a cluster: the port at which the gateways of every other cluster take what is
  /// meant for it.
  package var ports: [String: Int]
  /// By the name of a cluster that is or was there: how often all of its authorities were withdrawn.
  package var withdrawals: [String: Int]

  package init(
    clusters: [String: ClusterInventory] = [:], addresses: [String: String] = [:],
    ports: [String: Int] = [:], withdrawals: [String: Int] = [:]
  ) {
    self.clusters = clusters
    self.addresses = addresses
    self.ports = ports
    self.withdrawals = withdrawals
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
