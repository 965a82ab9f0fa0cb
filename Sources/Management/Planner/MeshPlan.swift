package import Blueprints
package import Documents

/// What a change would do, from blueprints down to every Envoy.
package struct MeshPlan: Hashable, Sendable {
  /// One piece of a blueprint.
  package struct Item: Hashable, Sendable {
    package var key: ItemKey
    /// nil: is new.
    package var before: Document?
    /// nil: goes.
    package var after: Document?
    /// The objects that it comes, or came, from.
    package var objects: [String]
  }

  /// One resource of an Envoy.
  package struct Resource: Hashable, Sendable {
    /// `cluster`, `routes`…
    package var type: String
    package var name: String
    package var before: Document?
    package var after: Document?
  }

  /// Proxies for which the same changes.
  package struct Group: Hashable, Sendable {
    /// Sorted.
    package var nodeIDs: [String]
    package var resources: [Resource]
  }

  package struct Cluster: Hashable, Sendable {
    package var cluster: String
    /// Sorted by key.
    package var items: [Item]
    /// The largest first.
    package var groups: [Group]
    /// Why the proxies are not worked out; nil: they are.
    package var leftOut: String?

    package var proxies: Int { groups.reduce(0) { $0 + $1.nodeIDs.count } }
  }

  /// The clusters in which something changes, sorted.
  package var clusters: [Cluster]
  /// What is to be said about objects that was not said before, errors first.
  package var problems: [Diagnostic]
}

/// A proxy, as far as its configuration depends on it and the server knows it.
package struct PlannedProxy: Hashable, Sendable {
  package var cluster: String
  package var nodeID: String
  package var role: String
  package var namespace: String
  package var service: String
  package var serviceAccount: String
  package var labels: [String: String]

  package init(
    cluster: String, nodeID: String, role: String, namespace: String, service: String,
    serviceAccount: String, labels: [String: String]
  ) {
    self.cluster = cluster
    self.nodeID = nodeID
    self.role = role
    self.namespace = namespace
    self.service = service
    self.serviceAccount = serviceAccount
    self.labels = labels
  }
}
