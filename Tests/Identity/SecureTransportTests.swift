import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import SecureTransport
import Synchronization
import TestSupport
import Testing
import X509

/// Real connections on the loopback interface.
@Suite(.timeLimit(.minutes(3)))
struct SecureTransportTests {
  let authority: CertificateAuthority
  let serverCredentials: CredentialSource
  let trust: Trust

  init() throws {
    authority = try .server(organization: "acme", key: PrivateKey(), now: now)
    let key = PrivateKey()
    serverCredentials = CredentialSource(
      Credentials(
        chain: try issue(from: authority, to: key, as: .server(organization: "acme")), key: key))
    trust = Trust(TrustBundle(authorities: [authority.trustDomain: [authority.certificate]]))
  }

  private static let agent = SPIFFEID.clusterAgent(organization: "acme", cluster: "east")

  private func agentCredentials(of authority: CertificateAuthority) throws -> Credentials {
    let key = PrivateKey()
    return Credentials(chain: try issue(from: authority, to: key, as: Self.agent), key: key)
  }

  private var policy: PeerPolicy { .verified({ trust.current }, allowsUnenrolled: true) }
  private var toServer: PeerPolicy { .verified({ trust.current }, allowsUnenrolled: false) }

  @Test func `both sides prove who they are`() async throws {
    try await withWhoServer(serverCredentials, policy) { port, _ in
      let answer = try await who(
        port, agentCredentials(of: authority), toServer, expecting: .server(organization: "acme"))
      #expect(answer == "enrolled \(Self.agent.text)")
    }
  }

  @Test func `a joiner pins the server's authority and is known by its key only`() async throws {
    try await withWhoServer(serverCredentials, policy) { port, _ in
      let key = PrivateKey()
      let chain = try CertificateAuthority.selfSigned(for: key, now: now)
      let answer = try await who(
        port, Credentials(chain: chain, key: key),
        .pinned(publicKeyHash: authority.publicKeyHash))
      #expect(answer == "unenrolled \(hexadecimal(key.publicKeyHash))")
    }
  }

