import Documents
import ManagementClient
import Model

/// Many changes of routes at once, by several clients: those of services come, change and go, and
/// that of the real instances turns, and in the end leads where it never led before.
struct Burst: Sendable {
  let bed: ScaleBed
  /// Changes.
  let writes: Int
  /// What the real instances say; the last one only in the end.
  let versions: [String]

  private static let clients = 8

  /// - Returns: when the last change was acknowledged.
  func run() async throws -> ContinuousClock.Instant {
    try await withThrowingDiscardingTaskGroup { group in
      for client in 0..<Self.clients {
        let count = (writes - 1 + Self.clients - 1 - client) / Self.clients
        group.addTask {
          if client == 0 { try await turn(count) } else { try await change(count, as: client) }
        }
      }
    }
    try await turn(to: versions[versions.count - 1])
    return ContinuousClock.now
  }

  /// Lets the real instances' route lead to those of one version.
  func turn(to version: String) async throws {
    _ = try await bed.testbed.client.put(
      Testbed.routeRef, Testbed.route(to: version, of: versions))
  }

  /// Takes away every route of a service that there may be, and lets that of the real instances lead
  /// where it led in the beginning.
  func clear() async throws {
    for number in 0..<bed.plan.services {
      do {
        _ = try await bed.testbed.client.delete(ScaleBed.routeRef(of: bed.plan.service(number)))
      } catch ClientError.refused(let problem) where problem.status == 404 { continue }
    }
    try await turn(to: versions[0])
  }

  private func turn(_ count: Int) async throws {
    for step in 0..<count { try await turn(to: versions[step % (versions.count - 1)]) }
  }

  /// Of the services that are this client's, one after the other: gives them a route that they do
  /// not have, changes one that they have, or takes it away.
  private func change(_ count: Int, as client: Int) async throws {
    let services = (0..<bed.plan.services).filter { $0 % Self.clients == client }
      .map(bed.plan.service)
    var withRoute: Set<SimulatedAgent.Service> = []
    for step in 0..<count {
      let service = services[step % services.count]
      let ref = ScaleBed.routeRef(of: service)
      if withRoute.contains(service), step % 3 == 0 {
        _ = try await bed.testbed.client.delete(ref)
        withRoute.remove(service)
      } else {
        _ = try await bed.testbed.client.put(
          ref, ScaleBed.route(of: service, variant: step / services.count))
        withRoute.insert(service)
      }
    }
  }
}
