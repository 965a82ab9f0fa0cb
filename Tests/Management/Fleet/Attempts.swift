import Crypto
import Fleet
import FleetProtos
import Foundation
import GRPCCore
import Identity
import SecureTransport
import SwiftASN1
import TestSupport
import Testing
import X509

/// Something that nobody may do at the fleet port.
struct Attempt: Sendable, CustomTestStringConvertible {
  let name: String
  /// What the one who tries is told.
  let code: RPCError.Code
  /// The entry of the audit log, and a part of its words.
  let event: String
  let reason: String
  let act: @Sendable (Stage) async throws -> Void

  var testDescription: String { name }

  init(
    _ name: String, _ code: RPCError.Code, _ event: String, _ reason: String,
    _ act: @escaping @Sendable (Stage) async throws -> Void
  ) {
    self.name = name
    self.code = code
    self.event = event
    self.reason = reason
    self.act = act
  }

  /// Refused before there is a call: the one who tries sees the connection end.
  static func handshake(
    _ name: String, _ reason: Refusal.Reason, _ forger: @escaping @Sendable (Stage) throws -> Forger
  ) -> Attempt {
    Attempt(name, .unavailable, "handshake.refused", reason.rawValue) {
      try await $0.knock(try forger($0))
    }
  }

  static func stream(
    _ name: String, _ reason: String, _ act: @escaping @Sendable (Stage) async throws -> Void
  ) -> Attempt {
    Attempt(name, .invalidArgument, "stream.refused", reason, act)
  }

  static func join(
    _ name: String, _ code: RPCError.Code, _ reason: String,
    _ act: @escaping @Sendable (Stage) async throws -> Void
  ) -> Attempt {
    Attempt(name, code, "join.refused", reason, act)
  }

  static func renewal(
    _ name: String, _ code: RPCError.Code, _ reason: String,
    _ act: @escaping @Sendable (Stage) async throws -> Void
  ) -> Attempt {
    Attempt(name, code, "renewal.refused", reason, act)
  }
}

extension Attempt {
  private static func server(_ stage: Stage) -> Forger.Issuer {
    Forger.Issuer(stage.fixture.identity.authority)
  }

  private static func east(_ stage: Stage) -> Forger.Issuer { Forger.Issuer(stage.east) }

  /// With a certificate that is not one of this server's agents'.
  static let withCertificates: [Attempt] =
    Forgery.allCases.map { forgery in
      Attempt(
        "the stolen key of a cluster: \(forgery)", .unavailable, "handshake.refused",
        forgery.names == .otherOnly
          ? Refusal.Reason.untrusted.rawValue : Refusal.Reason.notOneIdentity.rawValue
      ) { stage in
        let (chain, key) = try forgery.make(
          stolen: east(stage), own: "spiffe://east.acme.mesh/rialto/agent",
          other: Stage.westAgent)
        try await stage.knock(Credentials(chain: chain, key: key))
      }
    } + [
      .handshake("an agent of another organization", .unknownTrustDomain) { _ in
        Forger(
          authority: try .server(organization: "other", key: PrivateKey(), now: Date()),
          uris: ["spiffe://rialto.other.mesh/cluster/east/agent"])
      },
      .handshake("the same names by another server's authority", .untrusted) { _ in
        Forger(
          authority: try .server(organization: "acme", key: PrivateKey(), now: Date()),
          uris: [Stage.eastAgent])
      },
      .handshake("an expired certificate", .expired) {
        Forger(
          issuer: server($0), uris: [Stage.eastAgent], notBefore: Date() - 7200,
          notAfter: Date() - 3600)
      },
      .handshake("a certificate of tomorrow", .expired) {
        Forger(
          issuer: server($0), uris: [Stage.eastAgent], notBefore: Date() + 86_400,
          notAfter: Date() + 90_000)
      },
      .handshake("a certificate that signed itself as an agent", .untrusted) { _ in
        Forger(uris: [Stage.westAgent])
      },
      .handshake("a certificate for servers only", .usage) {
        Forger(issuer: server($0), uris: [Stage.eastAgent], usages: [.serverAuth])
      },
      .handshake("a certificate that names no usage", .usage) {
        Forger(issuer: server($0), uris: [Stage.eastAgent], usages: [])
      },
      .handshake("a certificate that could sign others", .usage) {
        Forger(issuer: server($0), uris: [Stage.eastAgent], isAuthority: true)
      },
      .handshake("a certificate for two agents", .notOneIdentity) {
        Forger(issuer: server($0), uris: [Stage.eastAgent, Stage.westAgent])
      },
      .handshake("a certificate signed by an agent's", .untrusted) { stage in
        let agent = try stage.fixture.agent()
        return Forger(
          issuer: Forger.Issuer(certificate: agent.chain[0], key: agent.key),
          uris: [Stage.westAgent])
      },
      .handshake("a workload's certificate", .unknownTrustDomain) {
        Forger(issuer: east($0), uris: ["spiffe://east.acme.mesh/ns/shop/sa/orders"])
      },
      .handshake("the certificate of the agent's own port", .unknownTrustDomain) {
        Forger(issuer: east($0), uris: ["spiffe://east.acme.mesh/rialto/agent"])
      },
      .handshake("another spelling of an agent's name", .notAnIdentity) {
        Forger(issuer: server($0), uris: ["spiffe://RIALTO.acme.mesh/cluster/east/agent"])
      },
      Attempt(
        "the server's own certificate", .permissionDenied, "stream.refused",
        "agents that have joined"
      ) { stage in
        let credentials = stage.fixture.credentials.current
        try await stage.dialler.connected(credentials) { line in _ = try await line.next() }
      },
      Attempt(
        "a stream before joining", .permissionDenied, "stream.refused", "agents that have joined"
      ) { stage in
        try await stage.dialler.connected(stage.fixture.unenrolled()) { line in
          _ = try await line.next()
        }
      },
    ]

