package import Documents

/// How far what an operator wrote has come.
package enum ObjectState: String, Hashable, Sendable {
  /// Stored; no cluster has it yet.
  case accepted = "ACCEPTED"
  /// In force in every cluster that it concerns.
  case ready = "READY"
  /// In force in some clusters.
  case partial = "PARTIAL"
  /// Refused by an Envoy, or impossible to compile.
  case failed = "FAILED"
  /// It was in force; something that it depends on changed since and is on its way.
  case dirty = "DIRTY"
}

/// Durations in microseconds; nil: has not happened, or happened before this process started.
package struct StageTimes: Hashable, Sendable {
  // From the commit, on the server's clock.
  package var compiled: Int64?
  package var sent: Int64?
  /// The agent's word that it is on its disk has arrived.
  package var stored: Int64?
  /// The agent's word that the last proxy has answered has arrived.
  package var completed: Int64?
  // From the arrival of the delta at the agent, on the agent's clock.
  package var storedAfter: Int64?
  package var translatedAfter: Int64?
  package var toldAfter: Int64?
  package var acknowledgedAfter: Int64?
}

/// How far a generation has come in the cluster that it is for.
package struct ClusterPropagation: Hashable, Sendable {
  package enum State: String, Hashable, Sendable {
    /// The agent does not have it.
    case pending
    /// The agent has it, and proxies are being told.
    case delivering
    /// Every proxy concerned has answered.
    case complete
  }

  package var cluster: String
  package var connected: Bool
  package var generation: Int64
  package var state: State
  /// Proxies that were sent something because of it, and what they answered.
  package var told: Int
  package var acknowledged: Int
  package var rejected: Int
  /// What Envoys of this cluster refuse now: of the object in question, or of the whole cluster
  /// when the question is about a revision.
  package var rejections: [ItemRejection]
  package var stages: StageTimes
}

/// Where a change has got to.
package struct RevisionPropagation: Hashable, Sendable {
  package var revision: Int64
  /// Whether it has been compiled; until then there are no clusters.
  package var isCompiled: Bool
  /// Whether every cluster that it changed has it in force.
  package var isComplete: Bool
  /// Microseconds from the commit; nil: before this process started, or not yet.
  package var compiledAfter: Int64?
  /// The clusters in which it changed something, sorted.
  package var clusters: [ClusterPropagation]
}

package struct ObjectStatus: Hashable, Sendable {
  package var state: ObjectState
  /// The clusters in which the object has a part in something, or had when it last changed; sorted.
  package var clusters: [ClusterPropagation]
  /// Why it cannot be used, or only in part.
  package var problems: [Diagnostic]
}

/// The agent of a cluster.
package struct AgentState: Hashable, Sendable {
  package var cluster: String
  package var connected: Bool
  package var version: String
  /// What the cluster must have.
  package var generation: Int64
  /// What the agent has on its disk.
  package var acknowledgedGeneration: Int64
  /// Milliseconds since 1970: when it came or went.
  package var since: Int64
  package var proxies: Int
  package var connectedProxies: Int
  /// How many of the proxies are gateways, and how many of those take traffic.
  package var gateways: Int
  package var healthyGateways: Int
}
