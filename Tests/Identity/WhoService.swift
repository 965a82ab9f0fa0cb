import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import SecureTransport
import Synchronization

/// Answers every call with what the server knows of the caller.
struct WhoService: RegistrableRPCService {
  static let method = MethodDescriptor(fullyQualifiedService: "test.Who", method: "Ask")

  func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
    router.registerHandler(
      forMethod: Self.method, deserializer: Text(), serializer: Text(),
      handler: { _, context in
        let text =
          switch try peer(of: context) {
          case .unenrolled(let hash): "unenrolled \(hexadecimal(hash))"
          case .enrolled(let peer): "enrolled \(peer.id.text)"
          }
        return StreamingServerResponse { writer in
          try await writer.write(text)
          return [:]
        }
      })
  }
}

struct Text: MessageSerializer, MessageDeserializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: String) throws -> Bytes {
    Bytes(Array(message.utf8))
  }
  func deserialize<Bytes: GRPCContiguousBytes>(_ bytes: Bytes) throws -> String {
    unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
  }
}

final class Trust: Sendable {
  private let bundle: Mutex<TrustBundle>
  init(_ bundle: TrustBundle) { self.bundle = Mutex(bundle) }
  var current: TrustBundle { bundle.withLock { $0 } }
  func set(_ next: TrustBundle) { bundle.withLock { $0 = next } }
}

final class Refusals: Sendable {
  private let refusals = Mutex<[Refusal]>([])
  var all: [Refusal] { refusals.withLock { $0 } }
  @Sendable func add(_ refusal: Refusal) { refusals.withLock { $0.append(refusal) } }
}

func withWhoServer(
  _ credentials: CredentialSource, _ peers: PeerPolicy,
  _ body: (Int, Refusals) async throws -> Void
) async throws {
  let refusals = Refusals()
  let transport = try mutualTLSServer(
    host: "127.0.0.1", port: 0, credentials: credentials, peers: peers, refused: refusals.add)
  try await withGRPCServer(transport: transport, services: [WhoService()]) { server in
    guard let port = try await transport.listeningAddress.ipv4?.port else {
      throw CancellationError()
    }
    try await body(port, refusals)
    server.beginGracefulShutdown()
  }
}

func who(
  _ port: Int, _ credentials: Credentials, _ peers: PeerPolicy, expecting: SPIFFEID? = nil,
  refused: @escaping @Sendable (Refusal) -> Void = { _ in }
) async throws -> String {
  try await ask(
    try mutualTLSClient(
      host: "127.0.0.1", port: port, credentials: CredentialSource(credentials), peers: peers,
      expecting: expecting, refused: refused))
}

func ask(_ transport: HTTP2ClientTransport.Posix) async throws -> String {
  try await withGRPCClient(transport: transport) { client in
    var options = CallOptions.defaults
    options.timeout = .seconds(30)
    options.waitForReady = false
    return try await client.unary(
      request: ClientRequest(message: ""), descriptor: WhoService.method, serializer: Text(),
      deserializer: Text(), options: options
    ) { try $0.message }
  }
}
