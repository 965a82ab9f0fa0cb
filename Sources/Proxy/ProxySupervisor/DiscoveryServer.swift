private import DeltaXDS
private import Glibc
private import GRPCCore
private import GRPCNIOTransportHTTP2Posix

/// The discovery server of this proxy's Envoy, on a Unix socket that its owner alone may open.
package struct DiscoveryServer: Sendable {
  /// What the kernel takes as a socket's path.
  package static let longestPath = 107

  private let path: String
  private let relay: Relay

  package init(path: String, relay: Relay) {
    self.path = path
    self.relay = relay
  }

  /// Serves until the task is cancelled. `ready` is called once Envoy may connect.
  package func run(ready: @escaping @Sendable () -> Void) async throws {
    removeFile(path)
    let transport = HTTP2ServerTransport.Posix(
      address: .unixDomainSocket(path: path), transportSecurity: .plaintext,
      config: .defaults { config in
        config.connection.flushCoalescing = nil
        // A reconnecting Envoy lists everything that it has.
        config.rpc.maxRequestPayloadSize = 16 << 20
      })
    let relay = relay
    let service = DiscoveryService(
      subscribe: { _, nodeID in
        guard nodeID == relay.subscription.nodeID else {
          throw RPCError(code: .permissionDenied, message: "not the node of this proxy")
        }
        return relay.subscription
      },
      observe: { relay.observe($0) })
    let server = GRPCServer(transport: transport, services: [service])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.serve() }
      group.addTask {
        _ = try await transport.listeningAddress
        // The folder admits its owner only; the socket says so, too.
        guard unsafe chmod(path, 0o600) == 0 else { throw FileFailure("chmod", path) }
        ready()
      }
      while try await group.next() != nil {}
    }
  }
}
