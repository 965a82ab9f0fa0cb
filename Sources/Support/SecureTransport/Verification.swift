private import FoundationEssentials
internal import Identity
internal import NIOCore
internal import NIOSSL

/// Decides in a handshake whether the peer is let in. It replaces every check of the TLS library,
/// except that the peer holds the key of its leaf.
struct PeerVerification: Sendable {
  let peers: PeerPolicy
  /// What the peer is to us.
  let role: TrustBundle.Role
  let expecting: SPIFFEID?
  let refused: @Sendable (Refusal) -> Void

  /// The callback for the TLS library, which calls it on an event loop.
  func callAsFunction(
    _ presented: [NIOSSLCertificate],
    _ promise: EventLoopPromise<NIOSSLVerificationResultWithMetadata>
  ) {
    promise.completeWithTask {
      do throws(Refusal) {
        var chain: [[UInt8]] = []
        for certificate in presented {
          guard let der = try? certificate.toDERBytes() else { throw Refusal(.unreadable) }
          chain.append(der)
        }
        let unenrolled = try await self.check(chain)
        let kept = unenrolled ? Array(presented.prefix(1)) : presented
        return .certificateVerified(VerificationMetadata(NIOSSL.ValidatedCertificateChain(kept)))
      } catch {
        self.refused(error)
        return .failed
      }
    }
  }

  /// - Returns: whether the peer is an unenrolled one.
  private func check(_ chain: [[UInt8]]) async throws(Refusal) -> Bool {
    let now = Date()
    let outcome: Result<VerifiedPeer, Refusal>
    switch peers {
    case .verified(let bundle, let allowsUnenrolled):
      if allowsUnenrolled, chain.count == 1,
        case .success = TrustBundle.verify(unenrolled: chain, now: now)
      {
        return true
      }
      outcome = await bundle().verify(chain: chain, as: role, now: now)
    case .pinned(let pin):
      outcome = await TrustBundle.verify(chain: chain, pin: pin, as: role, now: now)
    }
    let peer = try outcome.get()
    if let expecting, peer.id != expecting { throw Refusal(.unexpectedIdentity, peer.id.text) }
    return false
  }
}