  @Test func `a server that admits members only turns an unenrolled peer away`() async throws {
    try await withWhoServer(serverCredentials, toServer) { port, refusals in
      let key = PrivateKey()
      let chain = try CertificateAuthority.selfSigned(for: key, now: now)
      await #expect(throws: RPCError.self) {
        try await who(port, Credentials(chain: chain, key: key), toServer)
      }
      // A client may try to connect more than once.
      #expect(Set(refusals.all.map(\.reason)) == [.notOneIdentity])
    }
  }

  enum BadClient: CaseIterable, Sendable { case foreignAuthority, expired, twoNames, wrongUsage }

  @Test(arguments: BadClient.allCases)
  func `a client with a bad certificate is turned away, with a reason on our side`(
    bad: BadClient
  ) async throws {
    let key = PrivateKey()
    let other = try CertificateAuthority.server(organization: "acme", key: PrivateKey(), now: now)
    let (chain, reason): ([[UInt8]], Refusal.Reason) =
      switch bad {
      case .foreignAuthority: (try issue(from: other, to: key, as: Self.agent), .untrusted)
      case .expired:
        (try issue(from: authority, to: key, as: Self.agent, at: now - 7200), .expired)
      case .twoNames:
        (
          try Forger(
            key: key, authority: authority,
            uris: [Self.agent.text, "spiffe://rialto.acme.mesh/cluster/west/agent"]
          ).chain(), .notOneIdentity
        )
      case .wrongUsage:
        (
          try Forger(
            key: key, authority: authority, uris: [Self.agent.text], usages: [.serverAuth]
          ).chain(), .usage
        )
      }
    try await withWhoServer(serverCredentials, policy) { port, refusals in
      await #expect(throws: RPCError.self) {
        try await who(port, Credentials(chain: chain, key: key), toServer)
      }
      #expect(refusals.all.first?.reason == reason)
      // Honest clients do not notice.
      let answer = try await who(port, agentCredentials(of: authority), toServer)
      #expect(answer == "enrolled \(Self.agent.text)")
    }
  }

  @Test func `a client without a certificate opens no stream`() async throws {
    try await withWhoServer(serverCredentials, policy) { port, _ in
      let transport = try HTTP2ClientTransport.Posix(
        target: .ipv4(address: "127.0.0.1", port: port),
        transportSecurity: .tls {
          $0.serverCertificateVerification = .noVerification
        })
      await #expect(throws: RPCError.self) { try await ask(transport) }
    }
  }

  @Test func `a client turns away a server with another pin, authority or identity`() async throws {
    let other = try CertificateAuthority.server(organization: "acme", key: PrivateKey(), now: now)
    let foreign = TrustBundle(authorities: [other.trustDomain: [other.certificate]])
    try await withWhoServer(serverCredentials, policy) { port, _ in
      let credentials = try agentCredentials(of: authority)
      let attempts: [(PeerPolicy, SPIFFEID?, Refusal.Reason)] = [
        (.pinned(publicKeyHash: other.publicKeyHash), nil, .pinMismatch),
        (.verified({ foreign }, allowsUnenrolled: false), nil, .untrusted),
        (toServer, .server(organization: "other"), .unexpectedIdentity),
      ]
      for (peers, expecting, reason) in attempts {
        let refusals = Refusals()
        await #expect(throws: RPCError.self) {
          try await who(port, credentials, peers, expecting: expecting, refused: refusals.add)
        }
        #expect(refusals.all.first?.reason == reason)
      }
    }
  }

  @Test func `trust and certificates change without a restart`() async throws {
    let next = try CertificateAuthority.server(organization: "acme", key: PrivateKey(), now: now)
    try await withWhoServer(serverCredentials, policy) { port, _ in
      let credentials = try agentCredentials(of: next)
      let both = TrustBundle(authorities: [
        authority.trustDomain: [authority.certificate, next.certificate]
      ])
      let old = trust.current
      let toOld = PeerPolicy.verified({ old }, allowsUnenrolled: false)
      await #expect(throws: RPCError.self) { try await who(port, credentials, toOld) }
      trust.set(both)
      #expect(try await who(port, credentials, toOld) == "enrolled \(Self.agent.text)")

      // The server's own certificate comes from the new authority from the next handshake on.
      let key = PrivateKey()
      let fresh = Credentials(
        chain: try issue(from: next, to: key, as: .server(organization: "acme")), key: key)
      #expect(serverCredentials.replace(with: fresh))
      await #expect(throws: RPCError.self) { try await who(port, credentials, toOld) }
      #expect(try await who(port, credentials, toServer) == "enrolled \(Self.agent.text)")

      trust.set(TrustBundle(authorities: [authority.trustDomain: [next.certificate]]))
      await #expect(throws: RPCError.self) {
        try await who(port, agentCredentials(of: authority), toServer)
      }
    }
  }

  @Test func `credentials that cannot be read replace nothing`() throws {
    let before = serverCredentials.current.chain
    #expect(!serverCredentials.replace(with: Credentials(chain: [[1, 2]], key: PrivateKey())))
    #expect(serverCredentials.current.chain == before)
  }

  @Test func `a handshake with TLS 1.2 is ended`() async throws {
    let folder = try TemporaryFolder()
    let credentials = try agentCredentials(of: authority)
    try folder.write(
      "-----BEGIN CERTIFICATE-----\n"
        + Data(credentials.chain[0]).base64EncodedString(options: .lineLength64Characters)
        + "\n-----END CERTIFICATE-----\n", as: "chain.pem")
    try folder.write(credentials.key.pem, as: "key.pem")
    try await withWhoServer(serverCredentials, policy) { port, _ in
      // s_client sends HTTP/2's preface; only an open connection answers with a SETTINGS frame.
      func answer(_ version: String) async throws -> Bool {
        try await folder.shell(
          """
          { printf 'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n\\0\\0\\0\\4\\0\\0\\0\\0\\0'; } | \
          timeout -s KILL 15 openssl s_client -quiet -connect 127.0.0.1:\(port) -\(version) \
          -alpn h2 -cert chain.pem -key key.pem 2>/dev/null | head -c 9 | wc -c | grep -q '^9$'
          """) == 0
      }
      let isNewerAnswered = try await answer("tls1_3")
      let isOlderAnswered = try await answer("tls1_2")
      #expect(isNewerAnswered)
      #expect(!isOlderAnswered)
    }
  }

  @Test func `a port that is taken is reported as such`() async throws {
    try await withWhoServer(serverCredentials, policy) { port, _ in
      let second = GRPCServer(
        transport: try mutualTLSServer(
          host: "127.0.0.1", port: port, credentials: serverCredentials, peers: policy),
        services: [WhoService()])
      let error = await #expect(throws: RuntimeError.self) { try await second.serve() }
      let cause = String(describing: error?.cause)
      #expect(cause.contains("in use"))
    }
  }
}
