import Model
import Storage
import Streams
import TestSupport
import Testing

@Suite struct `Batches of the store` {
  private let folder: TemporaryFolder
  private let store: Store

  init() throws {
    folder = try TemporaryFolder()
    store = try Store(directory: folder.path)
  }

  @discardableResult
  private func commit(_ steps: ProposedChange.Step...) async throws -> Store.Position {
    _ = try await store.commit(ProposedChange(actor: "administrator", steps: steps))
    return store.position.current
  }

  /// Whoever follows the store gets the newest changes from memory, a server that starts reads them.
  @Test func `followers hear the same from memory as from the database`() async throws {
    var positions = [store.position.current]
    positions.append(
      try await commit(Sample.put(Sample.organization), Sample.put(Sample.tenant, "a")))
    positions.append(try await commit(Sample.put(Sample.tenant, "b", labels: ["x": "y"])))
    positions.append(try await commit(Sample.put(Sample.workspace)))
    // Changes the inventory, too: the cluster gets a port.
    positions.append(try await commit(Sample.put(Sample.east)))
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
          try await commit(Sample.put(Sample.organization.child(.tenant, "n\(index)")))
        }
      }
      try await group.waitForAll()
    }
    positions.append(store.position.current)
    positions.append(try await commit(.delete(ref: Sample.workspace, expecting: nil)))

    let reader = try Store(directory: folder.path)
    for position in positions {
      let (remembered, read) = (
        try await store.batch(after: position), try await reader.batch(after: position)
      )
      #expect(remembered.position == read.position)
      #expect(remembered.revision == read.revision)
      #expect(remembered.objects == read.objects)
      #expect(remembered.services == read.services)
      #expect(remembered.ports == read.ports)
    }
    #expect(try await store.batch(after: positions[5]).objects.count == 21)
  }
}
