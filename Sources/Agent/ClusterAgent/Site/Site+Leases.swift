import Streams

extension Site {
  /// Removes workloads whose leases ended, for as long as the task runs. It sleeps until the next
  /// lease ends, and not at all while none lapses.
  func watchLeases() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      for await _ in leases.values() {
        guard let deadline = try await expireLeases() else { continue }
        let pause = max(0, deadline - clock.seconds())
        group.addTask {
          try await self.clock.sleep(pause)
          self.leases.update { $0 += 1 }
        }
      }
    }
  }
}
