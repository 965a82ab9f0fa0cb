import Model
import Storage
import Streams
import TestSupport
import Testing

@Suite struct `Batches of the store` {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Whoever follows the store gets the newest changes from memory, a server that starts reads them.
  @Test func `followers hear the same from memory as from the database`() async throws {
    let heard = try await writeAndFollow()
    let reader = try Store(directory: folder.path)
    for (position, remembered) in heard {
      let read = try await reader.batch(after: position)
      #expect(remembered.position == read.position)
      #expect(remembered.revision == read.revision)
      #expect(remembered.objects == read.objects)
      #expect(remembered.services == read.services)
      #expect(remembered.ports == read.ports)
    }
    #expect(heard.map(\.batch.objects.count) == [23, 23, 22, 22, 21, 21, 1, 0])
  }

  /// What is heard at last by those who stopped listening at one of several positions. The store is
  /// closed afterwards.
  private func writeAndFollow() async throws -> [(position: Store.Position, batch: Store.Batch)] {
    let store = try Store(directory: folder.path)
    let commit = { @Sendable (steps: [ProposedChange.Step]) in
      _ = try await store.commit(ProposedChange(actor: "administrator", steps: steps))
    }
    var positions = [store.position.current]
    try await commit([Sample.put(Sample.organization), Sample.put(Sample.tenant, "a")])
    positions.append(store.position.current)
    try await commit([Sample.put(Sample.tenant, "b", labels: ["x": "y"])])
    positions.append(store.position.current)
    try await commit([Sample.put(Sample.workspace)])
    positions.append(store.position.current)
    // Changes the inventory, too: the cluster gets a port.
    try await commit([Sample.put(Sample.east)])
    positions.append(store.position.current)
    try await store.recordServices(
      cluster: "east", full: true,
      upserts: [
        ServiceName(namespace: "shop", name: "orders"): ObservedService(
          ports: [ObservedPort(number: 80, name: "http", protocolName: "http")],
          labels: [:], serviceAccounts: ["orders"], workloads: 1, healthyWorkloads: 1)
      ], removals: [])
    positions.append(store.position.current)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<20 {
        group.addTask {
          try await commit([Sample.put(Sample.organization.child(.tenant, "n\(index)"))])
        }
      }
      try await group.waitForAll()
    }
    positions.append(store.position.current)
    try await commit([.delete(ref: Sample.workspace, expecting: nil)])
    positions.append(store.position.current)
    var heard: [(position: Store.Position, batch: Store.Batch)] = []
    for position in positions { heard.append((position, try await store.batch(after: position))) }
    return heard
  }
}
