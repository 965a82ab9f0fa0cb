package import Blueprints
package import Documents

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
  /// The newest generation because of which it was sent something.
  package var toldGeneration: Int64
  /// Milliseconds since 1970.
  package var lastChange: Int64
  package var platform: String
  package var hostName: String

  package init(
    nodeID: String, role: String, namespace: String, service: String, serviceAccount: String,
    labels: [String: String], version: String, envoyVersion: String, connected: Bool,
    healthy: Bool, acknowledgedGeneration: Int64, toldGeneration: Int64, lastChange: Int64,
    platform: String, hostName: String
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
    self.toldGeneration = toldGeneration
    self.lastChange = lastChange
    self.platform = platform
    self.hostName = hostName
  }

  /// Whether it has acknowledged everything that concerns it; unknown, so false, while it is away.
  package var isInSync: Bool { connected && acknowledgedGeneration >= toldGeneration }
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
