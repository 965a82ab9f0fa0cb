import AgentStore
import ClusterAgent
import EnvoyConfig
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import Logging
import NIOCore
import SecureTransport
import Synchronization
import TestSupport
import Testing

/// What workloads and strangers may not do: each is refused, told why, counted, and the server never
/// hears of it.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct `What nobody may do at the agent's port` {
  @Test(arguments: WorkloadAttempt.withCertificates)
  func `with a certificate of elsewhere`(attempt: WorkloadAttempt) async throws {
    try await refuse(attempt)
  }

  @Test(arguments: WorkloadAttempt.withOwnAuthority)
  func `with the key of the cluster's own authority`(attempt: WorkloadAttempt) async throws {
    try await refuse(attempt)
  }

  @Test(arguments: WorkloadAttempt.withTokens)
  func `with a token or a request`(attempt: WorkloadAttempt) async throws {
    try await refuse(attempt)
  }

  @Test(arguments: WorkloadAttempt.withClaims)
  func `under a claimed name`(attempt: WorkloadAttempt) async throws { try await refuse(attempt) }

  @Test(arguments: WorkloadAttempt.withRegistrations)
  func `with a bad registration`(attempt: WorkloadAttempt) async throws {
    try await refuse(attempt)
  }

  private func refuse(_ attempt: WorkloadAttempt) async throws {
    try await withMesh { mesh in
      let stage = try await SiteStage.open(mesh)
      let refused = mesh.agent.site.counters.current.refusals
      let error = await #expect(throws: RPCError.self) { try await attempt.act(stage) }
      #expect(error?.code == attempt.code, "\(error.map { "\($0)" } ?? "it was not refused")")
      if attempt.isCounted {
        try await waitUntil { mesh.agent.site.counters.current.refusals > refused }
      }
      // The honest one is served, and nobody else has become known.
      try await stage.web.registered(port: mesh.port) {
        try await waitUntil { !known(to: mesh.server).nodes.isEmpty }
        #expect(known(to: mesh.server).nodes == [stage.web.nodeID])
        #expect(known(to: mesh.server).services == ["shop/web"])
      }
    }
  }

  private func known(to server: FakeServer) -> (nodes: Set<String>, services: Set<String>) {
    server.received.reduce(into: (nodes: [], services: [])) { known, message in
      switch message.message {
      case .proxies(let delta)?: known.nodes.formUnion(delta.upserts.map(\.nodeID))
      case .inventory(let delta)?:
        known.services.formUnion(delta.upserts.map { "\($0.key.namespace)/\($0.key.name)" })
      default: break
      }
    }
  }

  @Test func `what the token fixed wins over what the workload says`() async throws {
    try await withMesh { mesh in
      let token = try await mesh.socket.mint(
        WorkloadGrant(
          namespace: "shop", service: "orders", serviceAccount: "orders", role: "sidecar",
          labels: ["version": "v1"])
      ).text
      let proxy = try await FakeProxy.join(token, port: mesh.port)
      var registration = SiteStage.registration(proxy.nodeID)
      registration.labels = ["version": "v2", "own": "yes"]
      registration.advertisedAddress = "10.9.9.9"
      let stage = try await SiteStage.open(mesh)
      try await stage.register(proxy.credentials.current, .registration(registration))
      try await waitUntil {
        mesh.server.received.contains { message in
          guard case .proxies(let delta)? = message.message else { return false }
          return delta.upserts.contains { $0.nodeID == proxy.nodeID }
        }
      }
      let status = mesh.server.received.compactMap { message in
        if case .proxies(let delta)? = message.message { delta.upserts } else { nil }
      }.joined().last { $0.nodeID == proxy.nodeID }
      #expect(status?.labels == ["version": "v1", "own": "yes"])
      #expect(status?.role == "sidecar")
    }
  }

  @Test func `only its owner may open the socket at which tokens are minted`() async throws {
    try await withMesh { mesh in
      let attributes = try FileManager.default.attributesOfItem(atPath: mesh.socket.path)
      let mode = try #require(attributes[.posixPermissions] as? NSNumber).intValue
      #expect(mode & 0o077 == 0)
    }
  }
}

