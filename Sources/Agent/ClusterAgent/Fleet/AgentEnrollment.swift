package import AgentStore
import FleetProtos
package import FoundationEssentials
import GRPCCore
package import GRPCNIOTransportHTTP2Posix
package import Identity
import Logging
import SecureTransport
import SwiftProtobuf
import Synchronization

/// Where the server is.
package struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  package var host: String
  package var port: Int

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// `https://HOST[:PORT]` or `HOST[:PORT]`; the port is 9443 unless said otherwise.
  package init?(_ text: String) {
    var rest = Array(text.utf8)[...]
    let scheme = Array("https://".utf8)
    if rest.starts(with: scheme) { rest = rest.dropFirst(scheme.count) }
    if rest.last == UInt8(ascii: "/") { rest = rest.dropLast() }
    guard !rest.isEmpty, !rest.contains(UInt8(ascii: "/")), !rest.contains(UInt8(ascii: "@"))
    else { return nil }
    var port = 9443
    if rest.first == UInt8(ascii: "[") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      let tail = rest[(end + 1)...]
      if let colon = tail.first {
        guard colon == UInt8(ascii: ":"), let number = Self.port(tail.dropFirst()) else {
          return nil
        }
        port = number
      }
      rest = rest[(rest.startIndex + 1)..<end]
    } else if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
      guard let number = Self.port(rest[(colon + 1)...]) else { return nil }
      port = number
      rest = rest[..<colon]
    }
    guard let host = String(validating: rest, as: UTF8.self), !host.isEmpty else { return nil }
    self.init(host: host, port: port)
  }

  private static func port(_ digits: ArraySlice<UInt8>) -> Int? {
    guard let text = String(validating: digits, as: UTF8.self), let number = Int(text),
      (1...65_535).contains(number)
    else { return nil }
    return number
  }

  package var description: String { "\(host):\(port)" }
}

