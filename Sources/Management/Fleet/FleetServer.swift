import Documents
package import FoundationEssentials
package import GRPCCore
package import Identity
package import Logging
import Model
package import Publication
import SecureTransport
package import Storage
import Streams
private import Synchronization

/// The agents' side of the management server: joining, renewing, and one stream per cluster.
package final class FleetServer: Sendable {
  let store: Store
  let publication: Publication
  let identity: ManagementIdentity
  let version: String
  let logger: Logger
  let now: @Sendable () -> Date
  let streams = StreamRegistry()
  private let fullDeltas = Atomic(0)
  private let audit: RefusalAudit

  /// - Parameter now: the wall clock.
  package init(
    store: Store, publication: Publication, identity: ManagementIdentity, version: String,
    logger: Logger, now: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.store = store
    self.publication = publication
    self.identity = identity
    self.version = version
    self.logger = logger
    self.now = now
    audit = RefusalAudit(store: store, logger: logger)
  }

  package var services: [any RegistrableRPCService] {
    [EnrollmentService(server: self), FleetService(server: self)]
  }

  /// A handshake that failed. Neither blocks nor throws: made for a transport's callback.
  package func turnedAway(_ refusal: Refusal) { audit.note(refusal) }

  /// Ends the streams of clusters whose objects are deleted, and writes down who was turned away,
  /// until the task is cancelled.
  package func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.audit.run() }
      group.addTask { try await self.endStreamsOfDeletedClusters() }
      try await group.next()
      group.cancelAll()
    }
  }

  private func endStreamsOfDeletedClusters() async throws {
    var seen = store.position.current
    for await position in store.position.values() where position.revision > seen.revision {
      let batch = try await store.batch(after: seen)
      seen = batch.position
      for case (let ref, .none) in batch.objects where ref.kind == .cluster {
        streams.close(cluster: ref.name)
      }
    }
  }

  /// Ends every agent's stream, now and from now on: call it when the server begins to shut down.
  package func endStreams() { streams.closeAll() }

  /// How often an agent that had something already was sent everything anew.
  package var fullDeltaCount: Int { fullDeltas.load(ordering: .relaxed) }

  // MARK: Shared by the services

  func sentEverythingAgain(to cluster: String) {
    fullDeltas.add(1, ordering: .relaxed)
    logger.notice("an agent is sent everything again", metadata: ["cluster": "\(cluster)"])
  }

  /// The trust domain of a cluster that exists, nil when it does not.
  func trustDomain(of cluster: ResourceRef) async throws -> String? {
    guard let object = try await store.object(cluster) else { return nil }
    return object.manifest["spec"]?["trustDomain"]?.string
      ?? "\(cluster.name).\(identity.organization).mesh"
  }

  func ref(of cluster: String) -> ResourceRef {
    ResourceRef(.cluster, [identity.organization, cluster])
  }

  /// The cluster whose agent the peer is.
  func agent(of peer: Peer) -> (cluster: String, peer: VerifiedPeer)? {
    guard case .enrolled(let verified) = peer, let cluster = verified.id.agentCluster,
      verified.id == .clusterAgent(organization: identity.organization, cluster: cluster)
    else { return nil }
    return (cluster, verified)
  }

  /// Why `peer` is not the agent of `cluster` any more, nil when it is: a certificate does not
  /// outlive the object that it was issued for, even if there is another one of that name.
  func objection(to peer: VerifiedPeer, asAgentOf cluster: String) async throws -> String? {
    guard let object = try await store.object(ref(of: cluster)) else {
      return "the cluster does not exist"
    }
    let created = Date(timeIntervalSince1970: TimeInterval(object.createdAt) / 1000)
    return peer.isIssued(since: created)
      ? nil : "the certificate was issued for a cluster of that name that was deleted: join again"
  }

  /// Records a refusal and makes the error that says so to the caller.
  func refuse(
    _ code: RPCError.Code, _ event: String, actor: String, subject: String, _ reason: String,
    telling message: String? = nil
  ) async -> RPCError {
    await audit.record(
      AuditEvent(event: event, actor: actor, subject: subject, detail: reason))
    return RPCError(code: code, message: message ?? reason)
  }
}
