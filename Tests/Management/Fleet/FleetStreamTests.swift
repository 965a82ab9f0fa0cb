import BlueprintCoding
import Blueprints
import Documents
import Fleet
import FleetProtos
import Foundation
import GRPCCore
import Identity
import Model
import Publication
import Storage
import Streams
import SwiftProtobuf
import TestSupport
import Testing
import SwiftASN1
import X509

@Suite(.timeLimit(.minutes(3)))
struct FleetStreamTests {
  private let fixture: FleetFixture

  init() async throws { fixture = try await FleetFixture() }

  private func publish(_ names: String..., content: String = "1", revision: Int64 = 1) {
    fixture.publication.publish(
      cluster: "east", revision: revision, upserts: names.map { encoded($0, content) },
      removals: [])
  }

  private func encoded(_ name: String, _ content: String) -> EncodedItem {
    let bytes = Array(content.utf8)
    return EncodedItem(
      key: .service(namespace: "shop", name: name), hash: StableHash(bytes), bytes: bytes,
      sources: [Source(fqn: "organizations/acme", revision: 1)])
  }

  private func agent(_ cluster: String = "east") -> AgentState? {
    fixture.publication.agents().first { $0.cluster == cluster }
  }

  @Test func `an agent gets everything, then only what changes`() async throws {
    publish("orders", "web")
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        let welcome = try await line.welcome()
        #expect(welcome?.epoch == fixture.store.epoch)
        #expect(welcome?.organization == "acme")
        let (first, _) = try #require(try await line.delta())
        #expect(first.full)
        #expect(first.upserts.map(\.key) == ["service/shop/orders", "service/shop/web"])
        #expect(first.upserts.map(\.kind) == ["service", "service"])
        #expect(first.upserts[0].sources.map(\.fqn) == ["organizations/acme"])
        line.acknowledge(first)
        try await waitUntil { agent()?.acknowledgedGeneration == first.generation }
        #expect(agent()?.connected == true)

        publish("web", content: "2", revision: 2)
        let (second, _) = try #require(try await line.delta())
        #expect(!second.full)
        #expect(second.upserts.map(\.key) == ["service/shop/web"])
        #expect(second.revision == 2)
        #expect(second.digest == fixture.publication.feed(of: "east").digest.value)
      }
      try await waitUntil { agent()?.connected == false }
    }
  }

  @Test func `what changes while a delta is on its way is folded into the next`() async throws {
    publish("orders")
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        let (first, _) = try #require(try await line.delta())
        publish("a", revision: 2)
        publish("b", revision: 3)
        publish("a", content: "2", revision: 4)
        line.acknowledge(first)
        let (second, _) = try #require(try await line.delta())
        #expect(second.upserts.map(\.key) == ["service/shop/a", "service/shop/b"])
        #expect(second.generation == first.generation + 3)
        #expect(second.revision == 4)
      }
    }
  }

  @Test func `an agent that comes back with everything is sent nothing`() async throws {
    publish("orders")
    let feed = fixture.publication.feed(of: "east")
    let (generation, digest) = (feed.generation.current, feed.digest.value)
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet(epoch: fixture.store.epoch, generation: generation, digest: digest)
        _ = try await line.welcome()
        try await waitUntil { agent()?.acknowledgedGeneration == generation }
        publish("web", revision: 2)
        let (delta, _) = try #require(try await line.delta())
        #expect(delta.upserts.map(\.key) == ["service/shop/web"])
      }
      // From another life of the database the same content needs a number only.
      try await dialler.connected(fixture.agent()) { line in
        try line.greet(epoch: "another", generation: 900, digest: feed.digest.value)
        _ = try await line.welcome()
        let (delta, _) = try #require(try await line.delta())
        #expect(!delta.full && delta.upserts.isEmpty && delta.removals.isEmpty)
        #expect(delta.generation < 900)
      }
      #expect(fixture.fleet.fullDeltaCount == 0)
      // What it has leads to nothing that the server knows.
      try await dialler.connected(fixture.agent()) { line in
        try line.greet(epoch: fixture.store.epoch, generation: 1, digest: 77)
        _ = try await line.welcome()
        let (delta, _) = try #require(try await line.delta())
        #expect(delta.full)
        #expect(fixture.fleet.fullDeltaCount == 1)
      }
    }
  }

  @Test func `a large delta travels in parts below one mebibyte`() async throws {
    let content = String(repeating: "x", count: 100_000)
    fixture.publication.publish(
      cluster: "east", revision: 1, upserts: (0..<30).map { encoded("s\($0)", content) },
      removals: [])
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        var sizes: [Int] = []
        var keys: Set<String> = []
        var isLast = false
        while !isLast, let message = try await line.next() {
          sizes.append(try message.serializedData().count)
          keys.formUnion(message.delta.upserts.map(\.key))
          isLast = message.delta.last
        }
        #expect(sizes.count > 3)
        #expect(sizes.allSatisfy { $0 < 1 << 20 })
        #expect(keys.count == 30)
      }
    }
  }

  @Test func `inventory lands in the store, for the agent's own cluster`() async throws {
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent("west")) { line in
        try line.greet("west")
        _ = try await line.welcome()
        line.send(
          .inventory(
            .with {
              $0.full = true
              $0.upserts = [
                .with {
                  $0.key = .with {
                    $0.namespace = "shop"
                    $0.name = "orders"
                  }
                  $0.ports = [
                    .with {
                      $0.number = 8080
                      $0.name = "http"
                      $0.protocol = "http"
                    }
                  ]
                  $0.serviceAccounts = ["orders"]
                  $0.workloads = 2
                }
              ]
            }))
        let name = ServiceName(namespace: "shop", name: "orders")
        try await waitUntil {
          let batch = try await fixture.store.batch(after: Store.Position())
          return batch.services["west"]?[name]??.workloads == 2 && batch.services["east"] == nil
        }
        let batch = try await fixture.store.batch(after: Store.Position())
        #expect(batch.authorities["west"]?.count == 1)
      }
    }
  }

  @Test func `the server's questions are answered over the stream`() async throws {
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        async let token = fixture.publication.mintToken(
          cluster: "east",
          WorkloadTokenRequest(
            namespace: "shop", service: "orders", serviceAccount: "orders", role: "sidecar"))
        let request = try #require(try await line.next()).token
        let minted = JoinToken.workload(
          JoinToken.Workload(
            id: JoinToken.newID(), secret: JoinToken.newSecret(), cluster: "east",
            trustDomain: "east.acme.mesh", pin: sha256([]))
        ).text
        #expect(request.service == "orders")
        line.send(
          .tokenAnswer(
            .with {
              $0.id = request.id
              $0.token = minted
            }))
        #expect(try await token.text == minted)
      }
    }
  }

  enum Bad: CaseIterable, Sendable {
    case otherCluster, unboundAuthority, foreignAuthority, noAuthority, oldSchema, noGreeting
    case partialInventory, badName, badPort
    case gatewayWithoutAddress, gatewayOfUnknownRole, gatewayTwice, tooManyGateways, tooManyVariants
  }

  @Test(arguments: Bad.allCases)
  func `an agent that breaks the rules is refused and audited`(bad: Bad) async throws {
    let key = PrivateKey()
    let unbound = try unboundAuthority(key)
    try await fixture.serving { dialler in
      let error = await #expect(throws: RPCError.self) {
        try await dialler.connected(fixture.agent()) { line in
          switch bad {
          case .otherCluster: try line.greet("west")
          case .unboundAuthority: try line.greet(authorities: [unbound])
          case .foreignAuthority:
            let foreign = try CertificateAuthority.cluster(
              trustDomain: "west.acme.mesh", key: key, now: Date())
            try line.greet(authorities: [foreign.certificate])
          case .noAuthority: try line.greet(authorities: [])
          case .oldSchema: try line.greet(schema: ItemCoding.schema - 1)
          case .noGreeting: line.send(.inventory(.with { $0.full = true }))
          case .gatewayWithoutAddress, .gatewayOfUnknownRole, .gatewayTwice, .tooManyGateways,
            .tooManyVariants:
            try line.greet()
            line.send(.inventory(inventory(bad)))
          case .partialInventory:
            try line.greet()
            line.send(.inventory(.with { $0.full = false }))
          case .badName, .badPort:
            try line.greet()
            line.send(
              .inventory(
                .with {
                  $0.full = true
                  $0.upserts = [
                    .with {
                      $0.key = .with {
                        $0.namespace = "shop"
                        $0.name = bad == .badName ? "a/b" : "a"
                      }
                      $0.ports = bad == .badPort ? [.with { $0.number = 70_000 }] : []
                    }
                  ]
                }))
          }
          while try await line.next() != nil {}
        }
      }
      #expect(error?.code == .invalidArgument)
      #expect(try await fixture.audited() == ["stream.refused"])
      if bad == .otherCluster {
        #expect(agent("west")?.connected != true)
      }
      let batch = try await fixture.store.batch(after: Store.Position())
      #expect(batch.services.isEmpty)
    }
  }

  private func gateway(_ nodeID: String) -> Rialto_Fleet_V1_GatewayInstance {
    .with {
      $0.nodeID = nodeID
      $0.role = "east-west"
      $0.namespace = "mesh"
      $0.serviceAccount = "gateway"
      $0.address = "192.0.2.1"
      $0.port = 15_443
      $0.healthy = true
    }
  }

  private func inventory(_ bad: Bad) -> Rialto_Fleet_V1_InventoryDelta {
    .with { delta in
      delta.full = true
      var gateways = [gateway("a")]
      switch bad {
      case .gatewayWithoutAddress: gateways[0].address = "240.240.0.1"
      case .gatewayOfUnknownRole: gateways[0].role = "sidecar"
      case .gatewayTwice: gateways.append(gateways[0])
      case .tooManyGateways: gateways = (0..<65).map { gateway("g\($0)") }
      default:
        delta.upserts = [
          .with {
            $0.key.namespace = "shop"
            $0.key.name = "orders"
            $0.variants = (0..<65).map { number in .with { $0.labels = ["pod": "p\(number)"] } }
          }
        ]
      }
      delta.gateways.items = gateways
    }
  }

  @Test func `gateways and variants land in the store`() async throws {
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        line.send(
          .inventory(
            .with {
              $0.full = true
              $0.gateways.items = [gateway("b"), gateway("a")]
              $0.upserts = [
                .with {
                  $0.key.namespace = "shop"
                  $0.key.name = "orders"
                  $0.variants = [
                    .with {
                      $0.labels = ["version": "v2"]
                      $0.healthyWorkloads = 3
                    }
                  ]
                }
              ]
            }))
        try await waitUntil {
          try await gateways("east") == ["a", "b"]
        }
        let batch = try await fixture.store.batch(after: Store.Position())
        let orders = ServiceName(namespace: "shop", name: "orders")
        #expect(
          batch.services["east"]?[orders]??.variants
            == [ObservedVariant(labels: ["version": "v2"], healthyWorkloads: 3)])
        #expect(batch.gateways["east"]?.first?.address == "192.0.2.1")
        #expect(batch.gateways["west"] == nil)
        line.send(.inventory(.with { $0.gateways.items = [gateway("b")] }))
        try await waitUntil { try await gateways("east") == ["b"] }
      }
      // A full report without gateways says that there are none.
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        line.send(.inventory(.with { $0.full = true }))
        try await waitUntil { try await gateways("east") == nil }
      }
    }
  }

  /// Their node ids.
  private func gateways(_ cluster: String) async throws -> [String]? {
    try await fixture.store.batch(after: Store.Position()).gateways[cluster]?.map(\.nodeID)
  }

  private func unboundAuthority(_ key: PrivateKey) throws -> [UInt8] {
    let signer = try Certificate.PrivateKey(pemEncoded: key.pem)
    let subject = try DistinguishedName { CommonName("unbound") }
    let certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: signer.publicKey,
      notValidBefore: Date() - 60, notValidAfter: Date() + 3600, issuer: subject,
      subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try Certificate.Extensions {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true))
      }, issuerPrivateKey: signer)
    return try certificate.serializeAsPEM().derBytes
  }

  @Test func `a clone is refused while the first stream lives, and audited once`() async throws {
    publish("orders")
    try await fixture.serving { dialler in
      let clone = try fixture.agent()
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        for _ in 0..<3 {
          let error = await #expect(throws: RPCError.self) {
            try await dialler.connected(clone) { line in
              try line.greet()
              _ = try await line.next()
            }
          }
          #expect(error?.code == .alreadyExists)
        }
        // The first one does not notice.
        #expect(try await line.delta() != nil)
      }
      #expect(try await fixture.audited() == ["agent.duplicate"])
      try await waitUntil { agent()?.connected == false }
      try await dialler.connected(clone) { line in
        try line.greet()
        #expect(try await line.welcome() != nil)
      }
    }
  }

  @Test func `the stream of a deleted cluster ends`() async throws {
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        try await fixture.delete("east")
        #expect(try await line.next() == nil)
      }
    }
  }

  @Test func `shutting down ends open streams cleanly`() async throws {
    try await fixture.serving { dialler in
      try await dialler.connected(fixture.agent()) { line in
        try line.greet()
        _ = try await line.welcome()
        dialler.shutDown()
        #expect(try await line.next() == nil)
      }
    }
  }
}
