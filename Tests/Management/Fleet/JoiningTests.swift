import Documents
import Fleet
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import Model
import SecureTransport
import Storage
import SwiftProtobuf
import Testing

@Suite(.timeLimit(.minutes(3)))
struct JoiningTests {
  private let fixture: FleetFixture

  init() async throws { fixture = try await FleetFixture() }

  /// What the server answered to an attempt that must be refused.
  private func refusal(_ body: () async throws -> Void) async -> RPCError? {
    do { try await body() } catch let error as RPCError { return error } catch {
      Issue.record("\(error)")
      return nil
    }
    Issue.record("it was not refused")
    return nil
  }

  @Test func `an agent joins once and is known by its certificate from then on`() async throws {
    let token = try await fixture.token()
    try await fixture.serving { dialler in
      let key = PrivateKey()
      let answer = try await dialler.join(token, as: fixture.unenrolled(key))
      #expect(answer.organization == "acme")
      #expect(answer.cluster == "east")
      #expect(answer.trustDomain == "east.acme.mesh")
      let chain = answer.certificateChain.map { [UInt8]($0) }
      let peer = try await fixture.identity.bundle.verify(chain: chain, now: Date()).get()
      #expect(peer.id == .clusterAgent(organization: "acme", cluster: "east"))
      #expect(peer.publicKeyHash == key.publicKeyHash)
      #expect(
        answer.serverAuthorities.map { [UInt8]($0) } == [fixture.identity.authority.certificate])

      try await dialler.connected(Credentials(chain: chain, key: key)) { line in
        try line.greet()
        #expect(try await line.welcome()?.trustDomain == "east.acme.mesh")
      }
      let again = await refusal { try await dialler.join(token, as: fixture.unenrolled()) }
      #expect(again?.code == .unauthenticated)
      #expect(again?.message.contains("has been used") == true)
      #expect(try await fixture.audited() == ["agent.joined", "join.refused"])
    }
  }

  @Test func `of many that redeem one token at once, one gets in`() async throws {
    let token = try await fixture.token()
    try await fixture.serving { dialler in
      let joined = await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<6 {
          group.addTask {
            (try? await dialler.join(token, as: fixture.unenrolled())) != nil
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(joined == 1)
    }
  }

  enum Bad: CaseIterable, Sendable {
    case expired, otherCluster, spoofedSecret, unknownToken, otherKey, shortSecret, longName
    case deletedCluster
  }

  @Test(arguments: Bad.allCases)
  func `a bad attempt to join is refused and audited`(bad: Bad) async throws {
    var token = try await fixture.token(lifetime: .seconds(bad == .expired ? -1 : 900))
    var other: PrivateKey?
    var expected = RPCError.Code.unauthenticated
    switch bad {
    case .expired: break
    case .otherCluster:
      token.cluster = "west"
      expected = .permissionDenied
    case .spoofedSecret: token.secret = JoinToken.newSecret()
    case .unknownToken: token.id = JoinToken.newID()
    case .otherKey:
      other = PrivateKey()
      expected = .invalidArgument
    case .shortSecret:
      token.secret.removeLast()
      expected = .invalidArgument
    case .longName:
      token.cluster = String(repeating: "a", count: 64)
      expected = .invalidArgument
    case .deletedCluster:
      // Deleting a cluster takes its tokens along.
      try await fixture.delete("east")
    }
    let (attempt, key, code) = (token, other, expected)
    try await fixture.serving { dialler in
      let error = await refusal {
        try await dialler.join(attempt, as: fixture.unenrolled(), requesting: key)
      }
      #expect(error?.code == code)
      #expect(try await fixture.audited().last == "join.refused")
      let entries = try await fixture.store.auditEntries(limit: 10)
      #expect(!"\(entries)".contains(hexadecimal(attempt.secret)))
    }
  }

  @Test func `a wrong secret and an unknown token look alike from outside`() async throws {
    var wrong = try await fixture.token()
    wrong.secret = JoinToken.newSecret()
    var unknown = wrong
    unknown.id = JoinToken.newID()
    let (first, second) = (wrong, unknown)
    try await fixture.serving { dialler in
      let one = await refusal { try await dialler.join(first, as: fixture.unenrolled()) }
      let other = await refusal { try await dialler.join(second, as: fixture.unenrolled()) }
      #expect(one?.message == other?.message)
      #expect(one?.code == other?.code)
    }
  }

  @Test func `a failed attempt with the right token does not spend it before the secret is told`()
    async throws
  {
    let token = try await fixture.token()
    var spoofed = token
    spoofed.secret = JoinToken.newSecret()
    let attempt = spoofed
    try await fixture.serving { dialler in
      _ = await refusal { try await dialler.join(attempt, as: fixture.unenrolled()) }
      _ = await refusal {
        try await dialler.join(token, as: fixture.unenrolled(), requesting: PrivateKey())
      }
      try await dialler.join(token, as: fixture.unenrolled())
    }
  }

  @Test func `a peer without a certificate reaches nothing`() async throws {
    try await fixture.serving { dialler in
      let transport = try HTTP2ClientTransport.Posix(
        target: .ipv4(address: "127.0.0.1", port: dialler.port),
        transportSecurity: .tls { $0.serverCertificateVerification = .noVerification })
      _ = await refusal {
        try await withGRPCClient(transport: transport) { client in
          var options = CallOptions.defaults
          options.waitForReady = false
          options.timeout = .seconds(30)
          _ = try await Rialto_Fleet_V1_Enrollment.Client(wrapping: client).renew(
            Rialto_Fleet_V1_RenewRequest(), options: options)
        }
      }
    }
  }

  @Test func `who has not joined may do nothing but join, and who has may not again`()
    async throws
  {
    let token = try await fixture.token()
    try await fixture.serving { dialler in
      let renewal = await refusal {
        _ = try await dialler.renew(as: fixture.unenrolled(), for: PrivateKey())
      }
      #expect(renewal?.code == .permissionDenied)
      let stream = await refusal {
        try await dialler.connected(fixture.unenrolled()) { line in _ = try await line.next() }
      }
      #expect(stream?.code == .permissionDenied)
      let second = await refusal { try await dialler.join(token, as: fixture.agent()) }
      #expect(second?.code == .failedPrecondition)
      let audited = try await fixture.audited()
      #expect(audited == ["renewal.refused", "stream.refused", "join.refused"])
    }
  }

  @Test func `renewal keeps the name and takes the new key`() async throws {
    try await fixture.serving { dialler in
      let next = PrivateKey()
      let answer = try await dialler.renew(as: fixture.agent("west"), for: next)
      let peer = try await fixture.identity.bundle.verify(
        chain: answer.certificateChain.map { [UInt8]($0) }, now: Date()
      ).get()
      #expect(peer.id == .clusterAgent(organization: "acme", cluster: "west"))
      #expect(peer.publicKeyHash == next.publicKeyHash)
      try await fixture.delete("west")
      let error = await refusal {
        _ = try await dialler.renew(as: fixture.agent("west"), for: next)
      }
      #expect(error?.code == .permissionDenied)
    }
  }

  @Test func `attempts to join are limited for everybody together`() async throws {
    var token = try await fixture.token()
    token.id = "spoofed"
    let attempt = token
    try await fixture.serving { dialler in
      let credentials = try fixture.unenrolled()
      try await dialler.calling(credentials) { client in
        let enrollment = Rialto_Fleet_V1_Enrollment.Client(wrapping: client)
        let request = try Rialto_Fleet_V1_JoinRequest.with {
          $0.tokenID = attempt.id
          $0.secret = Data(attempt.secret)
          $0.certificateRequest = Data(try CertificateRequest.make(for: credentials.key))
        }
        let codes = await withTaskGroup(of: RPCError.Code?.self) { group in
          for _ in 0..<200 {
            group.addTask { await refusal { _ = try await enrollment.join(request) }?.code }
          }
          return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(codes == [.unauthenticated, .resourceExhausted])
      }
    }
  }
}
