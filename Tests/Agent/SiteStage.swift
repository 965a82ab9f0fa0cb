import AgentStore
import ClusterAgent
import DiscoveryProtos
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import SecureTransport
import SwiftProtobuf
import TestSupport

/// The agent of `east` with two workloads that joined honestly, and what a forger has in hand: the
/// real authorities' keys of `east`, from the agent's folder, and of another cluster, `west`.
struct SiteStage: Sendable {
  let mesh: Harness
  let orders: FakeProxy
  let web: FakeProxy
  let east: CertificateAuthority
  let west: CertificateAuthority

  static let ordersName = "spiffe://east.acme.mesh/ns/shop/sa/orders"
  static let webName = "spiffe://east.acme.mesh/ns/shop/sa/web"

  static func open(_ mesh: Harness) async throws -> SiteStage {
    let folder = URL(filePath: mesh.socket.path).deletingLastPathComponent()
    let key = try PrivateKey(
      pem: String(contentsOf: folder.appending(path: "cluster-ca.key"), encoding: .utf8))
    let certificate = try Data(contentsOf: folder.appending(path: "cluster-ca.der"))
    return SiteStage(
      mesh: mesh, orders: try await mesh.joinedProxy("orders"),
      web: try await mesh.joinedProxy("web"),
      east: try CertificateAuthority(certificate: [UInt8](certificate), key: key),
      west: try .cluster(trustDomain: "west.acme.mesh", key: PrivateKey(), now: Date()))
  }

  // MARK: Who one may be

  func unenrolled(_ key: PrivateKey = PrivateKey()) throws -> Credentials {
    Credentials(chain: try CertificateAuthority.selfSigned(for: key, now: Date()), key: key)
  }

  /// What the holder of the key of `east` makes: a certificate that nobody else can tell from a
  /// real one.
  func forged(as name: String, key: PrivateKey = PrivateKey()) throws -> Credentials {
    let forger = Forger(key: key, authority: east, uris: [name])
    return Credentials(chain: try forger.chain(), key: key)
  }

  // MARK: Ways to try

  func calling<Result: Sendable>(
    _ credentials: Credentials,
    _ body: @Sendable (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Result
  ) async throws -> Result {
    try await withGRPCClient(
      transport: mutualTLSClient(
        host: "127.0.0.1", port: mesh.port, credentials: CredentialSource(credentials),
        peers: .pinned(publicKeyHash: east.publicKeyHash),
        expecting: .agent(trustDomain: FakeServer.trustDomain)),
      handleClient: body)
  }

  static var options: CallOptions {
    var options = CallOptions.defaults
    options.waitForReady = false
    options.timeout = .seconds(20)
    return options
  }

  func renew(_ credentials: Credentials, request: [UInt8]? = nil) async throws {
    let request = try request ?? CertificateRequest.make(for: credentials.key)
    _ = try await calling(credentials) { client in
      try await Rialto_Workload_V1_Enrollment.Client(wrapping: client).renew(
        .with { $0.certificateRequest = Data(request) }, options: Self.options)
    }
  }

  func join(
    _ text: String, as credentials: Credentials, request: [UInt8]? = nil,
    _ change: @Sendable (inout Rialto_Workload_V1_JoinRequest) -> Void = { _ in }
  ) async throws {
    guard case .workload(let token) = try JoinToken(text: text) else { return }
    var message = try Rialto_Workload_V1_JoinRequest.with {
      $0.tokenID = token.id
      $0.secret = Data(token.secret)
      $0.certificateRequest = Data(
        try request ?? CertificateRequest.make(for: credentials.key))
    }
    change(&message)
    let changed = message
    _ = try await calling(credentials) { client in
      try await Rialto_Workload_V1_Enrollment.Client(wrapping: client).join(
        changed, options: Self.options)
    }
  }

  /// Sends messages as a proxy, and listens until the stream ends.
  func register(
    _ credentials: Credentials, _ messages: Rialto_Workload_V1_ProxyMessage.OneOf_Message...
  ) async throws {
    try await calling(credentials) { client in
      try await Rialto_Workload_V1_Registry.Client(wrapping: client).register(
        options: Self.options,
        requestProducer: { writer in
          for message in messages { try await writer.write(.with { $0.message = message }) }
        },
        onResponse: { response in for try await _ in response.messages {} })
    }
  }

  /// An honest registration of `orders`, changed.
  func register(
    _ change: @Sendable (inout Rialto_Workload_V1_Registration) -> Void
  ) async throws {
    var registration = Self.registration(orders.nodeID)
    change(&registration)
    try await register(orders.credentials.current, .registration(registration))
  }

  static func registration(_ nodeID: String) -> Rialto_Workload_V1_Registration {
    .with {
      $0.nodeID = nodeID
      $0.address = "10.0.0.9"
      $0.ports = [
        .with {
          $0.number = 8080; $0.name = "http"; $0.protocol = "http"
        }
      ]
      $0.healthy = true
      $0.capture = .redirect
    }
  }

  /// Asks for the configuration of each of the nodes, one after the other on one stream.
  func discover(_ credentials: Credentials, as nodeIDs: String...) async throws {
    try await calling(credentials) { client in
      try await Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Client(wrapping: client)
        .deltaAggregatedResources(
          options: Self.options,
          requestProducer: { writer in
            for nodeID in nodeIDs {
              try await writer.write(
                .with {
                  $0.node = .with { $0.id = nodeID }
                  $0.typeURL = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
                  $0.resourceNamesSubscribe = ["*"]
                })
            }
          },
          onResponse: { response in for try await _ in response.messages {} })
    }
  }

  /// Calls a method by its name, with bytes that may be no message.
  func call(
    _ service: String, _ method: String, _ bytes: [UInt8], as credentials: Credentials
  ) async throws {
    try await calling(credentials) { client in
      try await client.bidirectionalStreaming(
        request: StreamingClientRequest(of: [UInt8].self) { try await $0.write(bytes) },
        descriptor: MethodDescriptor(fullyQualifiedService: service, method: method),
        serializer: Raw(), deserializer: Raw(), options: Self.options
      ) { response in for try await _ in response.messages {} }
    }
  }
}

/// Bytes as they are.
struct Raw: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
    unsafe bytes.withUnsafeBytes { unsafe Array($0) }
  }
}
