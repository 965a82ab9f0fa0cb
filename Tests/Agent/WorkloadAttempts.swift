import AgentStore
import Crypto
import FleetProtos
import Foundation
import GRPCCore
import Identity
import SecureTransport
import SwiftASN1
import SwiftProtobuf
import TestSupport
import Testing
import X509

/// Something that nobody may do at the agent's port.
struct WorkloadAttempt: Sendable, CustomTestStringConvertible {
  let name: String
  /// What the one who tries is told.
  let code: RPCError.Code
  /// Whether the agent counts it. What the transport may refuse before a call has begun, it does not.
  let isCounted: Bool
  let act: @Sendable (SiteStage) async throws -> Void

  var testDescription: String { name }

  init(
    _ name: String, _ code: RPCError.Code, isCounted: Bool = true,
    _ act: @escaping @Sendable (SiteStage) async throws -> Void
  ) {
    self.name = name
    self.code = code
    self.isCounted = isCounted && code != .unimplemented
    self.act = act
  }

  private static func handshake(
    _ name: String, _ forger: @escaping @Sendable (SiteStage) throws -> Forger
  ) -> WorkloadAttempt {
    WorkloadAttempt(name, .unavailable) { stage in
      let forger = try forger(stage)
      try await stage.renew(Credentials(chain: forger.chain(), key: forger.key))
    }
  }

  /// With a certificate that this cluster did not give.
  static let withCertificates: [WorkloadAttempt] =
    Forgery.allCases.map { forgery in
      WorkloadAttempt("the stolen key of another cluster: \(forgery)", .unavailable) { stage in
        let (chain, key) = try forgery.make(
          stolen: Forger.Issuer(stage.west), own: "spiffe://west.acme.mesh/ns/shop/sa/orders",
          other: SiteStage.ordersName)
        try await stage.renew(Credentials(chain: chain, key: key))
      }
    } + [
      .handshake("a workload of another cluster") {
        Forger(authority: $0.west, uris: ["spiffe://west.acme.mesh/ns/shop/sa/orders"])
      },
      .handshake("the same trust domain by another authority") { _ in
        Forger(
          authority: try .cluster(
            trustDomain: "east.acme.mesh", key: PrivateKey(), now: Date()),
          uris: [SiteStage.ordersName])
      },
      .handshake("the certificate of this very agent, as the server gave it") {
        Forger(
          authority: $0.mesh.server.authority,
          uris: ["spiffe://rialto.acme.mesh/cluster/east/agent"])
      },
      .handshake("a certificate that signed itself") { _ in Forger(uris: [SiteStage.ordersName]) },
      .handshake("an expired certificate") {
        Forger(
          issuer: Forger.Issuer($0.east), uris: [SiteStage.ordersName],
          notBefore: Date() - 7200, notAfter: Date() - 3600)
      },
      .handshake("a certificate for servers only") {
        Forger(
          issuer: Forger.Issuer($0.east), uris: [SiteStage.ordersName], usages: [.serverAuth])
      },
      .handshake("a certificate for two workloads of this cluster") {
        Forger(authority: $0.east, uris: [SiteStage.ordersName, SiteStage.webName])
      },
      .handshake("a certificate without a name, by this cluster's authority") {
        Forger(authority: $0.east)
      },
    ]

  /// With the key of this cluster's authority: the handshake cannot tell, the registry can.
  static let withOwnAuthority: [WorkloadAttempt] =
    forged("a key that did not join") { try $0.forged(as: SiteStage.ordersName) }
    + forged("the key of one workload under the name of another") {
      try $0.forged(as: SiteStage.webName, key: $0.orders.key)
    }
    + forged("the name of the agent") {
      try $0.forged(as: "spiffe://east.acme.mesh/rialto/agent")
    }

  private static func forged(
    _ name: String, _ credentials: @escaping @Sendable (SiteStage) throws -> Credentials
  ) -> [WorkloadAttempt] {
    [
      WorkloadAttempt("renewing with \(name)", .permissionDenied) {
        try await $0.renew(try credentials($0))
      },
      WorkloadAttempt("registering with \(name)", .permissionDenied) {
        try await $0.register(
          try credentials($0), .registration(SiteStage.registration($0.orders.nodeID)))
      },
      WorkloadAttempt("discovery with \(name)", .permissionDenied) {
        try await $0.discover(try credentials($0), as: $0.orders.nodeID)
      },
    ]
  }

