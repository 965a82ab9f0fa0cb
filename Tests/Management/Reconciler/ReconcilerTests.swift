import BlueprintCoding
import Blueprints
import Documents
import Logging
import Model
import Publication
import Reconciler
import Storage
import Streams
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(3))) struct ReconcilerTests {
  let folder: TemporaryFolder
  let store: Store
  let organization = ResourceRef(.organization, ["acme"])
  var workspace: ResourceRef { organization.child(.tenant, "t").child(.workspace, "w") }
  var group: ResourceRef { workspace.child(.trafficGroup, "g") }
  var route: ResourceRef { group.child(.serviceRoute, "orders") }

  init() throws {
    folder = try TemporaryFolder()
    store = try Store(directory: folder.path)
  }

  private func manifest(_ ref: ResourceRef, _ spec: Document) -> Document {
    [
      "apiVersion": .string(ref.kind.apiVersion), "kind": .string(ref.kind.name),
      "metadata": ["name": .string(ref.name)], "spec": spec,
    ]
  }

  private func put(_ objects: [(ResourceRef, Document)]) async throws {
    _ = try await store.commit(
      ProposedChange(
        actor: "test",
        steps: objects.map {
          .put(ref: $0.0, manifest: manifest($0.0, $0.1), labels: [:], expecting: nil)
        }))
  }

  private func putTree() async throws {
    let selector: Document = ["namespaceSelector": ["names": ["*/shop"]]]
    try await put([
      (organization, [:]),
      (organization.child(.cluster, "east"), ["network": "n", "trustDomain": "east.acme.mesh"]),
      (organization.child(.tenant, "t"), [:]), (workspace, selector), (group, selector),
    ])
  }

  private func split(_ weight: Int64) -> Document {
    [
      "service": "shop/orders.shop.mesh",
      "subsets": [
        ["name": "v1", "labels": ["version": "v1"], "weight": .integer(100 - weight)],
        ["name": "v2", "labels": ["version": "v2"], "weight": .integer(weight)],
      ],
    ]
  }

  private func bringOrders() async throws {
    try await store.recordServices(
      cluster: "east", full: true,
      upserts: [
        ServiceName(namespace: "shop", name: "orders"): ObservedService(
          ports: [ObservedPort(number: 8080, name: "http", protocolName: "http")],
          serviceAccounts: ["orders"], workloads: 1, healthyWorkloads: 1)
      ], removals: [])
  }

  private func orders(_ publication: Publication) -> ServicePlan? {
    let key = ItemKey.service(namespace: "shop", name: "orders")
    guard let encoded = publication.feed(of: "east").item(key),
      let item = try? ItemCoding.decode(encoded.bytes), case .service(let plan) = item
    else { return nil }
    return plan
  }

  /// Runs a reconciler while `body` runs.
  private func reconciling(
    _ body: @Sendable (Publication) async throws -> Void
  ) async throws {
    let publication = Publication()
    let reconciler = Reconciler(
      store: store, publication: publication, logger: Logger(label: "test"))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await reconciler.run() }
      try await body(publication)
      group.cancelAll()
    }
  }

  @Test func `what is written and observed is published, with the revision`() async throws {
    try await putTree()
    try await reconciling { publication in
      try await bringOrders()
      try await waitUntil { orders(publication) != nil }
      try await put([(route, split(10))])
      let revision = store.position.current.revision
      try await waitUntil { publication.compiledRevision == revision }
      #expect(orders(publication)?.defaultDestinations.map(\.weight) == [90, 10])
      let rows = publication.propagation(ofRevision: revision).clusters
      #expect(rows.map(\.cluster) == ["east"])
      let status = publication.status(ofObject: route.fqn, revision: revision)
      #expect(status.state == .accepted)
      #expect(status.clusters.map(\.cluster) == ["east"])
    }
  }

  @Test func `a change without an effect publishes nothing and is complete`() async throws {
    try await putTree()
    try await bringOrders()
    try await reconciling { publication in
      try await put([(organization.child(.tenant, "other"), [:])])
      let revision = store.position.current.revision
      try await waitUntil { publication.compiledRevision == revision }
      let generation = publication.feed(of: "east").generation.current
      try await put([(organization.child(.tenant, "third"), [:])])
      try await waitUntil { publication.compiledRevision == revision + 1 }
      #expect(publication.feed(of: "east").generation.current == generation)
      #expect(publication.propagation(ofRevision: revision + 1).isComplete)
    }
  }

  @Test func `a cluster that is deleted is no longer waited for`() async throws {
    try await putTree()
    try await bringOrders()
    try await put([(organization.child(.cluster, "west"), [:])])
    try await reconciling { publication in
      try await waitUntil { publication.agents().map(\.cluster) == ["east", "west"] }
      _ = try await store.commit(
        ProposedChange(
          actor: "test",
          steps: [.delete(ref: organization.child(.cluster, "west"), expecting: nil)]))
      try await waitUntil { publication.agents().map(\.cluster) == ["east"] }
    }
  }

  @Test func `an object that cannot be read fails and keeps its last good meaning`() async throws {
    try await putTree()
    try await bringOrders()
    try await put([(route, split(10))])
    try await reconciling { publication in
      try await waitUntil { orders(publication)?.subsets.count == 2 }
      // Below validation: nothing that the model could stand for.
      try await put([(route, ["service": 7]), (organization.child(.tenant, "good"), [:])])
      let revision = store.position.current.revision
      try await waitUntil { publication.compiledRevision == revision }
      let status = publication.status(ofObject: route.fqn, revision: revision)
      #expect(status.state == .failed)
      #expect(!status.problems.isEmpty)
      #expect(orders(publication)?.subsets.count == 2)
      // Writing it well heals it.
      try await put([(route, split(30))])
      try await waitUntil { orders(publication)?.defaultDestinations.last?.weight == 30 }
      #expect(publication.problems(of: route.fqn).isEmpty)
    }
  }

  @Test func `after a restart an unchanged cluster keeps its generation`() async throws {
    try await putTree()
    try await bringOrders()
    try await reconciling { publication in
      try await waitUntil { orders(publication) != nil }
      for weight: Int64 in [10, 20, 30] {
        try await put([(route, split(weight))])
        try await waitUntil {
          orders(publication)?.defaultDestinations.last?.weight == Int(weight)
        }
      }
      let feed = publication.feed(of: "east")
      try await waitUntil {
        try await store.generations()["east"]?.generation == feed.generation.current
      }
    }
    let recorded = try #require(try await store.generations()["east"])
    #expect(recorded.generation >= 4)
    try await reconciling { publication in
      try await waitUntil { orders(publication) != nil }
      #expect(publication.feed(of: "east").generation.current == recorded.generation)
      try await put([(route, split(40))])
      try await waitUntil { orders(publication)?.defaultDestinations.last?.weight == 40 }
      #expect(publication.feed(of: "east").generation.current == recorded.generation + 1)
    }
  }
}