/// The other direction: those whom a forger wants to make believe that it is their agent or server.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct `Who passes for an agent or a server` {
  @Test(arguments: Forgery.allCases)
  func `a proxy does not believe a forged agent`(forgery: Forgery) async throws {
    try await withMesh { mesh in
      let stage = try await SiteStage.open(mesh)
      let forged = try forgery.make(
        stolen: Forger.Issuer(stage.west), own: "spiffe://west.acme.mesh/rialto/agent",
        other: "spiffe://east.acme.mesh/rialto/agent")
      try await Self.expectNobody(to: forged) { port in
        _ = try await stage.orders.renew(port: port, requestKey: stage.orders.key)
      }
    }
  }

  @Test func `a proxy does not believe a workload of its own cluster that passes for the agent`()
    async throws
  {
    try await withMesh { mesh in
      let stage = try await SiteStage.open(mesh)
      let credentials = stage.web.credentials.current
      try await Self.expectNobody(to: (credentials.chain, credentials.key)) { port in
        _ = try await stage.orders.renew(port: port, requestKey: stage.orders.key)
      }
    }
  }

  @Test func `the honest agent is talked to, by the same means`() async throws {
    try await withMesh { mesh in
      let stage = try await SiteStage.open(mesh)
      let agent = Forger(authority: stage.east, uris: ["spiffe://east.acme.mesh/rialto/agent"])
      let visits = Visits()
      try await visits.serving((agent.chain(), agent.key)) { port in
        let error = await #expect(throws: RPCError.self) {
          _ = try await stage.orders.renew(port: port, requestKey: stage.orders.key)
        }
        #expect(error?.code == .aborted)
      }
      #expect(visits.calls == 1)
    }
  }

  @Test(arguments: Forgery.allCases)
  func `an agent does not join a forged server`(forgery: Forgery) async throws {
    let server = try FakeServer()
    let stolen = try CertificateAuthority.cluster(
      trustDomain: "west.acme.mesh", key: PrivateKey(), now: Date())
    let forged = try forgery.make(
      stolen: Forger.Issuer(stolen), own: "spiffe://west.acme.mesh/rialto/agent",
      other: SPIFFEID.server(organization: FakeServer.organization).text)
    try await Self.expectNobody(to: forged) { port in
      let folder = try TemporaryFolder()
      var settings = AgentSettings(
        folder: folder.path, server: ServerAddress(host: "127.0.0.1", port: port),
        token: .agent(server.token), listenHost: "127.0.0.1", listenPort: 0, advertise: [],
        version: "test")
      settings.healthPort = nil
      _ = try await ClusterAgent.prepare(
        settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
  }

  /// Nobody may say anything to a server that presents `forged`, and `body` must fail.
  private static func expectNobody(
    to forged: (chain: [[UInt8]], key: PrivateKey), _ body: @Sendable (Int) async throws -> Void
  ) async throws {
    let visits = Visits()
    try await visits.serving(forged) { port in
      await #expect(throws: (any Error).self) { try await body(port) }
    }
    #expect(visits.calls == 0)
  }
}

/// A server that lets everybody in and counts: a forger that waits for somebody to talk to it.
private final class Visits: Sendable {
  private let counts = Mutex((calls: 0, ended: 0))

  var calls: Int { counts.withLock { $0.calls } }
  /// Connections that were opened and ended again.
  var ended: Int { counts.withLock { $0.ended } }

  func serving(
    _ forged: (chain: [[UInt8]], key: PrivateKey), _ body: @Sendable (Int) async throws -> Void
  ) async throws {
    let transport = HTTP2ServerTransport.Posix(
      address: .ipv4(host: "127.0.0.1", port: 0),
      transportSecurity: .tls(
        certificateChain: forged.chain.map { .bytes($0, format: .der) },
        privateKey: .bytes(Array(forged.key.pem.utf8), format: .pem)),
      config: .defaults { config in
        config.channelDebuggingCallbacks.onAcceptTCPConnection = { connection in
          connection.closeFuture.whenComplete { _ in self.counts.withLock { $0.ended += 1 } }
          return connection.eventLoop.makeSucceededVoidFuture()
        }
      })
    let trap = Trap { self.counts.withLock { $0.calls += 1 } }
    try await withGRPCServer(transport: transport, services: [trap]) { server in
      try await body(try await transport.listeningAddress.ipv4?.port ?? 0)
      server.beginGracefulShutdown()
    }
  }
}

/// Takes every call that an agent or a proxy could make to whom it trusts.
private struct Trap: RegistrableRPCService {
  let count: @Sendable () -> Void

  private static let methods = [
    ("rialto.fleet.v1.Enrollment", "Join"), ("rialto.fleet.v1.Enrollment", "Renew"),
    ("rialto.fleet.v1.Fleet", "Connect"), ("rialto.workload.v1.Enrollment", "Renew"),
  ]

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    for (service, method) in Self.methods {
      router.registerHandler(
        forMethod: MethodDescriptor(fullyQualifiedService: service, method: method),
        deserializer: Raw(), serializer: Raw()
      ) { _, _ -> StreamingServerResponse<[UInt8]> in
        count()
        throw RPCError(code: .aborted, message: "caught")
      }
    }
  }
}
