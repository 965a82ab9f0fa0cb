package import AgentStore
import GRPCCore
import Identity
import SecureTransport
import Synchronization

/// Which workload has which key: the one place where a connection becomes a node id.
package final class WorkloadDirectory: Sendable {
  private let byKey: Mutex<[[UInt8]: StoredIdentity]>

  package init(_ identities: [StoredIdentity]) {
    byKey = Mutex(
      Dictionary(identities.map { ($0.keyHash, $0) }, uniquingKeysWith: { first, _ in first }))
  }

  func add(_ identity: StoredIdentity) {
    byKey.withLock { $0[identity.keyHash] = identity }
  }

  /// The workload at the other end.
  /// - Throws: `RPCError` when it has not joined here, or its certificate says something else than
  ///   what it joined as.
  func workload(of context: ServerContext) throws -> StoredIdentity {
    guard case .enrolled(let peer) = try peer(of: context) else {
      throw RPCError(code: .unauthenticated, message: "join first: this key has no certificate")
    }
    guard let identity = byKey.withLock({ $0[peer.publicKeyHash] }) else {
      throw RPCError(code: .permissionDenied, message: "this key did not join this cluster")
    }
    guard let name = peer.id.workload, name.namespace == identity.grant.namespace,
      name.serviceAccount == identity.grant.serviceAccount
    else {
      throw RPCError(
        code: .permissionDenied, message: "the certificate's name is not this workload's")
    }
    return identity
  }

  /// The same, for a peer that says which node it is.
  func workload(of context: ServerContext, claiming nodeID: String) throws -> StoredIdentity {
    let identity = try workload(of: context)
    guard identity.nodeID.utf8.elementsEqual(nodeID.utf8) else {
      throw RPCError(
        code: .permissionDenied, message: "the claimed node id is not the one of this key")
    }
    return identity
  }
}
