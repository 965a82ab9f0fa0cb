import ClusterAgent
import FleetProtos
import Foundation
import GRPCCore
import Identity
import Logging
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct JoinTests {
  @Test func `a workload joins as what its token says, and renews with the same key`() async throws
  {
    try await withMesh { mesh in
      let key = PrivateKey()
      let answer = try await FakeProxy.redeem(
        try await mesh.mint("orders"), port: mesh.port, key: key)
      #expect(answer.namespace == "shop")
      #expect(answer.service == "orders")
      #expect(answer.trustDomain == FakeServer.trustDomain)
      let trust = TrustBundle(authorities: [
        FakeServer.trustDomain: answer.authorities.map { Array($0) }
      ])
      let peer = try await trust.verify(
        chain: answer.certificateChain.map { Array($0) }, now: Date()
      ).get()
      #expect(peer.id.text == "spiffe://east.acme.mesh/ns/shop/sa/orders")
      #expect(peer.publicKeyHash == key.publicKeyHash)
      #expect(
        nameConstraintViolation(
          ofAuthority: Array(answer.authorities[0]), trustDomain: FakeServer.trustDomain) == nil)

      let proxy = FakeProxy(joined: answer, key: key)
      let renewed = try await proxy.renew(port: mesh.port, requestKey: key)
      let again = try await trust.verify(
        chain: renewed.certificateChain.map { Array($0) }, now: Date()
      ).get()
      #expect(again.id == peer.id)
      #expect(again.serial != peer.serial)
    }
  }

  @Test func `a token works once`() async throws {
    try await withMesh { mesh in
      let token = try await mesh.mint("orders")
      _ = try await FakeProxy.redeem(token, port: mesh.port, key: PrivateKey())
      await expect(.permissionDenied) {
        _ = try await FakeProxy.redeem(token, port: mesh.port, key: PrivateKey())
      }
    }
  }

  @Test func `a request for another key than the connection's is refused`() async throws {
    try await withMesh { mesh in
      let token = try await mesh.mint("orders")
      await expect(.permissionDenied) {
        _ = try await FakeProxy.redeem(
          token, port: mesh.port, key: PrivateKey(), requestKey: PrivateKey())
      }
      // It was refused before the token was looked at.
      let proxy = try await FakeProxy.join(token, port: mesh.port)
      await expect(.permissionDenied) {
        _ = try await proxy.renew(port: mesh.port, requestKey: PrivateKey())
      }
    }
  }

  @Test func `a made-up token is refused`() async throws {
    try await withMesh { mesh in
      guard case .workload(var token) = try JoinToken(text: try await mesh.mint("orders")) else {
        Issue.record("not a workload's token")
        return
      }
      token.secret = JoinToken.newSecret()
      let forged = JoinToken.workload(token).text
      await expect(.permissionDenied) {
        _ = try await FakeProxy.redeem(forged, port: mesh.port, key: PrivateKey())
      }
    }
  }

  @Test func `nobody registers or follows under another's node id`() async throws {
    try await withMesh { mesh in
      let orders = try await mesh.joinedProxy("orders")
      let web = try await mesh.joinedProxy("web")
      await expect(.permissionDenied) {
        try await orders.registered(port: mesh.port, claiming: web.nodeID) {}
      }
      await expect(.permissionDenied) {
        try await orders.follow(port: mesh.port, claiming: web.nodeID)
      }
    }
  }

  @Test(arguments: [("Shop", "orders"), ("shop", ""), ("shop", "a.b"), ("shop", "-x")])
  func `a token for a bad name is not minted`(namespace: String, service: String) async throws {
    try await withMesh { mesh in
      await #expect(throws: AdministrationSocket.Problem.self) {
        _ = try await mesh.mint(service, namespace: namespace)
      }
    }
  }

  @Test func `without a token an agent that has not joined does not start`() async throws {
    let folder = try TemporaryFolder()
    var settings = AgentSettings(
      folder: folder.path, server: ServerAddress(host: "127.0.0.1", port: 1), token: nil,
      listenHost: "127.0.0.1", advertise: [], version: "test")
    settings.healthPort = nil
    await #expect(throws: (any Error).self) {
      _ = try await ClusterAgent.prepare(settings, logger: .init(label: "test"))
    }
  }

  @Test func `an agent whose token is spent learns why it is refused`() async throws {
    let server = try FakeServer()
    let folder = try TemporaryFolder()
    let other = try TemporaryFolder()
    try await server.serving { port in
      try await withAgent(of: server, at: port, in: folder) { _ in }
      let error = await #expect(throws: (any Error).self) {
        try await withAgent(of: server, at: port, in: other) { _ in }
      }
      #expect(error.map { "\($0)" }?.contains("the token is spent") == true)
    }
  }

  private func expect(
    _ code: RPCError.Code, _ body: @Sendable () async throws -> Void
  ) async {
    let error = await #expect(throws: RPCError.self) { try await body() }
    #expect(error?.code == code, "\(error.map { "\($0)" } ?? "")")
  }
}

@Suite struct ServerAddressTests {
  @Test(arguments: [
    ("https://server:9443", "server", 9443), ("server", "server", 9443),
    ("https://10.0.0.1:7/", "10.0.0.1", 7), ("[::1]:9443", "::1", 9443), ("h:1", "h", 1),
  ])
  func `an address is read`(text: String, host: String, port: Int) {
    #expect(ServerAddress(text) == ServerAddress(host: host, port: port))
  }

  @Test(arguments: ["", "https://", "h:0", "h:99999", "h:x", "https://h/path", "u@h", "[::1"])
  func `nonsense is not`(text: String) { #expect(ServerAddress(text) == nil) }
}
