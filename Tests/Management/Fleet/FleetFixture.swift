import Documents
import Fleet
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import Logging
import Model
import Publication
import SecureTransport
import Storage
import SwiftProtobuf
import TestSupport

/// A management server's fleet port on the loopback interface, with a real store behind it.
struct FleetFixture: Sendable {
  static let organization = ResourceRef(.organization, ["acme"])

  let folder: TemporaryFolder
  let store: Store
  let publication = Publication()
  let identity: ManagementIdentity
  let fleet: FleetServer
  /// What the server presents.
  let credentials: CredentialSource

  init() async throws {
    folder = try TemporaryFolder()
    store = try Store(directory: folder.path)
    let authority = try CertificateAuthority.server(
      organization: "acme", key: PrivateKey(), now: Date())
    identity = ManagementIdentity(
      organization: "acme", authority: authority, authorities: [authority.certificate])
    let key = PrivateKey()
    credentials = CredentialSource(
      Credentials(
        chain: try authority.issue(
          CertificateRequest(der: CertificateRequest.make(for: key)),
          as: .server(organization: "acme"), dnsNames: [], addresses: [],
          lifetime: .seconds(3600), now: Date()), key: key))
    fleet = FleetServer(
      store: store, publication: publication, identity: identity, version: "1.0.0",
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await put("east", "west")
  }

  func cluster(_ name: String) -> ResourceRef { Self.organization.child(.cluster, name) }

  func put(_ clusters: String...) async throws {
    let refs = [Self.organization] + clusters.map(cluster)
    let steps = refs.map { ref in
      ProposedChange.Step.put(
        ref: ref, manifest: ["kind": .string(ref.kind.name), "spec": [:]], labels: [:],
        expecting: nil)
    }
    _ = try await store.commit(ProposedChange(actor: "administrator", steps: steps))
  }

  func delete(_ cluster: String) async throws {
    let step = ProposedChange.Step.delete(ref: self.cluster(cluster), expecting: nil)
    _ = try await store.commit(ProposedChange(actor: "administrator", steps: [step]))
  }

  func token(
    for cluster: String = "east", lifetime: Duration = .seconds(900)
  ) async throws -> JoinToken.Agent {
    let token = JoinToken.Agent(
      id: JoinToken.newID(), secret: JoinToken.newSecret(), organization: "acme",
      cluster: cluster, trustDomain: "\(cluster).acme.mesh", pin: identity.authority.publicKeyHash)
    try await store.addJoinToken(
      Store.JoinToken(
        id: token.id, cluster: self.cluster(cluster), secretHash: sha256(token.secret),
        expiresAt: Int64((Date() + lifetime / .seconds(1)).timeIntervalSince1970 * 1000)))
    return token
  }

  /// The events of the audit log that are no change, oldest first.
  func audited() async throws -> [String] {
    try await store.auditEntries(limit: 100).reversed().map(\.event.event)
  }

  /// Credentials as if that cluster's agent had joined.
  func agent(_ cluster: String = "east") throws -> Credentials {
    let key = PrivateKey()
    let chain = try identity.authority.issue(
      CertificateRequest(der: CertificateRequest.make(for: key)),
      as: .clusterAgent(organization: "acme", cluster: cluster), dnsNames: [], addresses: [],
      lifetime: .seconds(3600), now: Date())
    return Credentials(chain: chain, key: key)
  }

  func unenrolled(_ key: PrivateKey = PrivateKey()) throws -> Credentials {
    Credentials(chain: try CertificateAuthority.selfSigned(for: key, now: Date()), key: key)
  }

  /// Runs the server for as long as `body` does.
  func serving(_ body: (Dialler) async throws -> Void) async throws {
    let transport = try mutualTLSServer(
      host: "127.0.0.1", port: 0, credentials: credentials,
      peers: .verified({ identity.bundle }, allowsUnenrolled: true),
      limits: ServerLimits(requestSize: 8 << 20, streams: 4), refused: fleet.turnedAway)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await fleet.run() }
      try await withGRPCServer(transport: transport, services: fleet.services) { server in
        guard let port = try await transport.listeningAddress.ipv4?.port else {
          throw CancellationError()
        }
        let shutDown: @Sendable () -> Void = {
          server.beginGracefulShutdown()
          fleet.endStreams()
        }
        defer { shutDown() }
        try await body(
          Dialler(port: port, pin: identity.authority.publicKeyHash, shutDown: shutDown))
      }
      group.cancelAll()
    }
  }
}

/// Calls the server with whatever credentials a test has.
struct Dialler: Sendable {
  let port: Int
  let pin: [UInt8]
  let shutDown: @Sendable () -> Void

