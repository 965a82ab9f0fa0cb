import AsyncHTTPClient
import Documents
import Foundation
import Identity
import Logging
import Manifests
import Model
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Operations
import RestAPI
import SecureTransport
import ServiceLifecycle
import Storage
import Synchronization
import TestSupport
import Testing

@Suite struct `The REST API on a socket` {
  private let fixture: ManagementFixture

  init() throws { fixture = try ManagementFixture() }

  private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// Lives as long as the process, like the connections that it keeps.
  private static let client: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.tlsConfiguration = .makeClientConfiguration()
    configuration.tlsConfiguration?.certificateVerification = .none
    return HTTPClient(configuration: configuration)
  }()

  private static func credentials() throws -> Credentials {
    let authority = try CertificateAuthority.server(
      organization: "acme", key: PrivateKey(), now: Date())
    let key = PrivateKey()
    let request = try CertificateRequest(der: CertificateRequest.make(for: key))
    let chain = try authority.issue(
      request, as: .server(organization: "acme"), dnsNames: ["localhost"],
      addresses: ["127.0.0.1"], lifetime: .seconds(3600), now: Date())
    return Credentials(chain: chain, key: key)
  }

  /// Serves while `body` runs, then shuts down gracefully and waits for the end of everything.
  private func serving(
    presenting source: CredentialSource? = nil, handshakeLimit: Duration = .seconds(30),
    bodyLimit: Duration = .seconds(30), watchQueue: Int = 1_000,
    _ body: @escaping @Sendable (Server) async throws -> Void
  ) async throws {
    var settings = RestAPI.Settings(host: "127.0.0.1", port: 0, hosts: ["mesh.example"])
    settings.handshakeLimit = handshakeLimit
    settings.bodyLimit = bodyLimit
    settings.watchQueue = watchQueue
    let api = RestAPI(operations: fixture.operations, settings: settings, logger: Self.quiet)
    let (ports, tell) = AsyncStream.makeStream(of: Int.self)
    let source = try source ?? CredentialSource(Self.credentials())
    let application = try api.application(credentials: source) { address in
      tell.yield(address?.port ?? 0)
    }
    let services = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: [application], logger: Self.quiet))
    let key = try await fixture.operations.issueAdministratorKey()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      let port = try #require(await ports.first { _ in true })
      let outcome: Result<Void, any Error>
      do {
        try await body(
          Server(port: port, client: Self.client, token: key.text, services: services))
        outcome = .success(())
      } catch { outcome = .failure(error) }
      await services.triggerGracefulShutdown()
      try await group.waitForAll()
      try outcome.get()
    }
  }

  private struct Server: Sendable {
    let port: Int
    let client: HTTPClient
    let token: String
    let services: ServiceGroup

    func get(
      _ path: String, headers: [String: String] = [:], signedIn: Bool = true
    ) async throws -> HTTPClientResponse {
      var request = HTTPClientRequest(url: "https://127.0.0.1:\(port)\(path)")
      if signedIn { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
      for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
      return try await client.execute(request, timeout: .seconds(20))
    }
  }

  @Test func `it speaks HTTP 2 over TLS`() async throws {
    try await serving { server in
      let answer = try await server.get("/livez")
      #expect(answer.status == .ok)
      #expect(answer.version == .http2)
      #expect(answer.headers.first(name: "Strict-Transport-Security") != nil)
    }
  }

  /// The leaf that the server presents to a new connection, DER.
  private func presented(at port: Int) async throws -> [UInt8]? {
    let context = try NIOSSLContext(configuration: .makeClientConfiguration())
    let (leaves, leaf) = AsyncStream.makeStream(of: [UInt8]?.self)
    let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let handler = try NIOSSLClientHandler(
            context: context, serverHostname: "localhost",
            customVerificationCallback: { chain, verdict in
              leaf.yield(try? chain.first?.toDERBytes())
              verdict.succeed(.certificateVerified)
            })
          try channel.pipeline.syncOperations.addHandler(handler)
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    let presented = await leaves.first { _ in true }
    try await connection.close()
    return presented ?? nil
  }

  @Test func `a renewed certificate is presented to whoever connects from then on`() async throws {
    let (old, new) = (try Self.credentials(), try Self.credentials())
    let source = CredentialSource(old)
    try await serving(presenting: source) { server in
      let first = try await presented(at: server.port)
      source.replace(with: new)
      let second = try await presented(at: server.port)
      #expect(first == old.chain.first && second == new.chain.first)
    }
  }

  @Test(arguments: [("evil.example", 421), ("MESH.example:1", 200), ("localhost", 200)])
  func `only its own host names are answered`(host: String, status: UInt) async throws {
    try await serving { server in
      let answer = try await server.get("/livez", headers: ["Host": host], signedIn: false)
      #expect(answer.status.code == status)
    }
  }

  @Test func `a watcher hears of a change, and the stream ends with the server`() async throws {
    try await serving { [fixture] server in
      let answer = try await server.get("/v2/watch", headers: ["Accept": "text/event-stream"])
      #expect(answer.status == .ok)
      var text = ""
      var hasWritten = false
      for try await part in answer.body {
        text += String(buffer: part)
        if !hasWritten, text.contains("event: agents") {
          hasWritten = true
          try await fixture.apply(ManagementFixture.tree)
        }
        if text.contains("event: change\nid: 1\n"), text.contains("event: propagation") { break }
      }
      #expect(text.contains("\"action\":\"created\""))
      // A second one is open when the server goes down.
      let open = try await server.get("/v2/watch?revision=1")
      await server.services.triggerGracefulShutdown()
      // The connection may go before the end of the stream is through.
      do { for try await _ in open.body {} } catch let error as HTTPClientError
        where error == .remoteConnectionClosed
      {}
    }
  }

  /// Reads a stream until `isEnough`.
  private func read(
    _ server: Server, _ path: String, headers: [String: String] = [:],
    until isEnough: @Sendable (String) async throws -> Bool
  ) async throws -> String {
    let answer = try await server.get(
      path, headers: headers.merging(["Accept": "text/event-stream"]) { $1 })
    #expect(answer.status == .ok)
    var text = ""
    for try await part in answer.body {
      text += String(buffer: part)
      if try await isEnough(text) { break }
    }
    return text
  }

  @Test func `a collection can be watched from what is there, and from where one was`() async throws
  {
    try await fixture.apply(ManagementFixture.tree)
    try await serving { [fixture] server in
      let tenants = "/v2/organizations/acme/tenants"
      let hasWritten = Mutex(false)
      let text = try await read(server, "\(tenants)?watch=true&labelSelector=!hidden") { text in
        if text.contains("event: bookmark\nid: 1\n"), hasWritten.withLock({ !$0 }) {
          hasWritten.withLock { $0 = true }
          for yaml in [
            "metadata: {name: u, organization: acme}",
            "metadata: {name: u, organization: acme, labels: {hidden: \"\"}}",
          ] {
            try await fixture.apply("apiVersion: api.rialto.mesh/v2\nkind: Tenant\n\(yaml)")
          }
          try await fixture.apply(fixture.workspace("other", names: "*/x"))
        }
        return text.contains("event: bookmark\nid: 4\n")
      }
      #expect(text.contains("event: added\nid: 2\n"))
      // Out of the selection is gone.
      #expect(text.contains("event: deleted\nid: 3\n"))
      let rest = try await read(
        server, "\(tenants)?watch=true", headers: ["Last-Event-ID": "2"]
      ) { $0.contains("id: 4\n") }
      #expect(rest.contains("event: modified\nid: 3\n") && !rest.contains("id: 2\n"))
      let one = try await read(server, "\(tenants)/u?watch=true&revision=1") {
        $0.contains("id: 4\n")
      }
      #expect(one.contains("event: added\nid: 2\n") && one.contains("event: modified\nid: 3\n"))
      // Only what was asked for, of what is there and of what is written.
      for target in [
        "\(tenants)?watch=true&fields=metadata.name",
        "\(tenants)?watch=true&fields=metadata.name&revision=1",
      ] {
        let names = try await read(server, target) { $0.contains("id: 4\n") }
        #expect(names.contains("\"object\":{\"metadata\":{\"name\":\"u\"}}"), "\(target)")
        #expect(!names.contains("organization"), "\(target)")
      }
      let gone = try await server.get(
        "\(tenants)?watch=true&revision=99", headers: ["Accept": "text/event-stream"])
      #expect(gone.status == .gone)
      let unacceptable = try await server.get(
        "\(tenants)?watch=true", headers: ["Accept": "application/json"])
      #expect(unacceptable.status == .notAcceptable)
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `a watcher that has fallen too far behind is cut off and can come back`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await serving(watchQueue: 20) { [fixture] server in
      let answer = try await server.get(
        "/v2/organizations/acme/tenants?watch=true", headers: ["Accept": "text/event-stream"])
      var parts = answer.body.makeAsyncIterator()
      _ = try await parts.next()
      // More than the buffers on the way hold.
      let filler = String(repeating: "x", count: 8_000)
      for start in stride(from: 0, to: 1_200, by: 100) {
        try await withThrowingDiscardingTaskGroup { group in
          for number in start..<(start + 100) {
            group.addTask {
              _ = try await fixture.operations.patch(
                ManagementFixture.administrator, ManagementFixture.tenant,
                ["metadata": ["description": .string("\(number)\(filler)")]])
            }
          }
        }
      }
      var text = ""
      while let part = try await parts.next() { text += String(buffer: part).suffix(200) }
      #expect(text.contains("event: overrun"))
    }
  }

  @Test func `a watcher of another life of the database starts over`() async throws {
    try await serving { server in
      let answer = try await server.get("/v2/watch", headers: ["Last-Event-ID": "99"])
      #expect(answer.status == .gone)
    }
  }

  @Test func `a body that never ends is given up`() async throws {
    try await serving(bodyLimit: .milliseconds(100)) { server in
      var request = HTTPClientRequest(url: "https://127.0.0.1:\(server.port)/v2/apply")
      request.method = .POST
      request.headers.add(name: "Authorization", value: "Bearer \(server.token)")
      request.headers.add(name: "Content-Type", value: "application/yaml")
      let (pieces, more) = AsyncStream.makeStream(of: ByteBuffer.self)
      more.yield(ByteBuffer(string: "kind: "))
      request.body = .stream(pieces, length: .unknown)
      let answer = try await server.client.execute(request, timeout: .seconds(20))
      more.finish()
      #expect(answer.status == .requestTimeout)
    }
  }

  @Test func `a client that never finishes its handshake is cut off, others are not`()
    async throws
  {
    try await serving(handshakeLimit: .milliseconds(100)) { [fixture] server in
      let silent = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: server.port).get()
      // Ends only when the server closes.
      try await silent.closeFuture.get()
      let answer = try await server.get("/v2/watch")
      var parts = answer.body.makeAsyncIterator()
      let first = try await parts.next()
      try await fixture.apply(ManagementFixture.tree)
      let second = try await parts.next()
      #expect(first != nil && second != nil)
    }
  }
}
