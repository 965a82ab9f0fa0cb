private import FleetProtos
private import Foundation
private import GRPCCore
private import GRPCNIOTransportHTTP2Posix
package import Identity
package import Logging
private import SecureTransport

/// Where the agent of the cluster listens.
package struct AgentAddress: Hashable, Sendable {
  package var host: String
  package var port: Int

  /// `HOST:PORT`, or `HOST` for the usual port; nil otherwise.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let colon = bytes.lastIndex(of: UInt8(ascii: ":")) else {
      guard !bytes.isEmpty else { return nil }
      host = text
      port = 15012
      return
    }
    guard colon > 0, let port = Int(String(decoding: bytes[(colon + 1)...], as: UTF8.self)),
      (1...65535).contains(port)
    else { return nil }
    host = String(decoding: bytes[..<colon], as: UTF8.self)
    self.port = port
  }
}

package enum EnrollmentProblem: Error, CustomStringConvertible {
  case tokenNeeded
  case notForWorkloads
  /// The agent answered no.
  case refused(String)
  case incomplete
  /// The file that says who this proxy is.
  case unreadable(String)

  package var description: String {
    switch self {
    case .tokenNeeded: "this proxy has not joined yet: --token-file is needed"
    case .notForWorkloads: "the token is an agent's, not a workload's"
    case .refused(let reason): "the agent refuses this proxy: \(reason)"
    case .incomplete: "the agent's answer names no identity"
    case .unreadable(let path): "\(path) is no identity of a proxy"
    }
  }
}

/// Turns a token into an identity: once, on the first start.
package struct Enrollment: Sendable {
  private static let callTime = Duration.seconds(10)

  private let agent: AgentAddress
  private let version: String
  private let logger: Logger

  package init(agent: AgentAddress, version: String, logger: Logger) {
    self.agent = agent
    self.version = version
    self.logger = logger
  }

  /// Joins with `token`, trying again until the agent answers. The key stays here.
  package func join(with token: JoinToken, key: PrivateKey) async throws -> ProxyIdentity {
    guard case .workload(let token) = token else { throw EnrollmentProblem.notForWorkloads }
    var backoff = Backoff(first: .milliseconds(100), limit: .seconds(2))
    while true {
      do {
        return try await joinOnce(with: token, key: key)
      } catch let error as RPCError where Self.isTemporary(error) {
        logger.warning("the agent cannot be reached yet", metadata: ["error": "\(error.message)"])
        try await Task.sleep(for: backoff.delay())
      } catch let error as RPCError {
        throw EnrollmentProblem.refused(error.message)
      }
    }
  }

  private static func isTemporary(_ error: RPCError) -> Bool {
    switch error.code {
    case .unavailable, .deadlineExceeded, .aborted, .resourceExhausted: true
    default: false
    }
  }

  private func joinOnce(
    with token: JoinToken.Workload, key: PrivateKey
  ) async throws -> ProxyIdentity {
    let credentials = Credentials(
      chain: try CertificateAuthority.selfSigned(for: key, now: Date()), key: key)
    let transport = try mutualTLSClient(
      host: agent.host, port: agent.port, credentials: CredentialSource(credentials),
      peers: .pinned(publicKeyHash: token.pin), expecting: .agent(trustDomain: token.trustDomain),
      refused: { [logger] refusal in
        logger.error("the agent is not the one of the token", metadata: ["reason": "\(refusal)"])
      })
    var request = Rialto_Workload_V1_JoinRequest()
    request.tokenID = token.id
    request.secret = Data(token.secret)
    request.certificateRequest = Data(try CertificateRequest.make(for: key))
    request.version = version
    let response = try await withGRPCClient(transport: transport) { [request] client in
      var options = CallOptions.defaults
      options.timeout = Self.callTime
      options.waitForReady = true
      return try await Rialto_Workload_V1_Enrollment.Client(wrapping: client)
        .join(request, options: options)
    }
    guard !response.nodeID.isEmpty, !response.certificateChain.isEmpty,
      !response.authorities.isEmpty, !response.trustDomain.isEmpty
    else { throw EnrollmentProblem.incomplete }
    return ProxyIdentity(
      nodeID: response.nodeID, namespace: response.namespace, service: response.service,
      serviceAccount: response.serviceAccount, role: response.role, cluster: response.cluster,
      trustDomain: response.trustDomain, chain: response.certificateChain.map { Array($0) },
      authorities: response.authorities.map { Array($0) }, labels: response.labels)
  }
}