/// What makes this agent the agent of its cluster, in the eyes of the server: a certificate from the
/// server's authority, redeemed with a token once and renewed from then on.
package final class AgentEnrollment: Sendable {
  package enum Problem: Error, CustomStringConvertible {
    case tokenMissing
    case wrongToken
    case refused(String)
    case foreignCertificate

    package var description: String {
      switch self {
      case .tokenMissing: "this agent has not joined yet: a join token is needed"
      case .wrongToken: "the token is not one for an agent"
      case .refused(let reason): "the server refused to let this agent join: \(reason)"
      case .foreignCertificate: "the server's answer does not fit the token"
      }
    }
  }

  let server: ServerAddress
  private let key: PrivateKey
  private let credentials: CredentialSource
  private let current: Mutex<StoredEnrollment>

  package init(server: ServerAddress, key: PrivateKey, stored: StoredEnrollment) {
    self.server = server
    self.key = key
    credentials = CredentialSource(Credentials(chain: stored.certificateChain, key: key))
    current = Mutex(stored)
  }

  var stored: StoredEnrollment { current.withLock { $0 } }

  private var bundle: TrustBundle {
    let stored = stored
    return TrustBundle(authorities: [
      SPIFFEID.managementTrustDomain(organization: stored.organization): stored.serverAuthorities
    ])
  }

  /// A connection to the server of this enrollment, and to nobody else.
  package func serverTransport(
    refused: @escaping @Sendable (Refusal) -> Void = { _ in }
  ) throws -> HTTP2ClientTransport.Posix {
    try mutualTLSClient(
      host: server.host, port: server.port, credentials: credentials,
      peers: .verified({ self.bundle }, allowsUnenrolled: false),
      expecting: .server(organization: stored.organization), window: FlowWindow.faraway,
      refused: refused)
  }

  /// Redeems a token. The key stays here; what comes back must lead to the token's pin.
  package static func join(
    _ token: JoinToken.Agent, at server: ServerAddress, key: PrivateKey, version: String,
    now: Date
  ) async throws -> StoredEnrollment {
    let request = Rialto_Fleet_V1_JoinRequest.with {
      $0.tokenID = token.id
      $0.secret = .init(token.secret)
      $0.cluster = token.cluster
      $0.version = version
    }
    let signing = try CertificateRequest.make(for: key)
    let reason = Mutex<Refusal?>(nil)
    let transport = try mutualTLSClient(
      host: server.host, port: server.port,
      credentials: CredentialSource(
        Credentials(chain: try CertificateAuthority.selfSigned(for: key, now: now), key: key)),
      peers: .pinned(publicKeyHash: token.pin),
      expecting: .server(organization: token.organization),
      refused: { refusal in reason.withLock { $0 = refusal } })
    let answer: Rialto_Fleet_V1_JoinResponse
    do {
      answer = try await withGRPCClient(transport: transport) { client in
        var request = request
        request.certificateRequest = .init(signing)
        var options = CallOptions.defaults
        options.waitForReady = false
        options.timeout = .seconds(20)
        return try await Rialto_Fleet_V1_Enrollment.Client(wrapping: client).join(
          request, options: options)
      }
    } catch let error as RPCError {
      if let refusal = reason.withLock({ $0 }) { throw Problem.refused("\(refusal)") }
      throw Problem.refused(error.message)
    }
    let chain = answer.certificateChain.map { [UInt8]($0) }
    let authorities = answer.serverAuthorities.map { [UInt8]($0) }
    let name = SPIFFEID.clusterAgent(organization: token.organization, cluster: token.cluster)
    guard answer.organization == token.organization, answer.cluster == token.cluster,
      answer.trustDomain == token.trustDomain,
      case .success(let pinned) = await TrustBundle.verify(
        chain: chain, pin: token.pin, as: .client, now: now),
      case .success(let peer) = await TrustBundle(authorities: [name.trustDomain: authorities])
        .verify(chain: chain, as: .client, now: now),
      pinned == peer, peer.id == name, peer.publicKeyHash == key.publicKeyHash
    else { throw Problem.foreignCertificate }
    return StoredEnrollment(
      organization: answer.organization, cluster: answer.cluster,
      trustDomain: answer.trustDomain, certificateChain: chain, serverAuthorities: authorities)
  }

  /// Renews the client certificate at half of its life, for as long as the task runs.
  func keepRenewed(store: AgentStore, clock: SiteClock, logger: Logger) async throws {
    var failures = 0
    while !Task.isCancelled {
      let now = clock.date()
      let wait: Duration
      if failures == 0, let leaf = stored.certificateChain.first {
        wait = renewal(
          of: try Lifespan(certificate: leaf), now: now, jitter: .random(in: -1...1))
      } else {
        wait = .seconds(min(3600, 30 << min(failures, 7)))
      }
      try await clock.sleep(wait / .seconds(1))
      do {
        try await renew(store: store, now: clock.date())
        failures = 0
        logger.info("the agent's certificate is renewed")
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        failures += 1
        logger.warning(
          "the agent's certificate could not be renewed",
          metadata: [
            "reason": "\(error)"
          ])
      }
    }
  }

  func renew(store: AgentStore, now: Date) async throws {
    let request = try CertificateRequest.make(for: key)
    let answer = try await withGRPCClient(transport: try serverTransport()) { client in
      var options = CallOptions.defaults
      options.timeout = .seconds(20)
      return try await Rialto_Fleet_V1_Enrollment.Client(wrapping: client).renew(
        .with { $0.certificateRequest = .init(request) }, options: options)
    }
    var next = stored
    let name = SPIFFEID.clusterAgent(organization: next.organization, cluster: next.cluster)
    next.certificateChain = answer.certificateChain.map { [UInt8]($0) }
    next.serverAuthorities = answer.serverAuthorities.map { [UInt8]($0) }
    guard
      case .success(let peer) = await TrustBundle(authorities: [
        name.trustDomain: next.serverAuthorities
      ]).verify(chain: next.certificateChain, as: .client, now: now),
      peer.id == name, peer.publicKeyHash == key.publicKeyHash
    else { throw Problem.foreignCertificate }
    try await store.save(next)
    guard credentials.replace(with: Credentials(chain: next.certificateChain, key: key)) else {
      throw Problem.foreignCertificate
    }
    current.withLock { $0 = next }
  }
}
