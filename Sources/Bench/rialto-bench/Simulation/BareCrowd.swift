import DeltaXDS
import DiscoveryProtos
import GRPCCore
import GRPCProtobuf
import Identity
import SecureTransport
import SwiftProtobuf
import Synchronization

/// Streams to the bare server that acknowledge whatever comes.
final class BareCrowd: Sendable {
  private let credentials: BareCredentials
  private let address: String
  private let port: Int
  private let connected = Mutex(0)
  private let times = Mutex<[ContinuousClock.Instant]>([])

  init(_ credentials: BareCredentials, address: String, port: Int) {
    self.credentials = credentials
    self.address = address
    self.port = port
  }

  /// Runs `body` while `count` streams are open; what it is handed sends something to all of them, and
  /// says how long it took until the last acknowledgement was written.
  func with<Result: Sendable>(
    _ count: Int,
    _ body:
      @escaping @Sendable (_ push: @Sendable (BarePush) async throws -> Duration) async throws ->
      Result
  ) async throws -> Result {
    let (pushes, send) = AsyncStream.makeStream(of: DeltaDiscoveryRequest.self)
    let streams = (0..<count).map { index -> @Sendable () async throws -> Void in
      {
        try await self.follow(index == 0 ? pushes : nil)
        throw Impatience(description: "the bare server ended a stream")
      }
    }
    return try await beside(streams) {
      try await wait(for: "bare streams", .seconds(120)) {
        self.connected.withLock { $0 } == count
      }
      return try await body { push in
        self.times.withLock { $0 = [] }
        let start = ContinuousClock.now
        send.yield(
          .with {
            $0.node.id = "push"
            $0.typeURL = ResourceType.routes.url
            $0.responseNonce = push.text
          })
        try await wait(for: "bare acknowledgements", .seconds(900)) {
          self.times.withLock { $0.count } == count * push.responses
        }
        return self.times.withLock { $0.max() ?? start } - start
      }
    }
  }

  private func follow(_ pushes: AsyncStream<DeltaDiscoveryRequest>?) async throws {
    let transport = try mutualTLSClient(
      host: address, port: port, credentials: CredentialSource(credentials.own),
      peers: .verified({ self.credentials.bundle }, allowsUnenrolled: false),
      expecting: .agent(trustDomain: BareCredentials.trustDomain))
    let (answers, answer) = AsyncStream.makeStream(of: DeltaDiscoveryRequest.self)
    try await beside([{ if let pushes { for await push in pushes { answer.yield(push) } } }]) {
      try await withGRPCClient(transport: transport) { client in
        try await client.discover([.with { $0.typeURL = ResourceType.routes.url }], then: answers) {
          response in
          // The first one says that the server has taken note of this stream.
          guard !response.nonce.isEmpty else { return self.connected.withLock { $0 += 1 } }
          answer.yield(
            .with {
              $0.typeURL = response.typeURL
              $0.responseNonce = response.nonce
            })
          self.times.withLock { $0.append(ContinuousClock.now) }
        }
        answer.finish()
      }
    }
  }
}
