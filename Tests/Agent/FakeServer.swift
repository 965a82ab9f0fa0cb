import BlueprintCoding
import Blueprints
import Documents
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import SecureTransport
import Streams
import SwiftProtobuf
import Synchronization

typealias ServerMessage = Rialto_Fleet_V1_ServerMessage
typealias UpMessage = Rialto_Fleet_V1_AgentMessage

/// The server's side of the fleet protocol, in this process: it admits one agent and sends what the
/// test tells it to.
final class FakeServer: Sendable {
  static let organization = "acme"
  static let cluster = "east"
  static let trustDomain = "east.acme.mesh"

  struct State {
    var received: [UpMessage] = []
    var hellos: [Rialto_Fleet_V1_Hello] = []
    var items: [ItemKey: BlueprintItem] = [:]
    var generation: Int64 = 0
    var spent = false
    /// What every stream gets, from its Hello on.
    var deltas: [Rialto_Fleet_V1_ItemDelta] = []
  }

  let authority: CertificateAuthority
  let token: JoinToken.Agent
  let state = Mutex(State())
  private let changes = Latest(0)

  init() throws {
    authority = try .server(organization: Self.organization, key: PrivateKey(), now: Date())
    token = JoinToken.Agent(
      id: "t1", secret: JoinToken.newSecret(), organization: Self.organization,
      cluster: Self.cluster, trustDomain: Self.trustDomain, pin: authority.publicKeyHash)
  }

  // MARK: What the test does

  /// Changes the blueprint by one delta; returns its generation.
  @discardableResult
  func publish(
    _ upserts: [BlueprintItem] = [], removals: [ItemKey] = [], revision: Int64 = 1
  ) throws -> Int64 {
    let generation = try state.withLock { state in
      state.generation += 1
      for item in upserts { state.items[item.key] = item }
      for key in removals { state.items[key] = nil }
      state.deltas.append(
        try delta(
          upserts, removals: removals, full: false, generation: state.generation,
          revision: revision, all: state.items))
      return state.generation
    }
    changes.update { $0 += 1 }
    return generation
  }

  func delta(
    _ upserts: [BlueprintItem], removals: [ItemKey], full: Bool, generation: Int64,
    revision: Int64, all: [ItemKey: BlueprintItem]
  ) throws -> Rialto_Fleet_V1_ItemDelta {
    var delta = Rialto_Fleet_V1_ItemDelta()
    delta.epoch = "epoch-1"
    delta.generation = generation
    delta.revision = revision
    delta.full = full
    delta.last = true
    delta.removals = removals.map(\.text)
    delta.upserts = try upserts.map { item in
      let (bytes, hash) = try ItemCoding.encode(item)
      return .with {
        $0.key = item.key.text
        $0.schema = ItemCoding.schema
        $0.hash = hash.value
        $0.bytes = Data(bytes)
        $0.sources = [
          .with {
            $0.fqn = "organizations/acme"; $0.revision = revision
          }
        ]
      }
    }
    delta.digest = try all.reduce(ItemCoding.emptyDigest) { digest, entry in
      digest
        ^ ItemCoding.contribution(
          key: entry.key.text, hash: try ItemCoding.encode(entry.value).hash)
    }.value
    return delta
  }

  var received: [UpMessage] { state.withLock { $0.received } }
  var hellos: [Rialto_Fleet_V1_Hello] { state.withLock { $0.hellos } }

  var rejections: [String: Rialto_Fleet_V1_Rejection] {
    received.reduce(into: [:]) { all, message in
      guard case .rejections(let delta)? = message.message else { return }
      if delta.full { all = [:] }
      for key in delta.removals { all[key] = nil }
      for rejection in delta.upserts { all[rejection.key] = rejection }
    }
  }

  func propagation(_ generation: Int64) -> Rialto_Fleet_V1_PropagationReport? {
    received.compactMap { message in
      if case .propagation(let report)? = message.message, report.generation == generation {
        report
      } else {
        nil
      }
    }.last
  }

