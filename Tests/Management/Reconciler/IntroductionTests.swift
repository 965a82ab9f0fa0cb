import Blueprints
import Compiler
import Documents
import Logging
import Model
import Operations
import Publication
import Reconciler
import Storage
import Streams
import TestSupport
import Testing

/// A server with clusters that join one after the other; their agents are played.
private struct Mesh: Sendable {
  static let organization = ResourceRef(.organization, ["acme"])

  let folder: TemporaryFolder
  let store: Store
  let publication = Publication()
  let reconciler: Reconciler

  init() throws {
    folder = try TemporaryFolder()
    store = try Store(directory: folder.path)
    reconciler = Reconciler(
      store: store, publication: publication,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  func put(_ refs: ResourceRef..., spec: Document = [:]) async throws {
    let steps = refs.map { ref in
      ProposedChange.Step.put(
        ref: ref,
        manifest: [
          "apiVersion": .string(ref.kind.apiVersion), "kind": .string(ref.kind.name),
          "metadata": ["name": .string(ref.name)], "spec": spec,
        ], labels: [:], expecting: nil)
    }
    _ = try await store.commit(ProposedChange(actor: "test", steps: steps))
  }

  func cluster(_ name: String) -> ResourceRef { Self.organization.child(.cluster, name) }

  /// The cluster exists, and its agent has said hello.
  func join(_ name: String, authority: UInt8) async throws {
    try await put(cluster(name))
    try await store.recordAuthorities(cluster: name, certificates: [[authority]])
    publication.connected(cluster: name, version: "1")
  }

  /// The agent has everything of now, and so has its only proxy when that is at `generation` too.
  func answer(_ name: String, proxyAt generation: Int64? = nil) {
    let current = publication.feed(of: name).generation.current
    publication.acknowledged(cluster: name, generation: current)
    publication.report(
      cluster: name, full: true, proxies: [proxy(at: generation ?? current)], removed: [])
  }

  private func proxy(at generation: Int64, role: String = "east-west") -> ProxyState {
    ProxyState(
      nodeID: "p", role: role, namespace: "mesh", service: "gateway", serviceAccount: "gateway",
      labels: [:], version: "1", envoyVersion: "1.40.0", connected: true, healthy: true,
      acknowledgedGeneration: generation, toldGeneration: generation, lastChange: 0,
      platform: "vm", hostName: "h")
  }

  func gateway(_ name: String, _ address: String, role: String = "east-west") async throws {
    try await store.recordServices(
      cluster: name, full: false, upserts: [:], removals: [],
      gateways: [
        ObservedGateway(
          nodeID: "p", role: role, namespace: "mesh", serviceAccount: "gateway", labels: [:],
          address: address, port: 15_443, healthy: true)
      ])
  }

  func port(_ name: String) async throws -> Int? {
    try await store.batch(after: Store.Position()).ports[name] ?? nil
  }

  /// Returns once the reconciler has taken everything that was written before.
  func settle() async throws {
    try await put(Self.organization.child(.tenant, "t\(store.position.current.revision)"))
    let revision = store.position.current.revision
    try await waitUntil { publication.compiledRevision >= revision }
  }

  func reconciling(_ body: @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reconciler.run() }
      try await put(Self.organization)
      try await body()
      group.cancelAll()
    }
  }
}

@Suite(.timeLimit(.minutes(1))) struct IntroductionTests {
  private let mesh: Mesh
  init() throws { mesh = try Mesh() }

  @Test func `a new cluster is reached once every proxy knows its authorities`() async throws {
    try await mesh.reconciling {
      try await mesh.join("east", authority: 1)
      try await mesh.settle()
      mesh.answer("east")
      try await waitUntil { try await mesh.port("east") != nil }

      try await mesh.join("west", authority: 2)
      try await mesh.settle()
      let known = mesh.publication.feed(of: "east").generation.current
      mesh.answer("west")
      // One proxy of the other cluster has not answered yet.
      mesh.answer("east", proxyAt: known - 1)
      try await mesh.settle()
      #expect(try await mesh.port("west") == nil)
      mesh.answer("east")
      try await waitUntil { try await mesh.port("west") != nil }
    }
  }

  @Test func `clusters that are away are not waited for, the new one itself is`() async throws {
    try await mesh.reconciling {
      try await mesh.join("east", authority: 1)
      try await mesh.settle()
      mesh.answer("east")
      try await waitUntil { try await mesh.port("east") != nil }
      mesh.publication.disconnected(cluster: "east")

      try await mesh.join("west", authority: 2)
      mesh.publication.disconnected(cluster: "west")
      try await mesh.settle()
      #expect(try await mesh.port("west") == nil)
      mesh.publication.connected(cluster: "west", version: "1")
      mesh.answer("west")
      try await waitUntil { try await mesh.port("west") != nil }
    }
  }

  @Test func `a path says its hops and its reasons`() async throws {
    let operations = Operations(
      store: mesh.store, publication: mesh.publication,
      joining: JoinInstructions(serverURL: "https://mesh.example:9443") { $0.id },
      explanations: Explanations(
        path: { [mesh] in mesh.reconciler.path(from: $0, to: $1) },
        reach: { [mesh] in mesh.reconciler.reach(service: $0, from: $1, cluster: $2) }),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let administrator = ManagementFixture.administrator
    try await mesh.reconciling {
      for (number, name) in ["edge", "east", "west"].enumerated() {
        try await mesh.join(name, authority: UInt8(number))
        try await mesh.gateway(
          name, "192.0.2.\(number + 1)", role: name == "edge" ? "edge" : "east-west")
      }
      try await mesh.settle()
      let early = try operations.path(administrator, from: "east", to: "west").routes
      #expect(early.map(\.path) == [.none])
      #expect(early.first?.reasons.contains { $0.contains("not known in all clusters") } == true)
      for name in ["edge", "east", "west"] { mesh.answer(name) }
      try await waitUntil {
        try operations.path(administrator, from: "east", to: "west").routes.map(\.path)
          == [.edge(clusters: ["edge"])]
      }
      let hops = try #require(
        try operations.path(administrator, from: "east", to: "west").routes.first?.hops)
      #expect(hops.map(\.kind) == [.gateway, .edge, .gateway])
      #expect(hops.map(\.cluster) == ["east", "edge", "west"])
      #expect(hops.map { $0.gateways.map(\.address) } == [[], ["192.0.2.1"], ["192.0.2.3"]])
      let back = try operations.path(administrator, from: "web.shop@west", to: "orders.shop@east")
      #expect(back.routes.first?.hops.first?.names == ["web.shop"])
      #expect(back.routes.first?.hops.last?.names == ["orders.shop"])
      #expect(back.reach?.verdict == .unknown)
    }
    for place in ["nowhere", "a@b@c", "@east", ""] {
      #expect(throws: OperationError.self) {
        try operations.path(administrator, from: place, to: "west")
      }
    }
  }
}
