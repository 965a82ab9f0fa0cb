import FleetProtos
import Foundation
import GRPCCore
import Identity
import Logging
import ProxySupervisor
import Streams
import SwiftProtobuf

/// Workloads that join and register as `rialto proxy` does, without an Envoy each: fifty of those
/// are more than a small machine starts within a scenario. Nobody can call them.
///
/// Reads tokens, a line each, up to an empty line; prints how many are registered once the agent has
/// taken all of them; stays, also while the agent is gone, until standard input ends, and says
/// goodbye then.
struct Workloads {
  let agent: AgentAddress
  private let registered = Latest(0)
  private let isOver = Latest(false)

  init(agent: AgentAddress) { self.agent = agent }

  func run() async throws {
    var tokens: [JoinToken] = []
    while let line = readLine(), !line.isEmpty { tokens.append(try JoinToken(text: line)) }
    let count = tokens.count
    // Reading blocks: not on one of the few threads on which everything else runs.
    Thread.detachNewThread { [isOver] in
      while readLine() != nil {}
      isOver.publish(true)
    }
    try await withThrowingDiscardingTaskGroup { group in
      for (index, token) in tokens.enumerated() {
        group.addTask { try await stay(token, address: "198.51.100.\(index + 1)") }
      }
      group.addTask {
        for await number in registered.values() where number == count { break }
        print("\(count) registered")
        fflush(nil)
      }
    }
  }

  private func stay(_ token: JoinToken, address: String) async throws {
    var logger = Logger(label: "rialto-inject")
    logger.logLevel = .error
    let key = PrivateKey()
    let identity = try await Enrollment(agent: agent, version: "test", logger: logger)
      .join(with: token, key: key)
    let wasTaken = Latest(false)
    while !isOver.current {
      do {
        try await register(identity, key, address) {
          if !wasTaken.current { registered.update { $0 += 1 } }
          wasTaken.publish(true)
        }
      } catch is RPCError {
        // The agent is gone; like a proxy, come back when it does.
        try await Task.sleep(for: .milliseconds(200))
      }
    }
  }

  /// Returns once goodbye is said.
  private func register(
    _ identity: ProxyIdentity, _ key: PrivateKey, _ address: String,
    taken: @escaping @Sendable () -> Void
  ) async throws {
    let transport = try identity.transport(to: agent, key: key)
    let registration = identity.registration(at: address, port: 8080, version: "test")
    let isOver = isOver
    try await withGRPCClient(transport: transport) { client in
      var options = CallOptions.defaults
      options.waitForReady = false
      try await Rialto_Workload_V1_Registry.Client(wrapping: client).register(
        request: StreamingClientRequest { writer in
          try await writer.write(.with { $0.registration = registration })
          for await over in isOver.values() where over { break }
          try await writer.write(.with { $0.goodbye = Rialto_Workload_V1_Goodbye() })
        }, options: options
      ) { response in
        for try await message in response.messages where !message.registered.cluster.isEmpty {
          taken()
        }
      }
    }
  }
}
