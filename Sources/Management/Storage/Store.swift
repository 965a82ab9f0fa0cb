package import Documents
package import Model
package import Streams

/// The server's database. Every function that writes returns only once the write is durable.
package final class Store: Sendable {
  /// Where followers have read to: the last change and the last inventory write.
  package struct Position: Hashable, Sendable {
    package var revision: Int64
    package var inventory: Int64
    package init(revision: Int64 = 0, inventory: Int64 = 0) {
      self.revision = revision
      self.inventory = inventory
    }
  }

  /// What was written between two positions, folded: the state now of everything that changed.
  package struct Batch: Sendable {
    package var position: Position
    /// nil: the object is gone.
    package var objects: [ResourceRef: StoredObject?]
    /// The latest change in the batch, 0 when only inventory changed.
    package var revision: Revision
    /// By cluster; nil: the cluster no longer reports that service.
    package var services: [String: [ServiceName: ObservedService?]]
    /// By cluster: its authorities, where they changed.
    package var authorities: [String: [[UInt8]]]
    /// Virtual addresses allocated (host → dotted address), nil: released.
    package var addresses: [String: String?]

    package init(
      position: Position, objects: [ResourceRef: StoredObject?] = [:],
      revision: Revision = Revision(0),
      services: [String: [ServiceName: ObservedService?]] = [:],
      authorities: [String: [[UInt8]]] = [:], addresses: [String: String?] = [:]
    ) {
      self.position = position
      self.objects = objects
      self.revision = revision
      self.services = services
      self.authorities = authorities
      self.addresses = addresses
    }
  }

  /// Names this life of the database: new when it is created or restored.
  package let epoch: String
  /// The newest position; follow it, then ask for `batch(after:)`.
  package let position: Latest<Position>

  /// Opens or creates the database in the folder `directory`, and migrates it.
  package init(directory: String) throws { fatalError("to be written") }

  /// Everything written after `position`; from the default position: everything there is.
  package func batch(after position: Position) async throws -> Batch { fatalError("to be written") }

  // MARK: Objects and changes

  package func object(_ ref: ResourceRef) async throws -> StoredObject? {
    fatalError("to be written")
  }

  /// Replaces what the agent of `cluster` observes; `full` removes services not mentioned. Virtual
  /// addresses of new hosts are allocated in the same transaction.
  package func recordServices(
    cluster: String, full: Bool, upserts: [ServiceName: ObservedService], removals: [ServiceName]
  ) async throws { fatalError("to be written") }

  package func recordAuthorities(cluster: String, certificates: [[UInt8]]) async throws {
    fatalError("to be written")
  }

  // MARK: Generations of what clusters were sent

  package struct Generation: Hashable, Sendable {
    package var generation: Int64
    package var digest: StableHash
    package init(generation: Int64, digest: StableHash) {
      self.generation = generation
      self.digest = digest
    }
  }

  /// The newest generation of each cluster, as far as it was recorded.
  package func generations() async throws -> [String: Generation] { fatalError("to be written") }

  package func recordGeneration(cluster: String, _ generation: Generation) async throws {
    fatalError("to be written")
  }

  // MARK: Joining (token secrets are stored as SHA-256)

  package struct JoinToken: Hashable, Sendable {
    package var id: String
    package var cluster: ResourceRef
    package var secretHash: [UInt8]
    /// Milliseconds since 1970.
    package var expiresAt: Int64
    package init(id: String, cluster: ResourceRef, secretHash: [UInt8], expiresAt: Int64) {
      self.id = id
      self.cluster = cluster
      self.secretHash = secretHash
      self.expiresAt = expiresAt
    }
  }

  package enum Redemption: Hashable, Sendable {
    case redeemed(cluster: ResourceRef)
    case unknown, wrongSecret, spent, expired
  }

  package func addJoinToken(_ token: JoinToken) async throws { fatalError("to be written") }

  /// Spends the token, once: of two that try at the same time, one gets `.spent`.
  package func redeemJoinToken(id: String, secretHash: [UInt8], at now: Int64) async throws
    -> Redemption
  { fatalError("to be written") }

  /// Small named values of the server itself: its authority's certificate and the like.
  package func value(_ name: String) async throws -> [UInt8]? { fatalError("to be written") }
  package func setValue(_ name: String, _ bytes: [UInt8]) async throws {
    fatalError("to be written")
  }

  /// An entry of the audit log that is no change: a join, a refusal. Never holds a secret.
  package func audit(_ event: AuditEvent) async throws { fatalError("to be written") }
}

package struct AuditEvent: Hashable, Sendable {
  /// `join.refused`, `agent.joined`, `stream.refused`…
  package var event: String
  package var actor: String
  package var subject: String
  package var detail: String
  package init(event: String, actor: String, subject: String, detail: String) {
    self.event = event
    self.actor = actor
    self.subject = subject
    self.detail = detail
  }
}
