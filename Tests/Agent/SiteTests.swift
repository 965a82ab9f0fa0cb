import Blueprints
import ClusterAgent
import FleetProtos
import Foundation
import TestSupport
import Testing

/// The whole agent over real connections: only the server and Envoy are played.
@Suite(.timeLimit(.minutes(3))) struct SiteTests {
  @Test func `a delta reaches a proxy, and its acknowledgement the server`() async throws {
    try await withMesh { mesh in
      let first = try mesh.server.publish(
        [Plans.site, Plans.namespace("shop"), Plans.service("orders", 7)])
      let proxy = try await mesh.joinedProxy("orders")
      try await proxy.registered(port: mesh.port) {
        try await beside({ try await proxy.follow(port: mesh.port) }) {
          try await waitUntil { proxy.holds("orders.shop.mesh") }
          let second = try mesh.server.publish([Plans.service("catalog", 8)], revision: 12)
          try await waitUntil { proxy.holds("catalog.shop.mesh") }
          try await waitUntil { (mesh.server.propagation(second)?.acknowledged ?? 0) == 1 }
          let report = try #require(mesh.server.propagation(second))
          #expect(report.told == 1)
          #expect(report.rejected == 0)
          #expect(report.storedUs > 0 && report.translatedUs > 0)
          #expect(report.toldUs <= report.acknowledgedUs)
          #expect(first < second)
          try await waitUntil {
            mesh.server.proxies[proxy.nodeID]?.acknowledgedGeneration == second
          }
          #expect(mesh.server.proxies[proxy.nodeID]?.connected == true)
        }
      }
    }
  }

  @Test func `the server learns of services and proxies, and of their end`() async throws {
    try await withMesh { mesh in
      let proxy = try await mesh.joinedProxy("orders")
      try await proxy.registered(port: mesh.port) {
        try await waitUntil { mesh.server.services["orders"]?.healthyWorkloads == 1 }
        #expect(mesh.server.services["orders"]?.serviceAccounts == ["orders"])
        #expect(mesh.server.services["orders"]?.ports.map(\.number) == [8080])
      }
      try await waitUntil { mesh.server.services["orders"] == nil }
    }
  }

  @Test func `an unchanged proxy that comes back gets nothing, also from a new agent`() async throws
  {
    let server = try FakeServer()
    let folder = try TemporaryFolder()
    try await server.serving { port in
      let first = try server.publish(
        [Plans.site, Plans.namespace("shop"), Plans.service("orders", 7)])
      let proxy = try await withAgent(of: server, at: port, in: folder) { mesh in
        let proxy = try await mesh.joinedProxy("orders")
        try await beside({ try await proxy.registered(port: mesh.port) { try await idle() } }) {
          try await beside({ try await proxy.follow(port: mesh.port) }) {
            try await waitUntil { proxy.holds("240.240.0.7") && proxy.holds("10.0.0.1") }
            try await waitUntil {
              server.proxies[proxy.nodeID]?.acknowledgedGeneration == first
            }
          }
        }
        return proxy
      }
      let before = proxy.resources
      try await withAgent(of: server, at: port, in: folder) { mesh in
        try await waitUntil { server.hellos.count >= 2 }
        #expect(server.hellos.last?.generation == 1)
        try await beside({ try await proxy.follow(port: mesh.port) }) {
          // Answers come in order: after this one, nothing of before can follow.
          try server.publish([Plans.service("later", 9)])
          try await waitUntil { proxy.holds("240.240.0.9") }
        }
        #expect(proxy.holds("240.240.0.7"))
        #expect(proxy.resources > before)
        #expect(proxy.repeats == [])
      }
    }
  }

  @Test func `a service that only the agent knows can be called`() async throws {
    try await withMesh { mesh in
      let orders = try await mesh.joinedProxy("orders")
      let web = try await mesh.joinedProxy("web")
      try await orders.registered(port: mesh.port, address: "10.0.0.1") {
        try await web.registered(port: mesh.port, address: "10.0.0.2") {
          try await beside({ try await web.follow(port: mesh.port) }) {
            try await waitUntil {
              web.holds("orders.shop.mesh") && web.holds("10.0.0.1") && web.holds("240.240.2")
            }
            // The server's own plan takes its place.
            try mesh.server.publish([Plans.namespace("shop"), Plans.service("orders", 7)])
            try await waitUntil { web.holds("240.240.0.7") }
          }
        }
      }
    }
  }

  @Test func `a refused item is reported with Envoy's words and holds nothing else up`()
    async throws
  {
    try await withMesh { mesh in
      try mesh.server.publish([Plans.site, Plans.namespace("shop"), Plans.service("orders", 7)])
      let proxy = try await mesh.joinedProxy("orders")
      try await proxy.registered(port: mesh.port) {
        try await beside({ try await proxy.follow(port: mesh.port) }) {
          try await waitUntil { proxy.holds("240.240.0.7") }
          try mesh.server.publish([Plans.service("forbidden", 8), Plans.service("catalog", 9)])
          try await waitUntil { proxy.holds("240.240.0.9") }
          try await waitUntil {
            mesh.server.rejections.keys.sorted() == ["service/shop/forbidden"]
          }
          let rejection = try #require(mesh.server.rejections["service/shop/forbidden"])
          #expect(rejection.reason == "no such word")
          #expect(rejection.nodeIds == [proxy.nodeID])

          try mesh.server.publish([Plans.service("later", 10)])
          try await waitUntil { proxy.holds("240.240.0.10") }
          try mesh.server.publish(removals: [.service(namespace: "shop", name: "forbidden")])
          try await waitUntil { mesh.server.rejections.isEmpty }
        }
      }
    }
  }

  @Test func `what holds for one service reaches its workloads alone, and goes again`() async throws
  {
    try await withMesh { mesh in
      try mesh.server.publish(
        [Plans.site, Plans.namespace("shop"), Plans.service("orders", 7), Plans.service("web", 8)])
      let orders = try await mesh.joinedProxy("orders")
      let web = try await mesh.joinedProxy("web")
      try await orders.registered(port: mesh.port, address: "10.0.0.1") {
        try await web.registered(port: mesh.port, address: "10.0.0.2") {
          try await beside({ try await orders.follow(port: mesh.port) }) {
            try await beside({ try await web.follow(port: mesh.port) }) {
              try await waitUntil { orders.holds("240.240.0.8") && web.holds("240.240.0.8") }
              let came = try mesh.server.publish([Plans.admission(to: "orders", "only-for-orders")])
              try await waitUntil { orders.holds("only-for-orders") }
              try await waitUntil { mesh.server.propagation(came)?.acknowledged == 1 }
              #expect(mesh.server.propagation(came)?.told == 1)
              #expect(!web.holds("only-for-orders"))

              // One that joins now finds it in place.
              let second = try await mesh.joinedProxy("orders")
              try await second.registered(port: mesh.port, address: "10.0.0.3") {
                try await beside({ try await second.follow(port: mesh.port) }) {
                  try await waitUntil { second.holds("only-for-orders") }
                }
              }

              let went = try mesh.server.publish(
                removals: [.workloads(namespace: "shop", service: "orders")])
              try await waitUntil { !orders.holds("only-for-orders") }
              try await waitUntil { mesh.server.propagation(went)?.acknowledged == 1 }
              #expect(orders.repeats == [] && web.repeats == [])
            }
          }
        }
      }
    }
  }

  private func idle() async throws {
    try await Task.sleep(for: .seconds(3600))
  }
}

extension FakeServer {
  var proxies: [String: Rialto_Fleet_V1_ProxyStatus] {
    received.reduce(into: [:]) { all, message in
      guard case .proxies(let delta)? = message.message else { return }
      for proxy in delta.upserts { all[proxy.nodeID] = proxy }
    }
  }

  var services: [String: Rialto_Fleet_V1_Service] {
    received.reduce(into: [:]) { all, message in
      guard case .inventory(let delta)? = message.message else { return }
      if delta.full { all = [:] }
      for key in delta.removals { all[key.name] = nil }
      for service in delta.upserts { all[service.key.name] = service }
    }
  }
}