  /// Runs the server on a free port while `body` runs.
  func serving<Result: Sendable>(
    _ body: @escaping @Sendable (_ port: Int) async throws -> Result
  ) async throws -> Result {
    let key = PrivateKey()
    let chain = try authority.issue(
      try CertificateRequest(der: try CertificateRequest.make(for: key)),
      as: .server(organization: Self.organization), dnsNames: [], addresses: [],
      lifetime: .seconds(3600), now: Date())
    let trust = TrustBundle(authorities: [authority.trustDomain: [authority.certificate]])
    let transport = try mutualTLSServer(
      host: "127.0.0.1", port: 0,
      credentials: CredentialSource(Credentials(chain: chain, key: key)),
      peers: .verified({ trust }, allowsUnenrolled: true))
    let server = GRPCServer(
      transport: transport, services: [FakeEnrollment(server: self), FakeFleet(server: self)])
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask {
        try await server.serve()
        return nil
      }
      group.addTask {
        try await body(try await transport.listeningAddress.ipv4?.port ?? 0)
      }
      defer { group.cancelAll() }
      while let result = try await group.next() {
        if let result { return result }
      }
      throw CancellationError()
    }
  }

  // MARK: What the agent sees

  fileprivate func connect(
    _ request: RPCAsyncSequence<UpMessage, any Error>, _ response: RPCWriter<ServerMessage>
  ) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      var isOpen = false
      for try await message in request {
        state.withLock { $0.received.append(message) }
        guard case .hello(let hello)? = message.message, !isOpen else { continue }
        isOpen = true
        state.withLock { $0.hellos.append(hello) }
        group.addTask { try await self.send(after: hello, to: response) }
      }
      group.cancelAll()
    }
  }

  private func send(
    after hello: Rialto_Fleet_V1_Hello, to response: RPCWriter<ServerMessage>
  ) async throws {
    try await response.write(
      .with {
        $0.welcome = .with {
          $0.epoch = "epoch-1"
          $0.organization = Self.organization
          $0.trustDomain = Self.trustDomain
        }
      })
    var sent = hello.epoch == "epoch-1" ? hello.generation : 0
    for await _ in changes.values() {
      for delta in state.withLock({ $0.deltas }) where delta.generation > sent {
        sent = delta.generation
        try await response.write(.with { $0.delta = delta })
      }
    }
  }
}

private struct FakeEnrollment: Rialto_Fleet_V1_Enrollment.SimpleServiceProtocol {
  let server: FakeServer

  func join(
    request: Rialto_Fleet_V1_JoinRequest, context: ServerContext
  ) async throws -> Rialto_Fleet_V1_JoinResponse {
    let isFirst = server.state.withLock { state in
      defer { state.spent = true }
      return !state.spent
    }
    guard isFirst, Array(request.secret) == server.token.secret else {
      throw RPCError(code: .permissionDenied, message: "the token is spent")
    }
    let chain = try server.authority.issue(
      try CertificateRequest(der: Array(request.certificateRequest)),
      as: .clusterAgent(organization: FakeServer.organization, cluster: FakeServer.cluster),
      dnsNames: [], addresses: [], lifetime: Lifetimes.agent, now: Date())
    return .with {
      $0.organization = FakeServer.organization
      $0.cluster = FakeServer.cluster
      $0.trustDomain = FakeServer.trustDomain
      $0.certificateChain = chain.map { Data($0) }
      $0.serverAuthorities = [Data(server.authority.certificate)]
    }
  }

  func renew(
    request: Rialto_Fleet_V1_RenewRequest, context: ServerContext
  ) async throws -> Rialto_Fleet_V1_RenewResponse {
    throw RPCError(code: .unimplemented, message: "not in this test")
  }
}

private struct FakeFleet: Rialto_Fleet_V1_Fleet.SimpleServiceProtocol {
  let server: FakeServer

  func connect(
    request: RPCAsyncSequence<UpMessage, any Error>, response: RPCWriter<ServerMessage>,
    context: ServerContext
  ) async throws { try await server.connect(request, response) }
}
