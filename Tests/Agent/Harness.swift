import AgentStore
import Blueprints
import ClusterAgent
import Foundation
import Identity
import Logging
import Streams
import TestSupport

/// A server that is not one, and a real agent that joined it, on loopback.
struct Harness: Sendable {
  let server: FakeServer
  let agent: ClusterAgent
  let socket: AdministrationSocket
  let port: Int

  func mint(
    _ service: String, namespace: String = "shop", role: String = "sidecar"
  ) async throws -> String {
    try await socket.mint(
      WorkloadGrant(
        namespace: namespace, service: service, serviceAccount: service, role: role,
        labels: [:])
    ).text
  }

  func joinedProxy(_ service: String, role: String = "sidecar") async throws -> FakeProxy {
    try await FakeProxy.join(try await mint(service, role: role), port: port)
  }
}

/// Runs an agent in `folder` while `body` runs.
func withAgent<Result: Sendable>(
  of server: FakeServer, at serverPort: Int, in folder: TemporaryFolder,
  _ body: @escaping @Sendable (Harness) async throws -> Result
) async throws -> Result {
  var settings = AgentSettings(
    folder: folder.path, server: ServerAddress(host: "127.0.0.1", port: serverPort),
    token: .agent(server.token), listenHost: "127.0.0.1", listenPort: 0,
    advertise: ["127.0.0.1"], version: "test")
  settings.healthPort = nil
  var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  logger.logLevel = .critical
  let agent = try await ClusterAgent.prepare(settings, logger: logger)
  return try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask {
      try await agent.serve()
      return nil
    }
    group.addTask {
      for await port in agent.boundPort.values() where port != 0 {
        let harness = Harness(
          server: server, agent: agent,
          socket: try AdministrationSocket(path: "\(folder.path)/agent.sock"), port: port)
        return try await body(harness)
      }
      return nil
    }
    defer { group.cancelAll() }
    while let result = try await group.next() {
      if let result { return result }
    }
    throw CancellationError()
  }
}

func withMesh(_ body: @escaping @Sendable (Harness) async throws -> Void) async throws {
  let server = try FakeServer()
  let folder = try TemporaryFolder()
  try await server.serving { port in
    try await withAgent(of: server, at: port, in: folder, body)
  }
}

/// Runs `work` beside `body`, and ends it with it.
func beside(
  _ work: @escaping @Sendable () async throws -> Void,
  _ body: @escaping @Sendable () async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Bool.self) { group in
    group.addTask {
      // The end of the body cancels this; what that throws is no failure.
      do { try await work() } catch { if !Task.isCancelled { throw error } }
      return false
    }
    group.addTask {
      try await body()
      return true
    }
    defer { group.cancelAll() }
    while let isBody = try await group.next() {
      if isBody { return }
    }
  }
}

/// What a server might plan for a small shop.
enum Plans {
  static let site = BlueprintItem.site(
    SitePlan(
      organization: FakeServer.organization, cluster: FakeServer.cluster,
      trustDomain: FakeServer.trustDomain, network: "east"))

  static func namespace(_ name: String) -> BlueprintItem {
    .namespace(
      NamespacePlan(
        namespace: name, workspace: "organizations/acme/tenants/t/workspaces/w",
        reach: .everything, admission: Admission(traffic: .required, authorization: .open)))
  }

  /// Nobody may call the workloads of a service by this rule.
  static func admission(to service: String, _ rule: String) -> BlueprintItem {
    .workloads(
      WorkloadsPlan(
        namespace: "shop", service: service,
        admission: Admission(
          traffic: .required,
          authorization: .rules(
            deny: [
              AuthorizationRule(
                name: rule, principals: [.trustDomain(trustDomain: FakeServer.trustDomain)])
            ], allow: nil))))
  }

  static func service(_ name: String, _ last: Int) -> BlueprintItem {
    .service(
      ServicePlan(
        namespace: "shop", name: name, host: "\(name).shop.mesh", address: "240.240.0.\(last)",
        ports: [PlannedPort(number: 8080, name: "http", protocolName: .http)],
        providers: [
          ServiceProvider(
            cluster: FakeServer.cluster, trustDomain: FakeServer.trustDomain,
            serviceAccounts: [name])
        ]))
  }
}
