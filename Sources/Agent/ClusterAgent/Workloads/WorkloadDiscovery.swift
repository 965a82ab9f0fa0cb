import AgentStore
import DeltaXDS
import GRPCCore

extension Site {
  /// The discovery service of the site's proxies: each follows the view of its own registration.
  func discovery(of directory: WorkloadDirectory, refusals: Refusals) -> DiscoveryService {
    DiscoveryService(
      subscribe: { context, nodeID in
        try await refusals.noting("a discovery stream", node: nodeID) {
          let identity = try directory.workload(of: context, claiming: nodeID)
          return try await self.subscription(afterRegistrationOf: identity.nodeID)
        }
      },
      observe: { self.observe($0) })
  }

  /// How long a discovery stream may precede its registration, in seconds.
  static let patience = 10.0

  private func subscription(afterRegistrationOf nodeID: String) async throws -> Subscription {
    try await withThrowingTaskGroup(of: Subscription?.self) { group in
      group.addTask { try await self.subscription(nodeID) }
      group.addTask {
        try await self.clock.sleep(Self.patience)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let subscription = first else {
        throw RPCError(code: .failedPrecondition, message: "\(nodeID) has not registered")
      }
      return subscription
    }
  }
}
