import AgentStore
import DeltaXDS
import DiscoveryProtos
import Documents
import EnvoyConfig
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import SecureTransport
import Streams
import SwiftProtobuf
import Synchronization

typealias Resource = DeltaXDS.Resource

/// A workload's proxy without an Envoy: it joins, registers and takes what it is sent, except
/// resources whose bytes contain a word.
final class FakeProxy: Sendable {
  struct State {
    var held: [ResourceName: Resource] = [:]
    var responses = 0
    var resources = 0
    /// What was sent although it was held already.
    var repeats: [ResourceName] = []
  }

  let nodeID: String
  let key: PrivateKey
  let credentials: CredentialSource
  let trust: TrustBundle
  let trustDomain: String
  let refuses: [UInt8]
  let state = Mutex(State())

  init(
    joined answer: Rialto_Workload_V1_JoinResponse, key: PrivateKey, refuses: String = "forbidden"
  ) {
    nodeID = answer.nodeID
    self.key = key
    trustDomain = answer.trustDomain
    credentials = CredentialSource(
      Credentials(chain: answer.certificateChain.map { Array($0) }, key: key))
    trust = TrustBundle(authorities: [
      answer.trustDomain: answer.authorities.map { Array($0) }
    ])
    self.refuses = Array(refuses.utf8)
  }

  /// Redeems a token at the agent on `port`.
  static func join(_ text: String, port: Int, key: PrivateKey = PrivateKey()) async throws
    -> FakeProxy
  {
    FakeProxy(joined: try await redeem(text, port: port, key: key), key: key)
  }

  static func redeem(
    _ text: String, port: Int, key: PrivateKey, requestKey: PrivateKey? = nil
  ) async throws -> Rialto_Workload_V1_JoinResponse {
    guard case .workload(let token) = try JoinToken(text: text) else {
      throw CancellationError()
    }
    let request = try CertificateRequest.make(for: requestKey ?? key)
    let transport = try mutualTLSClient(
      host: "127.0.0.1", port: port,
      credentials: CredentialSource(
        Credentials(chain: try CertificateAuthority.selfSigned(for: key, now: Date()), key: key)),
      peers: .pinned(publicKeyHash: token.pin),
      expecting: .agent(trustDomain: token.trustDomain))
    return try await withGRPCClient(transport: transport) { client in
      try await Rialto_Workload_V1_Enrollment.Client(wrapping: client).join(
        .with {
          $0.tokenID = token.id
          $0.secret = Data(token.secret)
          $0.certificateRequest = Data(request)
        }, options: Self.options)
    }
  }

  static var options: CallOptions {
    var options = CallOptions.defaults
    options.timeout = .seconds(20)
    return options
  }

  func transport(port: Int) throws -> HTTP2ClientTransport.Posix {
    let trust = trust
    return try mutualTLSClient(
      host: "127.0.0.1", port: port, credentials: credentials,
      peers: .verified({ trust }, allowsUnenrolled: false),
      expecting: .agent(trustDomain: trustDomain))
  }

  func renew(port: Int, requestKey: PrivateKey) async throws -> Rialto_Workload_V1_RenewResponse {
    let request = try CertificateRequest.make(for: requestKey)
    return try await withGRPCClient(transport: try transport(port: port)) { client in
      try await Rialto_Workload_V1_Enrollment.Client(wrapping: client).renew(
        .with { $0.certificateRequest = Data(request) }, options: Self.options)
    }
  }

  /// Holds a registration until the task is cancelled, or says goodbye when `body` returns.
  func registered(
    port: Int, address: String = "10.0.0.1", advertising: String = "", at advertised: Int32 = 0,
    claiming claimed: String? = nil, _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    let nodeID = claimed ?? nodeID
    try await withGRPCClient(transport: try transport(port: port)) { client in
      let (answers, answered) = AsyncStream.makeStream(
        of: Void.self, bufferingPolicy: .bufferingNewest(1))
      try await Rialto_Workload_V1_Registry.Client(wrapping: client).register(
        requestProducer: { writer in
          try await writer.write(
            .with {
              $0.registration = .with {
                $0.nodeID = nodeID
                $0.address = address
                $0.advertisedAddress = advertising
                $0.advertisedPort = advertised
                $0.ports = [
                  .with {
                    $0.number = 8080
                    $0.name = "http"
                    $0.protocol = "http"
                  }
                ]
                $0.healthy = true
                $0.capture = .redirect
                $0.platform = "vm"
              }
            })
          for await _ in answers {
            try await body()
            try await writer.write(.with { $0.goodbye = .init() })
            return
          }
        },
        onResponse: { response in
          defer { answered.finish() }
          for try await _ in response.messages { answered.yield() }
        })
    }
  }

  /// Follows the discovery stream until the task is cancelled.
  func follow(port: Int, claiming claimed: String? = nil) async throws {
    let held = state.withLock { Array($0.held.values) }
    let subscriber = Mutex(DeltaSubscriber(nodeID: claimed ?? nodeID, held: held))
    let (requests, send) = AsyncStream.makeStream(
      of: DeltaDiscoveryRequest.self, bufferingPolicy: .bufferingNewest(1024))
    for request in subscriber.withLock({ $0.opening() }) { send.yield(request) }
    try await withGRPCClient(transport: try transport(port: port)) { client in
      try await Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Client(wrapping: client)
        .deltaAggregatedResources(
          requestProducer: { writer in
            for await request in requests { try await writer.write(request) }
          },
          onResponse: { response in
            defer { send.finish() }
            for try await message in response.messages {
              let answer = try subscriber.withLock { subscriber in
                if let list = subscriber.list(askedBy: message) { return list }
                let received = try subscriber.receive(message)
                return subscriber.acknowledgement(of: received, rejected: self.take(received))
              }
              send.yield(answer)
            }
          })
    }
  }

  private func take(_ received: DeltaSubscriber.Received) -> [RejectedByEnvoy] {
    state.withLock { state in
      state.responses += 1
      state.resources += received.upserts.count
      var rejected: [RejectedByEnvoy] = []
      for resource in received.upserts {
        if state.held[resource.name]?.version == resource.version {
          state.repeats.append(resource.name)
        }
        if resource.body.contains(word: refuses) {
          rejected.append(
            RejectedByEnvoy(name: resource.name, version: resource.version, reason: "no such word"))
        } else {
          state.held[resource.name] = resource
        }
      }
      for name in received.removals { state.held[name] = nil }
      return rejected
    }
  }

  func holds(_ word: String) -> Bool {
    state.withLock { $0.held.values.contains { $0.body.contains(word: Array(word.utf8)) } }
  }

  var resources: Int { state.withLock { $0.resources } }
  var repeats: [ResourceName] { state.withLock { $0.repeats } }
}

extension [UInt8] {
  func contains(word: [UInt8]) -> Bool {
    guard !word.isEmpty, count >= word.count else { return false }
    return (0...(count - word.count)).contains {
      self[$0] == word[0] && self[$0...].starts(with: word)
    }
  }
}
