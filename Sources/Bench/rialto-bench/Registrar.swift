import AgentStore
import ClusterAgent
import FleetProtos
import Foundation
import GRPCCore
import Identity
import Logging
import ProxySupervisor
import SwiftProtobuf

/// A workload that has joined and can register without an Envoy of its own: it lends its service
/// the address of a proxy that runs already and serves under the same service account.
struct Registrar: Sendable {
  private let agent: AgentAddress
  private let identity: ProxyIdentity
  private let key: PrivateKey

  static func join(
    _ agent: AgentAddress, socket: AdministrationSocket, grant: WorkloadGrant, logger: Logger
  ) async throws -> Registrar {
    let token = try JoinToken(text: try await socket.mint(grant).text)
    let key = PrivateKey()
    let enrollment = Enrollment(agent: agent, version: "bench", logger: logger)
    return Registrar(
      agent: agent, identity: try await enrollment.join(with: token, key: key), key: key)
  }

  /// Registers, runs `body` with the time at which the agent had acknowledged, and says goodbye.
  func whileRegistered<Result: Sendable>(
    at address: String, port: Int,
    _ body: @escaping @Sendable (_ acknowledged: ContinuousClock.Instant) async throws -> Result
  ) async throws -> Result {
    let transport = try identity.transport(to: agent, key: key)
    let registration = identity.registration(at: address, port: port, version: "bench")
    let (done, finish) = AsyncStream.makeStream(of: Void.self)
    return try await withGRPCClient(transport: transport) { client in
      var options = CallOptions.defaults
      options.waitForReady = true
      return try await Rialto_Workload_V1_Registry.Client(wrapping: client).register(
        request: StreamingClientRequest { writer in
          try await writer.write(.with { $0.registration = registration })
          for await _ in done {}
          try await writer.write(.with { $0.goodbye = Rialto_Workload_V1_Goodbye() })
        }, options: options
      ) { response in
        defer { finish.finish() }
        var messages = response.messages.makeAsyncIterator()
        while let message = try await messages.next() {
          guard !message.registered.cluster.isEmpty else { continue }
          let result = try await body(ContinuousClock.now)
          finish.finish()
          while try await messages.next() != nil {}
          return result
        }
        throw Impatience(description: "the agent did not acknowledge a registration")
      }
    }
  }

  /// Registers, says so, and follows `health`, until that ends or the task is cancelled.
  func register(
    at address: String, port: Int, turning health: AsyncStream<Bool>,
    _ registered: @escaping @Sendable () -> Void
  ) async throws {
    let transport = try identity.transport(to: agent, key: key)
    let registration = identity.registration(at: address, port: port, version: "bench")
    try await withGRPCClient(transport: transport) { client in
      var options = CallOptions.defaults
      options.waitForReady = true
      try await Rialto_Workload_V1_Registry.Client(wrapping: client).register(
        request: StreamingClientRequest { writer in
          try await writer.write(.with { $0.registration = registration })
          for await healthy in health {
            try await writer.write(.with { $0.health.healthy = healthy })
          }
        }, options: options
      ) { response in
        for try await message in response.messages where !message.registered.cluster.isEmpty {
          registered()
        }
      }
    }
  }
}
