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

  /// Runs `body` while `count` streams are open; what it is handed sends one response of a size to
  /// all of them, and says how long it took until the last acknowledgement was written.
  func with<Result: Sendable>(
    _ count: Int,
    _ body:
      @escaping @Sendable (_ push: @Sendable (Int) async throws -> Duration) async throws ->
      Result
  ) async throws -> Result {
    let (pushes, send) = AsyncStream.makeStream(of: DeltaDiscoveryRequest.self)
    return try await withThrowingTaskGroup(of: Result?.self) { group in
      for index in 0..<count {
        group.addTask {
          try await self.follow(index == 0 ? pushes : nil)
          throw Impatience(description: "the bare server ended a stream")
        }
      }
      group.addTask {
        try await wait(for: "bare streams", .seconds(120)) {
          self.connected.withLock { $0 } == count
        }
        return try await body { size in
          self.times.withLock { $0 = [] }
          let start = ContinuousClock.now
          send.yield(
            .with {
              $0.node.id = "push"
              $0.typeURL = ResourceType.routes.url
              $0.responseNonce = String(size)
            })
          try await wait(for: "bare acknowledgements", .seconds(60)) {
            self.times.withLock { $0.count } == count
          }
          return self.times.withLock { $0.max() ?? start } - start
        }
      }
      defer { group.cancelAll() }
      while let next = try await group.next() {
        if let next { return next }
      }
      throw CancellationError()
    }
  }

  private func follow(_ pushes: AsyncStream<DeltaDiscoveryRequest>?) async throws {
    let transport = try mutualTLSClient(
      host: address, port: port, credentials: CredentialSource(credentials.own),
      peers: .verified({ self.credentials.bundle }, allowsUnenrolled: false),
      expecting: .agent(trustDomain: BareCredentials.trustDomain))
    let (answers, answer) = AsyncStream.makeStream(of: DeltaDiscoveryRequest.self)
    try await withGRPCClient(transport: transport) { client in
      var options = CallOptions.defaults
      options.waitForReady = true
      try await client.bidirectionalStreaming(
        request: StreamingClientRequest { writer in
          try await writer.write(.with { $0.typeURL = ResourceType.routes.url })
          try await withThrowingDiscardingTaskGroup { group in
            if let pushes {
              group.addTask { for await push in pushes { answer.yield(push) } }
            }
            for await request in answers { try await writer.write(request) }
            group.cancelAll()
          }
        },
        descriptor: Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Method
          .DeltaAggregatedResources.descriptor,
        serializer: ProtobufSerializer<DeltaDiscoveryRequest>(),
        deserializer: RawResponseDeserializer(), options: options
      ) { response in
        defer { answer.finish() }
        var isGreeted = false
        for try await message in response.messages {
          guard isGreeted else {
            isGreeted = true
            self.connected.withLock { $0 += 1 }
            continue
          }
          answer.yield(
            .with {
              $0.typeURL = message.typeURL
              $0.responseNonce = message.nonce
            })
          self.times.withLock { $0.append(ContinuousClock.now) }
        }
      }
    }
  }
}