  /// About joining, renewing and minting.
  static let withTokens: [WorkloadAttempt] = [
    WorkloadAttempt("a spent token", .permissionDenied) { stage in
      let token = try await stage.mesh.mint("orders")
      try await stage.join(token, as: stage.unenrolled())
      try await stage.join(token, as: stage.unenrolled())
    },
    WorkloadAttempt("a token of another cluster", .permissionDenied) { stage in
      let token = JoinToken.Workload(
        id: JoinToken.newID(), secret: JoinToken.newSecret(), cluster: "west",
        trustDomain: "west.acme.mesh", pin: stage.west.publicKeyHash)
      try await stage.join(JoinToken.workload(token).text, as: stage.unenrolled())
    },
    WorkloadAttempt("a guessed secret", .permissionDenied) { stage in
      try await stage.join(try await stage.mesh.mint("orders"), as: stage.unenrolled()) {
        $0.secret = Data(JoinToken.newSecret())
      }
    },
    WorkloadAttempt("a secret that is too short", .invalidArgument) { stage in
      try await stage.join(try await stage.mesh.mint("orders"), as: stage.unenrolled()) {
        $0.secret = Data([1, 2, 3])
      }
    },
    WorkloadAttempt("a request for another key", .permissionDenied) { stage in
      try await stage.join(
        try await stage.mesh.mint("orders"), as: stage.unenrolled(),
        request: CertificateRequest.make(for: PrivateKey()))
    },
    WorkloadAttempt("a P-384 key", .invalidArgument) { stage in
      let key = Certificate.PrivateKey(P384.Signing.PrivateKey())
      let request = try CertificateSigningRequest(
        version: .v1, subject: DistinguishedName(), privateKey: key,
        attributes: CertificateSigningRequest.Attributes(), signatureAlgorithm: .ecdsaWithSHA384)
      try await stage.join(
        try await stage.mesh.mint("orders"), as: stage.unenrolled(),
        request: request.serializeAsPEM().derBytes)
    },
    WorkloadAttempt("a second identity for one key", .permissionDenied) { stage in
      try await stage.join(
        try await stage.mesh.mint("web"), as: stage.unenrolled(stage.orders.key))
    },
    WorkloadAttempt("joining again", .failedPrecondition) { stage in
      try await stage.join(
        try await stage.mesh.mint("web"), as: stage.orders.credentials.current)
    },
    WorkloadAttempt("renewing with another key", .permissionDenied) { stage in
      try await stage.renew(
        stage.orders.credentials.current, request: CertificateRequest.make(for: PrivateKey()))
    },
    WorkloadAttempt("renewing with the key of another workload", .permissionDenied) { stage in
      try await stage.renew(
        stage.orders.credentials.current, request: CertificateRequest.make(for: stage.web.key))
    },
    WorkloadAttempt("renewing before joining", .unauthenticated) { stage in
      try await stage.renew(stage.unenrolled())
    },
    WorkloadAttempt("minting a token over the network", .unimplemented) { stage in
      let request = Rialto_Workload_V1_MintTokenRequest.with {
        $0.namespace = "bank"
        $0.service = "payments"
      }
      try await stage.call(
        "rialto.workload.v1.Administration", "MintToken", try request.serializedBytes(),
        as: stage.orders.credentials.current)
    },
    WorkloadAttempt("the server's own protocol", .unimplemented) { stage in
      try await stage.call(
        "rialto.fleet.v1.Fleet", "Connect", [], as: stage.orders.credentials.current)
    },
  ]

