package import NIOCore
private import NIOPosix
private import Synchronization

/// Asks the machine's own resolvers.
package struct DNSForwarder: Sendable {
  package enum Way: Sendable { case datagram, stream }

  /// For one query, all resolvers together.
  package static let usualPatience = Duration.seconds(2)
  private static let markOption: CInt = 36  // SO_MARK

  private let servers: [SocketAddress]
  /// Put on every packet, so that the packet filter lets it through; needs the right to administer
  /// the network.
  private let mark: Int?
  private let patience: Duration

  package init(
    servers: [SocketAddress], mark: Int?, patience: Duration = Self.usualPatience
  ) {
    self.servers = servers
    self.mark = mark
    self.patience = patience
  }

  /// The answer of the first resolver that gives one, or a server failure.
  func ask(_ query: DNSQuery, _ packet: [UInt8], over way: Way) async -> [UInt8] {
    for server in servers {
      let share = patience / servers.count
      let answer = try? await within(share) {
        switch way {
        case .datagram: try await askByDatagram(server, packet)
        case .stream: try await askByStream(server, packet)
        }
      }
      if let answer, answer.count >= 12, answer.prefix(2) == packet.prefix(2) { return answer }
    }
    return query.response(.serverFailure)
  }

  private func askByDatagram(_ server: SocketAddress, _ packet: [UInt8]) async throws -> [UInt8] {
    typealias Channel = NIOAsyncChannel<
      AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>
    >
    // A socket of its own per query: a new port each time, and only this server's packets reach it.
    var bootstrap = DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    if let mark {
      bootstrap = bootstrap.channelOption(markChannelOption, value: mark)
    }
    let channel = try await bootstrap.connect(to: server) { channel in
      channel.eventLoop.makeCompletedFuture { try Channel(wrappingChannelSynchronously: channel) }
    }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(
        AddressedEnvelope(remoteAddress: server, data: ByteBuffer(bytes: packet)))
      for try await envelope in inbound {
        let answer = Array(envelope.data.readableBytesView)
        if answer.prefix(2) == packet.prefix(2) { return answer }
      }
      throw ChannelError.eof
    }
  }

  private func askByStream(_ server: SocketAddress, _ packet: [UInt8]) async throws -> [UInt8] {
    typealias Channel = NIOAsyncChannel<ByteBuffer, ByteBuffer>
    var bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    if let mark {
      bootstrap = bootstrap.channelOption(markChannelOption, value: mark)
    }
    let channel = try await bootstrap.connect(to: server) { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(DNSFrameDecoder()))
        return try Channel(wrappingChannelSynchronously: channel)
      }
    }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(dnsFrame(packet))
      for try await answer in inbound { return Array(answer.readableBytesView) }
      throw ChannelError.eof
    }
  }

  private var markChannelOption: ChannelOptions.Types.SocketOption {
    ChannelOptions.Types.SocketOption(level: .socket, name: .init(rawValue: Self.markOption))
  }
}

struct TimedOut: Error {}

/// Runs `body`, at most for `limit`.
func within<Value: Sendable>(
  _ limit: Duration, _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
  try await withThrowingTaskGroup(of: Value.self) { group in
    group.addTask { try await body() }
    group.addTask {
      try await Task.sleep(for: limit)
      throw TimedOut()
    }
    defer { group.cancelAll() }
    guard let value = try await group.next() else { throw TimedOut() }
    return value
  }
}

/// Counts how many of a bounded number of places are taken.
final class Permits: Sendable {
  private let free: Mutex<Int>

  init(_ count: Int) { free = Mutex(count) }

  func take() -> Bool {
    free.withLock { free in
      guard free > 0 else { return false }
      free -= 1
      return true
    }
  }

  func giveBack() { free.withLock { $0 += 1 } }
}
