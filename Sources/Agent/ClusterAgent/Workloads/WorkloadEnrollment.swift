import AgentStore
import FleetProtos
import GRPCCore
import Identity
import Logging
import SecureTransport
import SwiftProtobuf

/// Gives workloads their names: once for a token, then again and again for the key that has it.
struct WorkloadEnrollment: Rialto_Workload_V1_Enrollment.SimpleServiceProtocol {
  let authority: WorkloadAuthority
  let directory: WorkloadDirectory
  let counters: Counters
  let refusals: Refusals
  let logger: Logger

  func join(
    request: Rialto_Workload_V1_JoinRequest, context: ServerContext
  ) async throws -> Rialto_Workload_V1_JoinResponse {
    guard case .unenrolled(let keyHash) = try peer(of: context) else {
      throw refusal(.failedPrecondition, "this workload has joined already", token: request.tokenID)
    }
    guard request.tokenID.utf8.count <= 64, request.secret.count == 32 else {
      throw refusal(.invalidArgument, "the token is malformed", token: "")
    }
    let signing = try certificateRequest([UInt8](request.certificateRequest), keyHash: keyHash)
    let identity: StoredIdentity
    do {
      identity = try await authority.redeem(
        id: request.tokenID, secret: [UInt8](request.secret), keyHash: keyHash)
    } catch let reason as TokenRefusal {
      refusals.note("a join", reason.rawValue, token: request.tokenID)
      // Which of them it is would help somebody who guesses.
      throw RPCError(
        code: .permissionDenied, message: "the join token is not good: unknown, expired or spent")
    }
    let chain = try authority.certify(identity, signing)
    directory.add(identity)
    counters.add(\.joins)
    logger.info(
      "a workload joined",
      metadata: [
        "node": "\(identity.nodeID)", "namespace": "\(identity.grant.namespace)",
        "service": "\(identity.grant.service)", "role": "\(identity.grant.role)",
        "token": "\(request.tokenID)",
      ])
    return .with { response in
      response.nodeID = identity.nodeID
      response.namespace = identity.grant.namespace
      response.service = identity.grant.service
      response.serviceAccount = identity.grant.serviceAccount
      response.role = identity.grant.role
      response.labels = identity.grant.labels
      response.cluster = authority.site.cluster
      response.trustDomain = authority.site.trustDomain
      response.certificateChain = chain.map { .init($0) }
      response.authorities = authority.site.authorities.map { .init($0) }
    }
  }

  func renew(
    request: Rialto_Workload_V1_RenewRequest, context: ServerContext
  ) async throws -> Rialto_Workload_V1_RenewResponse {
    let identity = try await refusals.noting("a renewal") {
      try directory.workload(of: context)
    }
    let signing = try certificateRequest(
      [UInt8](request.certificateRequest), keyHash: identity.keyHash)
    let chain = try authority.certify(identity, signing)
    logger.info("a workload's certificate is renewed", metadata: ["node": "\(identity.nodeID)"])
    return .with { response in
      response.certificateChain = chain.map { .init($0) }
      response.authorities = authority.site.authorities.map { .init($0) }
    }
  }

  /// A request for the key of this very connection, and for no other.
  private func certificateRequest(_ der: [UInt8], keyHash: [UInt8]) throws -> CertificateRequest {
    let request: CertificateRequest
    do { request = try CertificateRequest(der: der) } catch {
      throw refusal(.invalidArgument, "\(error)", token: "")
    }
    guard request.publicKeyHash == keyHash else {
      throw refusal(
        .permissionDenied, "the certificate request is for another key than the connection's",
        token: "")
    }
    return request
  }

  private func refusal(_ code: RPCError.Code, _ reason: String, token: String) -> RPCError {
    refusals.note("a certificate", reason, token: token)
    return RPCError(code: code, message: reason)
  }
}
