import Fleet
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import Model
import Publication
import SecureTransport
import Storage
import SwiftProtobuf
import TestSupport

/// A server that knows two clusters, both with an agent that has reported, and what a forger has in
/// hand: the key of the authority of one of them, and the certificate of its agent.
struct Stage: Sendable {
  let fixture: FleetFixture
  let dialler: Dialler
  /// The authority of the cluster `east`, with its key.
  let east: CertificateAuthority
  let west: CertificateAuthority

  static let westAgent = "spiffe://rialto.acme.mesh/cluster/west/agent"
  static let eastAgent = "spiffe://rialto.acme.mesh/cluster/east/agent"

  static func open(_ fixture: FleetFixture, _ dialler: Dialler) async throws -> Stage {
    let stage = Stage(
      fixture: fixture, dialler: dialler,
      east: try .cluster(trustDomain: "east.acme.mesh", key: PrivateKey(), now: Date()),
      west: try .cluster(trustDomain: "west.acme.mesh", key: PrivateKey(), now: Date()))
    for (cluster, authority) in [("east", stage.east), ("west", stage.west)] {
      try await dialler.connected(fixture.agent(cluster)) { line in
        try line.greet(cluster, authorities: [authority.certificate])
        _ = try await line.welcome()
        line.send(
          .inventory(
            .with {
              $0.full = true; $0.upserts = [service("orders")]
            }))
        line.send(
          .proxies(
            .with {
              $0.full = true; $0.upserts = [proxy("orders-1")]
            }))
        line.send(.rejections(.with { $0.full = true }))
        try await waitUntil {
          let services = try await fixture.store.batch(after: Store.Position()).services[cluster]
          return services?.isEmpty == false
            && fixture.publication.proxies().contains { $0.cluster == cluster }
        }
      }
      try await waitUntil {
        fixture.publication.agents().contains { $0.cluster == cluster && !$0.connected }
      }
    }
    return stage
  }

  static func service(_ name: String, port: Int32 = 8080) -> Rialto_Fleet_V1_Service {
    .with {
      $0.key = .with {
        $0.namespace = "shop"
        $0.name = name
      }
      $0.ports = [
        .with {
          $0.number = port; $0.name = "http"; $0.protocol = "http"
        }
      ]
      $0.serviceAccounts = ["orders"]
      $0.workloads = 1
    }
  }

  static func proxy(_ nodeID: String) -> Rialto_Fleet_V1_ProxyStatus {
    .with {
      $0.nodeID = nodeID
      $0.role = "sidecar"
    }
  }

  // MARK: What must stay as it is

  struct State: Equatable {
    var revision: Int64
    var services: [String: [ServiceName: ObservedService?]]
    var authorities: [String: [[UInt8]]]
    var proxies: [String]
    var rejections: Int
    var acknowledged: [Int64]
  }

  func state() async throws -> State {
    let batch = try await fixture.store.batch(after: Store.Position())
    let publication = fixture.publication
    return State(
      revision: batch.position.revision, services: batch.services,
      authorities: batch.authorities,
      proxies: publication.proxies().map { "\($0.cluster) \($0.proxy)" },
      rejections: publication.rejections().count,
      acknowledged: publication.agents().map(\.acknowledgedGeneration))
  }

  // MARK: Ways to try

  /// Opens a connection, which the handshake decides about, and asks for something harmless.
  func knock(_ credentials: Credentials) async throws {
    let request = try Rialto_Fleet_V1_RenewRequest.with {
      $0.certificateRequest = Data(try CertificateRequest.make(for: credentials.key))
    }
    try await dialler.calling(credentials) { client in
      var options = CallOptions.defaults
      options.waitForReady = false
      options.timeout = .seconds(10)
      _ = try await Rialto_Fleet_V1_Enrollment.Client(wrapping: client).renew(
        request, options: options)
    }
  }

  func knock(_ forger: Forger) async throws {
    try await knock(Credentials(chain: forger.chain(), key: forger.key))
  }

  /// As the agent of `east`: greets honestly, says `messages`, and listens until the stream ends.
  func say(_ messages: Rialto_Fleet_V1_AgentMessage.OneOf_Message...) async throws {
    try await dialler.connected(fixture.agent()) { line in
      try line.greet(authorities: [east.certificate])
      _ = try await line.welcome()
      for message in messages { line.send(message) }
      while try await line.next() != nil {}
    }
  }

  /// As the agent of `east`: greets in its own way.
  func greet(_ change: @Sendable (inout Rialto_Fleet_V1_Hello) throws -> Void) async throws {
    var hello = hello
    try change(&hello)
    let changed = hello
    try await dialler.connected(fixture.agent()) { line in
      line.send(.hello(changed))
      while try await line.next() != nil {}
    }
  }

  private var hello: Rialto_Fleet_V1_Hello {
    .with {
      $0.cluster = "east"
      $0.version = "1.0.0"
      $0.schema = 1
      $0.authorities = [Data(east.certificate)]
    }
  }

  /// As the agent of `east`: greets honestly, and then sends bytes that may be no message. Stays until
  /// the server has written down what it makes of them: who hangs up at once may not be heard.
  func send(bytes: [UInt8]) async throws {
    let greeting: [UInt8] = try Rialto_Fleet_V1_AgentMessage.with { $0.hello = hello }
      .serializedBytes()
    let (welcomes, welcome) = AsyncStream.makeStream(of: Void.self)
    try await dialler.calling(fixture.agent()) { client in
      do {
        try await client.bidirectionalStreaming(
          request: StreamingClientRequest(of: [UInt8].self) { writer in
            try await writer.write(greeting)
            for await _ in welcomes { break }
            try await writer.write(bytes)
          },
          descriptor: Rialto_Fleet_V1_Fleet.Method.Connect.descriptor, serializer: Raw(),
          deserializer: Raw(), options: .defaults
        ) { response in
          defer { welcome.finish() }
          for try await _ in response.messages { welcome.yield() }
        }
      } catch {
        try await waitUntil { try await !fixture.store.auditEntries(limit: 1).isEmpty }
        throw error
      }
    }
  }

  /// Redeems `token` with a request for the connection's key, or the one that `request` makes.
  func join(
    _ token: JoinToken.Agent, as credentials: Credentials? = nil, request: [UInt8]? = nil
  ) async throws {
    let credentials = try credentials ?? fixture.unenrolled()
    let message = try Rialto_Fleet_V1_JoinRequest.with {
      $0.tokenID = token.id
      $0.secret = Data(token.secret)
      $0.cluster = token.cluster
      $0.certificateRequest = Data(
        try request ?? CertificateRequest.make(for: credentials.key))
    }
    try await dialler.calling(credentials) { client in
      _ = try await Rialto_Fleet_V1_Enrollment.Client(wrapping: client).join(message)
    }
  }
}

private struct Raw: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: [UInt8]) throws -> Bytes { Bytes(message) }

  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> [UInt8] {
    unsafe bytes.withUnsafeBytes { unsafe Array($0) }
  }
}
