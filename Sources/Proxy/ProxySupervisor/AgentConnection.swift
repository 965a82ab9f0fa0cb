private import DeltaXDS
private import DiscoveryProtos
package import FleetProtos
private import Foundation
package import GRPCCore
package import GRPCNIOTransportHTTP2Posix
package import Identity
package import Logging
private import SecureTransport
package import Streams
private import SwiftProtobuf
private import Synchronization

/// One connection to the agent with what runs over it: the relay's stream, the registration, and
/// the renewal of the certificate. Each comes back by itself, none waits for another.
package final class AgentConnection: Sendable {
  /// What the registration tells besides the fixed part.
  package enum Presence: Hashable, Sendable {
    case present(healthy: Bool)
    case leaving
  }

  package typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

  /// At most this long between two attempts.
  private static let longestWait = Duration.seconds(1)
  /// A configuration larger than this would not fit an Envoy.
  private static let maximumResponse = 64 << 20

  package let client: Client
  /// Whether the agent has taken the registration once: before that it does not know what to send.
  package let isRegistered = Latest(false)
  package let presence: Latest<Presence>
  /// Whether the goodbye is said, or cannot be.
  package let hasLeft = Latest(false)

  private let identity: Mutex<ProxyIdentity>
  private let credentials: CredentialSource
  private let folder: IdentityFolder
  private let relay: Relay
  private let logger: Logger

  package init(
    agent: AgentAddress, identity: ProxyIdentity, key: PrivateKey, folder: IdentityFolder,
    relay: Relay, logger: Logger
  ) throws {
    let source = CredentialSource(Credentials(chain: identity.chain, key: key))
    credentials = source
    let authorities = Latest(identity.bundle)
    bundle = authorities
    self.identity = Mutex(identity)
    self.folder = folder
    self.relay = relay
    self.logger = logger
    presence = Latest(.present(healthy: false))
    client = GRPCClient(
      transport: try mutualTLSClient(
        host: agent.host, port: agent.port, credentials: source,
        peers: .verified({ authorities.current }, allowsUnenrolled: false),
        expecting: .agent(trustDomain: identity.trustDomain),
        refused: { refusal in
          logger.error("the agent is refused", metadata: ["reason": "\(refusal)"])
        }))
  }

  private let bundle: Latest<TrustBundle>

  package func run(registering registration: Rialto_Workload_V1_Registration) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await self.client.runConnections() }
      group.addTask { await self.register(registration) }
      group.addTask { await self.followConfiguration() }
      group.addTask { await self.renew() }
    }
  }

  /// Says how the workload is, unless it has said goodbye.
  package func tell(healthy: Bool) {
    let next = Presence.present(healthy: healthy)
    presence.update { current in
      if current != .leaving { current = next }
    }
  }

  private var options: CallOptions {
    var options = CallOptions.defaults
    options.waitForReady = true
    options.maxResponseMessageBytes = Self.maximumResponse
    return options
  }

  // MARK: Configuration

  private func followConfiguration() async {
    for await registered in isRegistered.values() where registered { break }
    await again("configuration stream") { succeeded in
      let (wakes, wake) = AsyncStream.makeStream(
        of: Void.self, bufferingPolicy: .bufferingNewest(1))
      let opening = self.relay.open(waking: wake)
      defer { wake.finish() }
      let discovery = Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Client(
        wrapping: self.client)
      try await discovery.deltaAggregatedResources(
        request: StreamingClientRequest { writer in
          for request in opening { try await writer.write(request) }
          for await _ in wakes {
            for request in self.relay.takeOutbox() { try await writer.write(request) }
          }
        }, options: self.options
      ) { response in
        for try await message in response.messages {
          succeeded()
          try self.relay.receive(message)
        }
      }
    }
  }

  // MARK: Registration

  private func register(_ registration: Rialto_Workload_V1_Registration) async {
    await again("registration") { succeeded in
      let registry = Rialto_Workload_V1_Registry.Client(wrapping: self.client)
      try await registry.register(
        request: StreamingClientRequest { writer in
          var isFirst = true
          for await presence in self.presence.values() {
            switch presence {
            case .leaving:
              if !isFirst {
                try await writer.write(.with { $0.goodbye = Rialto_Workload_V1_Goodbye() })
              }
              return
            case .present(let healthy) where isFirst:
              isFirst = false
              var registration = registration
              registration.healthy = healthy
              try await writer.write(.with { [registration] in $0.registration = registration })
            case .present(let healthy):
              try await writer.write(.with { $0.health.healthy = healthy })
            }
          }
        }, options: self.options
      ) { response in
        for try await message in response.messages where message.registered.cluster != "" {
          succeeded()
          if !self.isRegistered.current { self.isRegistered.publish(true) }
        }
      }
      if self.presence.current == .leaving { throw CancellationError() }
    }
    hasLeft.publish(true)
  }

  // MARK: Certificate

  private func renew() async {
    while !Task.isCancelled {
      let identity = identity.withLock { $0 }
      do {
        let lifespan = try Lifespan(certificate: identity.chain.first ?? [])
        let wait = renewal(of: lifespan, now: Date(), jitter: Double.random(in: -1...1))
        try await Task.sleep(for: wait)
      } catch is CancellationError {
        return
      } catch {
        logger.critical("the proxy's certificate cannot be read", metadata: ["error": "\(error)"])
        return
      }
      await again("renewal") { _ in
        try await self.renewOnce(identity)
        throw CancellationError()
      }
    }
  }

  private func renewOnce(_ identity: ProxyIdentity) async throws {
    let key = credentials.current.key
    var request = Rialto_Workload_V1_RenewRequest()
    request.certificateRequest = Data(try CertificateRequest.make(for: key))
    var options = options
    options.timeout = .seconds(10)
    let response = try await Rialto_Workload_V1_Enrollment.Client(wrapping: client)
      .renew(request, options: options)
    guard !response.certificateChain.isEmpty else { throw EnrollmentProblem.incomplete }
    var renewed = identity
    renewed.chain = response.certificateChain.map { Array($0) }
    if !response.authorities.isEmpty {
      renewed.authorities = response.authorities.map { Array($0) }
    }
    try folder.save(renewed)
    self.identity.withLock { $0 = renewed }
    bundle.publish(renewed.bundle)
    let fresh = Credentials(chain: renewed.chain, key: key)
    credentials.replace(with: fresh)
    relay.publishOwn(try workloadSecret(fresh))
    logger.info("renewed the certificate")
  }

  // MARK: Trying again

  /// Runs `attempt` again and again until it throws `CancellationError` or the task is cancelled.
  /// The attempt says when it has succeeded in reaching the agent.
  private func again(
    _ what: String, _ attempt: (_ succeeded: @escaping @Sendable () -> Void) async throws -> Void
  ) async {
    var backoff = Backoff(first: .milliseconds(50), limit: Self.longestWait)
    var complaint: String?
    while !Task.isCancelled {
      let reached = Latest(false)
      do {
        try await attempt { reached.publish(true) }
      } catch is CancellationError {
        return
      } catch let error as RPCError where error.code.isRefusal {
        // Asking again brings nothing new, so nothing more is said; but an agent may change.
        if error.message != complaint {
          logger.error(
            "the agent refuses", metadata: ["what": "\(what)", "reason": "\(error.message)"])
        }
        complaint = error.message
      } catch {
        let level: Logger.Level = reached.current ? .info : .debug
        logger.log(level: level, "\(what) ended", metadata: ["error": "\(error)"])
      }
      if reached.current { backoff.reset() }
      try? await Task.sleep(for: backoff.delay())
    }
  }
}

extension RPCError.Code {
  /// Whether the other side has understood and does not want.
  fileprivate var isRefusal: Bool {
    [.invalidArgument, .permissionDenied, .unauthenticated, .failedPrecondition].contains(self)
  }
}
