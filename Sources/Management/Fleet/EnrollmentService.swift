import FleetProtos
import FoundationEssentials
import GRPCCore
import Identity
import Logging
import Model
import SecureTransport
import Storage
import SwiftProtobuf
import Synchronization

/// Lets agents in: once with a token, from then on with the certificate they got for it.
final class EnrollmentService: Rialto_Fleet_V1_Enrollment.SimpleServiceProtocol {
  private let server: FleetServer
  private let limiter = Mutex(RateLimiter())
  private let clock = ContinuousClock()
  private let start = ContinuousClock.now

  init(server: FleetServer) { self.server = server }

  func join(
    request: Rialto_Fleet_V1_JoinRequest, context: ServerContext
  ) async throws -> Rialto_Fleet_V1_JoinResponse {
    let address = String(context.remotePeer.prefix(60))
    try admit(address)
    let subject = Self.printable(request.tokenID)
    func refused(
      _ code: RPCError.Code, _ reason: String, telling message: String? = nil
    ) async -> RPCError {
      await server.refuse(
        code, "join.refused", actor: address, subject: subject, reason, telling: message)
    }

    guard case .unenrolled(let keyHash) = try peer(of: context) else {
      throw await refused(
        .failedPrecondition, "joining is for peers that have no certificate of this server yet")
    }
    guard request.tokenID.utf8.count <= 64, request.cluster.utf8.count <= 63,
      request.version.utf8.count <= 64, request.secret.count == 32
    else { throw await refused(.invalidArgument, "the request is malformed") }
    let signing: CertificateRequest
    do {
      signing = try CertificateRequest(der: [UInt8](request.certificateRequest))
    } catch {
      throw await refused(.invalidArgument, "\(error)")
    }
    guard signing.publicKeyHash == keyHash else {
      throw await refused(
        .invalidArgument, "the certificate request is for another key than the connection's")
    }
    let now = server.now()
    let outcome = try await server.store.redeemJoinToken(
      id: request.tokenID, secretHash: sha256(request.secret),
      at: Int64(now.timeIntervalSince1970 * 1000))
    let unknown = "this join token is not known"
    switch outcome {
    case .redeemed(let cluster):
      // The token is spent from here on, whatever comes: nobody tries twice.
      guard cluster.name.utf8.elementsEqual(request.cluster.utf8) else {
        throw await refused(.permissionDenied, "the token is for another cluster")
      }
      guard cluster == server.ref(of: cluster.name),
        let trustDomain = try await server.trustDomain(of: cluster)
      else { throw await refused(.permissionDenied, "the cluster does not exist") }
      return try await answer(signing, cluster.name, trustDomain, from: address, at: now)
    case .unknown: throw await refused(.unauthenticated, unknown)
    case .wrongSecret:
      throw await refused(
        .unauthenticated, "the secret is not the token's", telling: unknown)
    case .spent: throw await refused(.unauthenticated, "this join token has been used")
    case .expired: throw await refused(.unauthenticated, "this join token has expired")
    }
  }

  private func answer(
    _ signing: CertificateRequest, _ cluster: String, _ trustDomain: String, from address: String,
    at now: Date
  ) async throws -> Rialto_Fleet_V1_JoinResponse {
    guard trustDomain != server.identity.trustDomain else {
      throw await server.refuse(
        .failedPrecondition, "join.refused", actor: address, subject: cluster,
        "the trust domain \(trustDomain) is the management server's own")
    }
    // The limit is there for those who guess; an operator may add a thousand sites at once.
    limiter.withLock { $0.refund(withoutPort(address)) }
    let (chain, serial) = try issue(signing, to: cluster, at: now)
    try await server.store.audit(
      AuditEvent(
        event: "agent.joined", actor: address, subject: cluster, detail: "certificate \(serial)"))
    server.logger.info(
      "an agent joined", metadata: ["cluster": "\(cluster)", "certificate": "\(serial)"])
    return .with {
      $0.organization = server.identity.organization
      $0.cluster = cluster
      $0.trustDomain = trustDomain
      $0.certificateChain = chain.map { Data($0) }
      $0.serverAuthorities = server.identity.authorities.map { Data($0) }
    }
  }

  func renew(
    request: Rialto_Fleet_V1_RenewRequest, context: ServerContext
  ) async throws -> Rialto_Fleet_V1_RenewResponse {
    let peer = try peer(of: context)
    guard let (cluster, verified) = server.agent(of: peer) else {
      throw await server.refuse(
        .permissionDenied, "renewal.refused", actor: String(context.remotePeer.prefix(60)),
        subject: "", "the peer is no agent")
    }
    func refused(_ code: RPCError.Code, _ reason: String) async -> RPCError {
      await server.refuse(
        code, "renewal.refused", actor: verified.id.text, subject: cluster, reason)
    }
    if let reason = try await server.objection(to: verified, asAgentOf: cluster) {
      throw await refused(.permissionDenied, reason)
    }
    let signing: CertificateRequest
    do {
      signing = try CertificateRequest(der: [UInt8](request.certificateRequest))
    } catch {
      throw await refused(.invalidArgument, "\(error)")
    }
    // The connection decides the name; the request brings nothing but a key.
    let (chain, serial) = try issue(signing, to: cluster, at: server.now())
    try await server.store.audit(
      AuditEvent(
        event: "agent.renewed", actor: verified.id.text, subject: cluster,
        detail: "certificate \(serial) for \(verified.serial)"))
    return .with {
      $0.certificateChain = chain.map { Data($0) }
      $0.serverAuthorities = server.identity.authorities.map { Data($0) }
    }
  }

  private func issue(
    _ signing: CertificateRequest, to cluster: String, at now: Date
  ) throws -> (chain: [[UInt8]], serial: String) {
    let chain = try server.identity.authority.issue(
      signing,
      as: .clusterAgent(organization: server.identity.organization, cluster: cluster),
      dnsNames: [], addresses: [], lifetime: Lifetimes.agent, now: now)
    return (chain, chain.first.flatMap(validatedPeer)?.serial ?? "")
  }

  private func admit(_ address: String) throws {
    let elapsed = start.duration(to: clock.now) / .seconds(1)
    guard limiter.withLock({ $0.admits(withoutPort(address), at: elapsed) }) else {
      throw RPCError(code: .resourceExhausted, message: "too many attempts to join; try later")
    }
  }

  /// What a stranger sent, fit for a log.
  private static func printable(_ text: String) -> String {
    String(
      decoding: text.utf8.prefix(64).map { (0x21...0x7e).contains($0) ? $0 : UInt8(ascii: "?") },
      as: UTF8.self)
  }
}
