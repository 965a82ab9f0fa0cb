import Access
import Blueprints
import Compiler
import Documents
import Logging
import Manifests
import Model
import Operations
import Planner
import Publication
import Reconciler
import Storage
import Streams
import Testing

@Suite struct `A plan` {
  private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private static let route = """
    apiVersion: traffic.rialto.mesh/v2
    kind: ServiceRoute
    metadata: {name: orders, organization: acme, tenant: t, workspace: w, group: g}
    spec:
      service: shop/orders
      subsets:
      - {name: v1, labels: {version: v1}, weight: 40}
      - {name: v2, labels: {version: v2}, weight: 60}
    """

  private static func proxy(
    _ nodeID: String, _ service: String, in namespace: String = "shop"
  ) -> ProxyState {
    ProxyState(
      nodeID: nodeID, role: "sidecar", namespace: namespace, service: service,
      serviceAccount: service, labels: [:], version: "1", envoyVersion: "1", connected: true,
      healthy: true, acknowledgedGeneration: 1, toldGeneration: 1, lastChange: 0, platform: "vm",
      hostName: "h")
  }

  /// A mesh of one cluster with two services, compiled, and its use cases.
  private func compiled(
    _ body: @escaping @Sendable (ManagementFixture, Operations) async throws -> Void
  ) async throws {
    let fixture = try ManagementFixture()
    let reconciler = Reconciler(
      store: fixture.store, publication: fixture.publication, logger: Self.quiet)
    let operations = Operations(
      store: fixture.store, publication: fixture.publication,
      joining: JoinInstructions(serverURL: "https://mesh.example:9443") { $0.id },
      explanations: Explanations(
        path: { reconciler.path(from: $0, to: $1) },
        reach: { reconciler.reach(service: $0, from: $1, cluster: $2) }),
      planner: Planning { await reconciler.compiler(knowing: $0) }, logger: Self.quiet)
    try await fixture.apply(ManagementFixture.tree)
    let service = ObservedService(
      ports: [ObservedPort(number: 8080, name: "http", protocolName: "http")],
      serviceAccounts: ["orders"], workloads: 2, healthyWorkloads: 2,
      variants: [
        ObservedVariant(labels: ["version": "v1"], healthyWorkloads: 1),
        ObservedVariant(labels: ["version": "v2"], healthyWorkloads: 1),
      ])
    try await fixture.store.recordServices(
      cluster: "east", full: true,
      upserts: [
        ServiceName(namespace: "shop", name: "orders"): service,
        ServiceName(namespace: "shop", name: "web"): service,
      ], removals: [])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reconciler.run() }
      group.addTask {
        let feed = fixture.publication.feed(of: "east")
        let key = ItemKey.service(namespace: "shop", name: "web")
        for await _ in fixture.publication.changes.values() where feed.item(key) != nil { break }
        fixture.publication.report(
          cluster: "east", full: true,
          proxies: [
            Self.proxy("web-1", "web"), Self.proxy("web-2", "web"),
            // One that may not call the service is not concerned.
            Self.proxy("other-1", "other", in: "elsewhere"),
          ], removed: [])
        try await body(fixture, operations)
      }
      // The reconciler ends with the test.
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  @Test func `a dry run shows the blueprint and every Envoy that would change`() async throws {
    try await compiled { fixture, operations in
      let before = fixture.store.position.current
      let result = try await operations.apply(
        ManagementFixture.administrator, ManagementFixture.text(Self.route), mode: .dryRun)
      let plan = try #require(result.plan)
      #expect(plan.clusters.map(\.cluster) == ["east"])
      let cluster = try #require(plan.clusters.first)
      #expect(cluster.items.map(\.key) == [.service(namespace: "shop", name: "orders")])
      #expect(cluster.items.first?.before != nil && cluster.items.first?.after != nil)
      #expect(cluster.leftOut == nil && cluster.proxies == 2)
      #expect(cluster.groups.first?.nodeIDs == ["web-1", "web-2"])
      let types = Set(cluster.groups.flatMap(\.resources).map(\.type))
      #expect(types.contains("routes") && !types.contains("listener"))
      let routes = cluster.groups.flatMap(\.resources).first { $0.type == "routes" }
      #expect(routes?.after?.canonicalText.contains("60") == true)
      #expect(fixture.store.position.current == before)
    }
  }

  @Test func `what changes nothing concerns nobody`() async throws {
    try await compiled { _, operations in
      let result = try await operations.apply(
        ManagementFixture.administrator, ManagementFixture.text(ManagementFixture.tree),
        mode: .dryRun)
      #expect(result.plan?.clusters.isEmpty == true && result.plan?.problems.isEmpty == true)
    }
  }

  @Test func `a plan of another revision is refused`() async throws {
    let fixture = try ManagementFixture()
    try await fixture.apply(ManagementFixture.tree)
    await #expect(throws: OperationError.self) {
      try await fixture.operations.apply(
        ManagementFixture.administrator, ManagementFixture.text(Self.route), on: Revision(7))
    }
    let result = try await fixture.operations.apply(
      ManagementFixture.administrator, ManagementFixture.text(Self.route), on: Revision(1))
    #expect(result.revision == Revision(2) && result.base == Revision(1))
  }
}
