package import AgentStore
import FleetProtos
import FoundationEssentials
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Glibc
import Logging
import SwiftProtobuf

/// The agent's Unix socket: whoever may open it (mode 0600) may mint join tokens.
struct AdministrationService: Rialto_Workload_V1_Administration.SimpleServiceProtocol {
  let authority: WorkloadAuthority
  /// Where workloads reach this agent: HOST:PORT.
  let address: String
  let logger: Logger

  func mintToken(
    request: Rialto_Workload_V1_MintTokenRequest, context: ServerContext
  ) async throws -> Rialto_Workload_V1_MintTokenResponse {
    let grant = WorkloadGrant(
      namespace: request.namespace, service: request.service,
      serviceAccount: request.serviceAccount, role: request.role, labels: request.labels)
    do {
      let (token, expires) = try await authority.mint(grant)
      logger.info(
        "a join token is minted",
        metadata: [
          "namespace": "\(request.namespace)", "service": "\(request.service)",
        ])
      return .with {
        $0.token = token
        $0.expiresMs = expires
        $0.agentAddress = address
      }
    } catch let problem as WorkloadAuthority.BadRequest {
      throw RPCError(code: .invalidArgument, message: problem.description)
    }
  }
}

/// Where an agent's socket is.
package struct AdministrationSocket: Hashable, Sendable {
  /// What the kernel takes for the path of a socket.
  package static let maximumLength = 107

  package struct Problem: Error, Hashable, CustomStringConvertible {
    package let description: String
  }

  package let path: String

  /// - Throws: `Problem` when the path is too long for a socket.
  package init(path: String) throws {
    guard path.utf8.count <= Self.maximumLength else {
      throw Problem(
        description: "\(path) is longer than the \(Self.maximumLength) bytes of a socket's path")
    }
    self.path = path
  }

  /// The socket itself, or the one inside a folder.
  package init(socketOrFolder path: String) throws {
    let isFolder = FileManager.default.fileExists(atPath: "\(path)/.")
    try self.init(path: isFolder ? "\(path)/agent.sock" : path)
  }

  /// Makes room for a new socket that nobody but its owner can open. The mask of new files is the
  /// process's: call this before anything else runs.
  func prepare() {
    unsafe unlink(path)
    umask(0o077)
  }

  func transport() -> HTTP2ServerTransport.Posix {
    HTTP2ServerTransport.Posix(
      address: .unixDomainSocket(path: path), transportSecurity: .plaintext,
      config: .defaults { config in
        config.http2.maxConcurrentStreams = 16
        config.rpc.maxRequestPayloadSize = 64 << 10
      })
  }

  /// Asks the agent behind the socket for a join token.
  package func mint(
    _ grant: WorkloadGrant
  ) async throws -> MintedToken {
    let transport = try HTTP2ClientTransport.Posix(
      target: .unixDomainSocket(path: path), transportSecurity: .plaintext)
    do {
      return try await withGRPCClient(transport: transport) { client in
        var options = CallOptions.defaults
        options.waitForReady = false
        options.timeout = .seconds(10)
        let answer = try await Rialto_Workload_V1_Administration.Client(wrapping: client)
          .mintToken(
            .with {
              $0.namespace = grant.namespace
              $0.service = grant.service
              $0.serviceAccount = grant.serviceAccount
              $0.role = grant.role
              $0.labels = grant.labels
            }, options: options)
        return MintedToken(
          text: answer.token, expires: answer.expiresMs, agentAddress: answer.agentAddress)
      }
    } catch let error as RPCError {
      switch error.code {
      case .invalidArgument: throw Problem(description: error.message)
      case .unavailable, .deadlineExceeded:
        throw Problem(description: "no agent answers on \(path)")
      default: throw Problem(description: "the agent refused: \(error.message)")
      }
    }
  }
}

/// A join token, for the one who asked for it.
package struct MintedToken: Sendable {
  package var text: String
  /// Milliseconds since 1970.
  package var expires: Int64
  /// Where the workload reaches the agent: HOST:PORT.
  package var agentAddress: String
}