  func calling<Result: Sendable>(
    _ credentials: Credentials,
    _ body: @Sendable (GRPCClient<HTTP2ClientTransport.Posix>) async throws -> Result
  ) async throws -> Result {
    try await withGRPCClient(
      transport: mutualTLSClient(
        host: "127.0.0.1", port: port, credentials: CredentialSource(credentials),
        peers: .pinned(publicKeyHash: pin), expecting: .server(organization: "acme")),
      handleClient: body)
  }

  @discardableResult
  func join(
    _ token: JoinToken.Agent, as credentials: Credentials, requesting: PrivateKey? = nil
  ) async throws -> Rialto_Fleet_V1_JoinResponse {
    let request = try Rialto_Fleet_V1_JoinRequest.with {
      $0.tokenID = token.id
      $0.secret = Data(token.secret)
      $0.cluster = token.cluster
      $0.certificateRequest = Data(
        try CertificateRequest.make(for: requesting ?? credentials.key))
      $0.version = "1.0.0"
    }
    return try await calling(credentials) {
      try await Rialto_Fleet_V1_Enrollment.Client(wrapping: $0).join(request)
    }
  }

  func renew(
    as credentials: Credentials, for key: PrivateKey
  ) async throws -> Rialto_Fleet_V1_RenewResponse {
    let request = try Rialto_Fleet_V1_RenewRequest.with {
      $0.certificateRequest = Data(try CertificateRequest.make(for: key))
    }
    return try await calling(credentials) {
      try await Rialto_Fleet_V1_Enrollment.Client(wrapping: $0).renew(request)
    }
  }

  /// Holds a stream while `body` runs.
  func connected(
    _ credentials: Credentials, _ body: @Sendable (inout Line) async throws -> Void
  ) async throws {
    try await calling(credentials) { client in
      let (outgoing, sending) = AsyncStream.makeStream(of: Rialto_Fleet_V1_AgentMessage.self)
      let (incoming, received) = AsyncThrowingStream.makeStream(
        of: Rialto_Fleet_V1_ServerMessage.self)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          do {
            try await Rialto_Fleet_V1_Fleet.Client(wrapping: client).connect(
              requestProducer: { writer in
                for await message in outgoing { try await writer.write(message) }
              },
              onResponse: { response in
                for try await message in response.messages { received.yield(message) }
              })
            received.finish()
          } catch {
            received.finish(throwing: error)
          }
        }
        var line = Line(iterator: incoming.makeAsyncIterator(), sending: sending)
        try await body(&line)
        sending.finish()
        group.cancelAll()
      }
    }
  }
}

/// The agent's end of a stream.
struct Line {
  var iterator: AsyncThrowingStream<Rialto_Fleet_V1_ServerMessage, any Error>.Iterator
  let sending: AsyncStream<Rialto_Fleet_V1_AgentMessage>.Continuation

  /// The server's next message, nil when it has ended the stream; its refusal is thrown.
  mutating func next(
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Rialto_Fleet_V1_ServerMessage? {
    try await iterator.next(isolation: isolation)
  }

  func send(_ message: Rialto_Fleet_V1_AgentMessage.OneOf_Message) {
    sending.yield(.with { $0.message = message })
  }

  func greet(
    _ cluster: String = "east", epoch: String = "", generation: Int64 = 0, digest: UInt64 = 0,
    schema: Int32 = 1, authorities: [[UInt8]]? = nil
  ) throws {
    let authorities =
      try authorities
      ?? [
        CertificateAuthority.cluster(
          trustDomain: "\(cluster).acme.mesh", key: PrivateKey(), now: Date()
        ).certificate
      ]
    send(
      .hello(
        .with {
          $0.cluster = cluster
          $0.version = "1.0.0"
          $0.epoch = epoch
          $0.generation = generation
          $0.digest = digest
          $0.schema = schema
          $0.authorities = authorities.map { Data($0) }
        }))
  }

  mutating func welcome() async throws -> Rialto_Fleet_V1_Welcome? { try await next()?.welcome }

  /// The next whole delta, with its parts put together.
  mutating func delta() async throws -> (Rialto_Fleet_V1_ItemDelta, parts: Int)? {
    var whole: Rialto_Fleet_V1_ItemDelta?
    var parts = 0
    while let part = try await next()?.delta {
      parts += 1
      if whole == nil {
        whole = part
      } else {
        whole?.upserts += part.upserts
        whole?.removals += part.removals
        whole?.digest = part.digest
      }
      if part.last { return whole.map { ($0, parts) } }
    }
    return nil
  }

  func acknowledge(_ delta: Rialto_Fleet_V1_ItemDelta) {
    send(
      .acknowledgement(
        .with {
          $0.epoch = delta.epoch
          $0.generation = delta.generation
        }))
  }
}
