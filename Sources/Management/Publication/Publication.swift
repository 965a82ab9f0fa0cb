package import Blueprints
package import Documents
package import Streams

/// What each cluster must have, and how far each revision has come on its way there.
///
/// The reconciler writes plans in, the fleet follows them per cluster and reports back, operations
/// read the state of objects, changes, clusters and proxies. Everything is in memory; what must
/// survive a restart is the numbers, which the store keeps.
package final class Publication: Sendable {
  package init() {}

  // MARK: The reconciler's side

  /// Says what a cluster must have, as a difference; the first call per cluster has everything in
  /// it. Nothing is published when neither an item nor a key changes.
  /// `revision` is 0 when no change of an operator caused it; `computed` says when compiling ended.
  package func publish(
    cluster: String, revision: Int64, upserts: [EncodedItem], removals: [ItemKey]
  ) { fatalError("to be written") }

  // MARK: The fleet's side

  /// What `cluster` must have; exists as soon as somebody asks, empty until it is published to.
  package func feed(of cluster: String) -> ClusterFeed { fatalError("to be written") }

  package func connected(cluster: String, version: String) { fatalError("to be written") }
  package func disconnected(cluster: String) { fatalError("to be written") }
  package func sent(cluster: String, generation: Int64) { fatalError("to be written") }
  package func acknowledged(cluster: String, generation: Int64) { fatalError("to be written") }
  package func report(cluster: String, _ progress: GenerationProgress) {
    fatalError("to be written")
  }
  package func report(cluster: String, full: Bool, proxies: [ProxyState], removed: [String]) {
    fatalError("to be written")
  }
  package func report(
    cluster: String, full: Bool, rejections: [ItemRejection], removed: [ItemKey]
  ) { fatalError("to be written") }
}

/// An item as it travels, with what it came from.
package struct EncodedItem: Hashable, Sendable {
  package var key: ItemKey
  package var hash: StableHash
  package var bytes: [UInt8]
  package var sources: [Source]

  package init(key: ItemKey, hash: StableHash, bytes: [UInt8], sources: [Source]) {
    self.key = key
    self.hash = hash
    self.bytes = bytes
    self.sources = sources
  }
}

/// The items of one cluster and a log of the deltas that led to them.
package final class ClusterFeed: Sendable {
  package let cluster: String
  /// Grows with every delta; follow it, then ask for `deltas(after:)`.
  package let generation: Latest<Int64>

  init(cluster: String) {
    self.cluster = cluster
    generation = Latest(0)
  }

  package struct Delta: Sendable {
    package var generation: Int64
    package var revision: Int64
    /// Replaces everything.
    package var full: Bool
    package var upserts: [EncodedItem]
    package var removals: [ItemKey]
    /// Of everything, afterwards.
    package var digest: StableHash
    package init(
      generation: Int64, revision: Int64, full: Bool, upserts: [EncodedItem], removals: [ItemKey],
      digest: StableHash
    ) {
      self.generation = generation
      self.revision = revision
      self.full = full
      self.upserts = upserts
      self.removals = removals
      self.digest = digest
    }
  }

  /// What leads from `generation` (with that digest, as the agent says) to now: nil when the agent
  /// has everything; one delta that folds all newer ones; or a full one when the log does not reach
  /// back that far or the digest disagrees.
  package func delta(after generation: Int64, digest: StableHash) -> Delta? {
    fatalError("to be written")
  }
}

/// How far one generation has come in its cluster, as the agent says. Microseconds count from the
/// arrival of the delta at the agent; 0: has not happened.
package struct GenerationProgress: Hashable, Sendable {
  package var generation: Int64
  package var told: Int
  package var acknowledged: Int
  package var rejected: Int
  package var storedAfter: Int64
  package var translatedAfter: Int64
  package var toldAfter: Int64
  package var acknowledgedAfter: Int64

  package init(
    generation: Int64, told: Int, acknowledged: Int, rejected: Int, storedAfter: Int64 = 0,
    translatedAfter: Int64 = 0, toldAfter: Int64 = 0, acknowledgedAfter: Int64 = 0
  ) {
    self.generation = generation
    self.told = told
    self.acknowledged = acknowledged
    self.rejected = rejected
    self.storedAfter = storedAfter
    self.translatedAfter = translatedAfter
    self.toldAfter = toldAfter
    self.acknowledgedAfter = acknowledgedAfter
  }
}

package struct ProxyState: Hashable, Sendable {
  package var nodeID: String
  package var role: String
  package var namespace: String
  package var service: String
  package var serviceAccount: String
  package var labels: [String: String]
  package var version: String
  package var envoyVersion: String
  package var connected: Bool
  package var healthy: Bool
  package var acknowledgedGeneration: Int64
  /// Milliseconds since 1970.
  package var lastChange: Int64
  package var platform: String
  package var hostName: String

  package init(
    nodeID: String, role: String, namespace: String, service: String, serviceAccount: String,
    labels: [String: String], version: String, envoyVersion: String, connected: Bool,
    healthy: Bool, acknowledgedGeneration: Int64, lastChange: Int64, platform: String,
    hostName: String
  ) {
    self.nodeID = nodeID
    self.role = role
    self.namespace = namespace
    self.service = service
    self.serviceAccount = serviceAccount
    self.labels = labels
    self.version = version
    self.envoyVersion = envoyVersion
    self.connected = connected
    self.healthy = healthy
    self.acknowledgedGeneration = acknowledgedGeneration
    self.lastChange = lastChange
    self.platform = platform
    self.hostName = hostName
  }
}

/// An item that the agent holds back because an Envoy refused what it became.
package struct ItemRejection: Hashable, Sendable {
  package var key: ItemKey
  package var hash: StableHash
  /// Envoy's words.
  package var reason: String
  package var nodeIDs: [String]
  package var resourceType: String
  package var resourceName: String

  package init(
    key: ItemKey, hash: StableHash, reason: String, nodeIDs: [String], resourceType: String,
    resourceName: String
  ) {
    self.key = key
    self.hash = hash
    self.reason = reason
    self.nodeIDs = nodeIDs
    self.resourceType = resourceType
    self.resourceName = resourceName
  }
}
