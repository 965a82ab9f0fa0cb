package import GRPCCore
private import GRPCNIOTransportHTTP2Posix
package import Identity
private import SwiftASN1
private import X509

/// Who is at the other end of a connection.
package enum Peer: Hashable, Sendable {
  /// Somebody nobody has named yet, known by the digest of a public key (SHA-256 of
  /// SubjectPublicKeyInfo).
  case unenrolled(publicKeyHash: [UInt8])
  case enrolled(VerifiedPeer)
}

/// Whom this side accepts. Decided in each handshake, with what is trusted at that moment.
package enum PeerPolicy: Sendable {
  /// Members of the bundle's trust domains; and, if so said, peers that present a single certificate
  /// signed with its own key and naming nobody.
  case verified(@Sendable () -> TrustBundle, allowsUnenrolled: Bool)
  /// Whoever shows a chain through the authority whose public key has this SHA-256.
  case pinned(publicKeyHash: [UInt8])
}

/// The peer of an RPC, as the handshake established it.
/// - Throws: `RPCError` (unauthenticated) when nothing can be read.
package func peer(of context: ServerContext) throws -> Peer {
  // Only the verification callback sets the chain: one certificate long for an unenrolled peer,
  // longer for everybody else.
  guard
    let transport = context.transportSpecific as? HTTP2ServerTransport.Posix.Context,
    let chain = transport.peerCertificateChain
  else { throw RPCError(code: .unauthenticated, message: "the peer presented no certificate") }
  var serializer = DER.Serializer()
  try serializer.serialize(chain.leaf)
  let leaf = serializer.serializedBytes
  if let peer = validatedPeer(leaf: leaf) { return .enrolled(peer) }
  if chain.count == 1,
    case .success(let hash) = TrustBundle.verify(unenrolled: [leaf], now: chain.leaf.notValidAfter)
  {
    return .unenrolled(publicKeyHash: hash)
  }
  throw RPCError(code: .unauthenticated, message: "the peer's certificate names nobody")
}