  /// With a token, or a request for a certificate.
  static let withTokens: [Attempt] = [
    .join("a spent token", .unauthenticated, "has been used") { stage in
      let token = try await stage.fixture.token()
      try await stage.join(token)
      try await stage.join(token)
    },
    .join("an expired token", .unauthenticated, "has expired") { stage in
      try await stage.join(try await stage.fixture.token(lifetime: .seconds(-1)))
    },
    .join("a token for one cluster at another", .permissionDenied, "another cluster") { stage in
      var token = try await stage.fixture.token()
      token.cluster = "west"
      try await stage.join(token)
    },
    .join("a token of another server", .unauthenticated, "not known") { stage in
      var token = try await stage.fixture.token()
      token.id = JoinToken.newID()
      try await stage.join(token)
    },
    .join("a token with a guessed secret", .unauthenticated, "secret is not") { stage in
      var token = try await stage.fixture.token()
      token.secret = JoinToken.newSecret()
      try await stage.join(token)
    },
    .join("a secret that is too short", .invalidArgument, "malformed") { stage in
      var token = try await stage.fixture.token()
      token.secret.removeLast()
      try await stage.join(token)
    },
    .join("a request for another key", .invalidArgument, "another key") { stage in
      try await stage.join(
        try await stage.fixture.token(), request: try CertificateRequest.make(for: PrivateKey()))
    },
    .join("a P-384 key", .invalidArgument, "not P-256") { stage in
      try await stage.join(
        try await stage.fixture.token(),
        request: try request(
          for: Certificate.PrivateKey(P384.Signing.PrivateKey()), .ecdsaWithSHA384))
    },
    .join("an Ed25519 key", .invalidArgument, "not P-256") { stage in
      try await stage.join(
        try await stage.fixture.token(),
        request: try request(for: Certificate.PrivateKey(Curve25519.Signing.PrivateKey()), .ed25519)
      )
    },
    .join("a request that is none", .invalidArgument, "cannot be read") { stage in
      try await stage.join(try await stage.fixture.token(), request: [0x30, 0x03, 1, 2, 3])
    },
    .join("a request that is too long", .invalidArgument, "longer than") { stage in
      try await stage.join(
        try await stage.fixture.token(), request: Array(repeating: 0x30, count: 5000))
    },
    .join("joining again as an agent", .failedPrecondition, "no certificate") { stage in
      try await stage.join(
        try await stage.fixture.token(for: "west"), as: try stage.fixture.agent())
    },
    .renewal("a renewal before joining", .permissionDenied, "no agent") { stage in
      try await stage.knock(stage.fixture.unenrolled())
    },
    .renewal("a renewal by the server's certificate", .permissionDenied, "no agent") { stage in
      try await stage.knock(stage.fixture.credentials.current)
    },
    .renewal("a renewal as a cluster that is not", .permissionDenied, "does not exist") { stage in
      try await stage.knock(stage.fixture.agent("north"))
    },
  ]

  private static func request(
    for key: Certificate.PrivateKey, _ algorithm: Certificate.SignatureAlgorithm
  ) throws -> [UInt8] {
    let request = try CertificateSigningRequest(
      version: .v1, subject: DistinguishedName(), privateKey: key,
      attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: algorithm)
    return try request.serializeAsPEM().derBytes
  }
}