  /// About who one is.
  static let withClaims: [WorkloadAttempt] = [
    WorkloadAttempt("registering as another node", .permissionDenied) { stage in
      let nodeID = stage.web.nodeID
      try await stage.register { $0.nodeID = nodeID }
    },
    WorkloadAttempt("registering as nobody", .permissionDenied) { stage in
      try await stage.register { $0.nodeID = "" }
    },
    WorkloadAttempt("registering as a longer name", .permissionDenied) { stage in
      try await stage.register { $0.nodeID += "\u{301}" }
    },
    WorkloadAttempt("another node in a second registration", .permissionDenied) { stage in
      try await stage.register(
        stage.orders.credentials.current,
        .registration(SiteStage.registration(stage.web.nodeID)))
    },
    WorkloadAttempt("registering before joining", .unauthenticated) { stage in
      try await stage.register(
        stage.unenrolled(), .registration(SiteStage.registration(stage.orders.nodeID)))
    },
    WorkloadAttempt("health of what is not registered", .failedPrecondition) { stage in
      try await stage.register(
        stage.orders.credentials.current, .health(.with { $0.healthy = true }))
    },
    WorkloadAttempt("discovery as another node", .permissionDenied) { stage in
      try await stage.discover(stage.orders.credentials.current, as: stage.web.nodeID)
    },
    WorkloadAttempt("discovery as a node that is not", .permissionDenied) { stage in
      try await stage.discover(stage.orders.credentials.current, as: "payments-1")
    },
    WorkloadAttempt("discovery as nobody", .invalidArgument, isCounted: false) { stage in
      try await stage.discover(stage.orders.credentials.current, as: "")
    },
    WorkloadAttempt("discovery before joining", .unauthenticated) { stage in
      try await stage.discover(stage.unenrolled(), as: stage.orders.nodeID)
    },
    WorkloadAttempt("bytes that are no message", .invalidArgument) { stage in
      try await stage.call(
        "rialto.workload.v1.Registry", "Register", [0xff, 0xff, 0xff],
        as: stage.orders.credentials.current)
    },
    WorkloadAttempt("a message above the limit", .unavailable, isCounted: false) { stage in
      try await stage.call(
        "rialto.workload.v1.Registry", "Register", Array(repeating: 0, count: (16 << 20) + 1),
        as: stage.orders.credentials.current)
    },
  ]

  /// About where one is and what one serves.
  static let withRegistrations: [WorkloadAttempt] =
    ["", "240.240.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::1", "payments", "10.0.0.1\n"]
    .map { address in
      WorkloadAttempt.registration("the address '\(address)'") { $0.address = address }
    } + [
      .registration("port 0") { $0.ports[0].number = 0 },
      .registration("port 70000") { $0.ports[0].number = 70_000 },
      .registration("an application behind port -1") { $0.ports[0].applicationPort = -1 },
      .registration("one port twice") { $0.ports.append($0.ports[0]) },
      .registration("65 ports") { registration in
        registration.ports = (1...65).map { number in
          .with {
            $0.number = Int32(number); $0.name = "p"; $0.protocol = "tcp"
          }
        }
      },
      .registration("a protocol that is none") { $0.ports[0].protocol = "smtp" },
      .registration("a port whose name ends a line") { $0.ports[0].name = "http\n" },
      .registration("a label that ends a line") { $0.labels = ["version": "v1\r\nx: y"] },
      .registration("a label as long as a novel") {
        $0.labels = ["version": String(repeating: "v", count: 64)]
      },
      .registration("65 labels") { registration in
        for number in 0..<65 { registration.labels["l\(number)"] = "x" }
      },
      .registration("an upstream that is no name") {
        $0.upstreams = [
          .with {
            $0.host = "payments bank"
            $0.port = 80
            $0.listenAddress = "127.0.0.1"
            $0.listenPort = 80
          }
        ]
      },
      .registration("an upstream at a file") {
        $0.upstreams = [
          .with {
            $0.host = "payments.bank.mesh"
            $0.port = 80
            $0.listenAddress = "/etc/passwd"
            $0.listenPort = 80
          }
        ]
      },
    ]

  private static func registration(
    _ name: String,
    _ change: @escaping @Sendable (inout Rialto_Workload_V1_Registration) -> Void
  ) -> WorkloadAttempt {
    WorkloadAttempt("registering \(name)", .invalidArgument) { try await $0.register(change) }
  }
}
