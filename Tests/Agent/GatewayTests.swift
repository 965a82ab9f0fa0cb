import ClusterAgent
import EnvoyConfig
import FleetProtos
import GRPCCore
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct GatewayTests {
  private func gateway(
    _ nodeID: String, healthy: Bool = true, role: ProxyRole = .eastWest
  ) -> Registration {
    RegistrationTests.registration(nodeID, service: "gateway", healthy: healthy, role: role)
  }

  @Test func `gateways of all roles are told, sidecars are not`() {
    var registrations = Registrations()
    let roles: [ProxyRole] = [.sidecar, .ingress, .eastWest, .egress, .edge]
    for (number, role) in roles.enumerated() {
      _ = registrations.register(gateway("g\(number)", role: role), lease: number, lastChange: 0)
    }
    #expect(
      registrations.gateways.map(\.registration.identity.role)
        == [.ingress, .eastWest, .egress, .edge])
    #expect(registrations.gateways.allSatisfy { $0.healthy })
    _ = registrations.remove("g2", lease: 2)
    #expect(registrations.gateways.count == 3)
  }

  @Test func `a gateway whose stream ends is unhealthy at once and gone after the grace time`() {
    var registrations = Registrations()
    _ = registrations.register(gateway("g"), lease: 1, lastChange: 0)
    registrations.lost("g", lease: 1, at: 10)
    #expect(registrations.gateways.map(\.healthy) == [false])
    _ = registrations.register(gateway("g"), lease: 2, lastChange: 0)
    #expect(registrations.gateways.map(\.healthy) == [true])
    registrations.lost("g", lease: 2, at: 20)
    _ = registrations.expire(at: 20 + Registrations.grace)
    #expect(registrations.gateways.isEmpty)
  }

  @Test func `after a start a gateway is as it last said until its lease ends`() {
    var registrations = Registrations()
    registrations.restore(gateway("g"), lastChange: 0, at: 0)
    registrations.restore(gateway("h", healthy: false), lastChange: 0, at: 0)
    #expect(registrations.gateways.map(\.healthy) == [true, false])
    _ = registrations.expire(at: Registrations.startGrace)
    #expect(registrations.gateways.isEmpty)
  }

  @Test func `no more gateways are told than the server takes, the well ones first`() {
    var registrations = Registrations()
    for number in 100..<180 {
      _ = registrations.register(
        gateway("g\(number)", healthy: number >= 110), lease: number, lastChange: 0)
    }
    let told = registrations.gateways
    #expect(told.count == Registrations.gatewayLimit)
    #expect(told.allSatisfy { $0.healthy })
  }

  @Test func `workloads are counted by the labels they carry`() throws {
    var registrations = Registrations()
    for number in 0..<6 {
      let version = number < 4 ? "v1" : "v2"
      _ = registrations.register(
        RegistrationTests.registration(
          "n\(number)", address: "10.0.0.\(number + 1)", labels: ["version": version],
          healthy: number != 0),
        lease: number, lastChange: 0)
    }
    let summary = try #require(
      registrations.summary(of: ServiceKey(namespace: "shop", name: "orders")))
    #expect(summary.variants.map { $0.labels["version"] } == ["v1", "v2"])
    #expect(summary.variants.map(\.healthyWorkloads) == [3, 2])
  }

  @Test func `at most so many sets of labels are told`() throws {
    var registrations = Registrations()
    for number in 0..<100 {
      _ = registrations.register(
        RegistrationTests.registration("n\(number)", labels: ["pod": "p\(number)"]),
        lease: number, lastChange: 0)
    }
    let summary = try #require(
      registrations.summary(of: ServiceKey(namespace: "shop", name: "orders")))
    #expect(summary.variants.count == ServiceSummary.variantLimit)
    #expect(summary.workloads == 100)
  }

  @Test func `the server hears where a gateway is reached, and when it is lost`() async throws {
    try await withMesh { mesh in
      let proxy = try await mesh.joinedProxy("gateway", role: "east-west")
      try await beside({
        try await proxy.registered(
          port: mesh.port, advertising: "192.0.2.7", at: 31_443
        ) { try await Task.sleep(for: .seconds(3600)) }
      }) {
        try await waitUntil { mesh.server.gateways.first?.healthy == true }
        let gateway = try #require(mesh.server.gateways.first)
        #expect(gateway.nodeID == proxy.nodeID)
        #expect(gateway.role == "east-west")
        #expect((gateway.namespace, gateway.serviceAccount) == ("shop", "gateway"))
        #expect((gateway.address, gateway.port) == ("192.0.2.7", 31_443))
      }
      try await waitUntil { mesh.server.gateways.map(\.healthy) == [false] }
      try await proxy.registered(port: mesh.port, address: "10.0.0.9") {
        try await waitUntil { mesh.server.gateways.map(\.healthy) == [true] }
        #expect(mesh.server.gateways.map(\.address) == ["10.0.0.9"])
        #expect(mesh.server.gateways.map(\.port) == [15_443])
      }
      try await waitUntil { mesh.server.gateways.isEmpty }
      #expect(mesh.server.services.isEmpty)
    }
  }

  @Test(arguments: [("0.0.0.0", 0), ("240.240.0.1", 0), ("here", 0), ("192.0.2.1", 70_000)])
  func `a gateway that cannot be reached where it says is refused`(
    address: String, port: Int32
  ) async throws {
    try await withMesh { mesh in
      let proxy = try await mesh.joinedProxy("gateway", role: "edge")
      let error = await #expect(throws: RPCError.self) {
        try await proxy.registered(port: mesh.port, advertising: address, at: port) {}
      }
      #expect(error?.code == .invalidArgument)
    }
  }
}

extension FakeServer {
  /// As they were told last.
  var gateways: [Rialto_Fleet_V1_GatewayInstance] {
    received.reduce(into: []) { all, message in
      guard case .inventory(let delta)? = message.message else { return }
      if delta.full || delta.hasGateways { all = delta.gateways.items }
    }
  }
}
