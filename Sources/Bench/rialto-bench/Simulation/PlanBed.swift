import Documents
import ManagementClient
import Model

/// A server with two sites, whose agents are simulated and say that they have services and proxies.
struct PlanBed: Sendable {
  /// How it is laid out. Every workspace has a namespace of its own, and every service a route.
  struct Layout: Sendable {
    var services: Int
    var proxies: Int
    var workspaces: Int

    static let clusters = ["plan-a", "plan-b"]

    func namespace(_ index: Int) -> String { "team-\(index % workspaces)" }

    /// One after the other in each cluster.
    func services(of cluster: Int) -> [SimulatedAgent.Service] {
      (0..<services).filter { $0 / workspaces % 2 == cluster }.map {
        SimulatedAgent.Service(namespace: namespace($0), name: "svc-\($0)")
      }
    }

    func sidecars(of cluster: Int) -> [SimulatedAgent.Sidecar] {
      (0..<proxies).filter { $0 / workspaces % 2 == cluster }.map {
        SimulatedAgent.Sidecar(
          nodeID: "node-\($0)", namespace: namespace($0), service: "svc-\($0 % services)")
      }
    }

    /// How many proxies call the services of one workspace.
    func concerned(_ workspace: Int) -> Int {
      (0..<proxies).count { $0 % workspaces == workspace }
    }

    var manifests: [Document] {
      Self.clusters.map { Testbed.cluster($0, network: "lan") }
        + Testbed.workspace("bench", owning: Testbed.namespace)
        + (0..<workspaces).flatMap { Testbed.workspace("team-\($0)", owning: "team-\($0)") }
        + (0..<2).flatMap(services).map { ScaleBed.route(of: $0, variant: 0) }
    }
  }

  /// The service whose route is changed.
  static let changed = SimulatedAgent.Service(namespace: "team-0", name: "svc-0")

  let testbed: Testbed
  let layout: Layout
  let agents: [SimulatedAgent]

  static func with<Result: Sendable>(
    _ options: BenchOptions, _ layout: Layout,
    _ body: @escaping @Sendable (PlanBed) async throws -> Result
  ) async throws -> Result {
    try await Testbed.with(options, [], manifests: [Testbed.tenant]) { testbed in
      try await testbed.apply(layout.manifests)
      var agents: [SimulatedAgent] = []
      for (index, cluster) in Layout.clusters.enumerated() {
        agents.append(
          try await testbed.simulatedAgent(
            cluster, services: layout.services(of: index), gatewayAddress: "127.3.0.\(index + 1)",
            sidecars: layout.sidecars(of: index)))
      }
      let bed = PlanBed(testbed: testbed, layout: layout, agents: agents)
      return try await beside(agents.map { agent in { await agent.runPatiently() } }) {
        try await wait(for: "everything at both agents", .seconds(600)) {
          bed.agents.allSatisfy { $0.current.items.count >= layout.services }
        }
        try await bed.rest()
        return try await body(bed)
      }
    }
  }

  func rest() async throws {
    try await ProcessTable.rest(of: testbed.children.all["server"] ?? 0)
  }

  var processor: Duration {
    ProcessTable.processorTime(of: testbed.children.all["server"] ?? 0) ?? .zero
  }

  /// One list with a changed route of one service.
  func change(_ variant: Int) -> [UInt8] {
    ScaleBed.route(of: Self.changed, variant: variant).canonicalJSON
  }
}
