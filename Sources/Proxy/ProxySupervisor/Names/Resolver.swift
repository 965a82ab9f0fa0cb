import NIOCore
private import NIOPosix

/// Answers DNS on one port, by UDP and by TCP.
///
/// Bounded: at most `maximumQueries` queries are with other resolvers at a time, at most
/// `maximumConnections` TCP clients are served; what comes beyond that is dropped, as DNS may.
package struct Resolver: Sendable {
  package static let maximumQueries = 256
  package static let maximumConnections = 64
  /// A TCP client that asks nothing for this long is let go.
  private static let idleLimit = Duration.seconds(10)

  private typealias Datagrams = NIOAsyncChannel<
    AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>
  >
  private typealias Connection = NIOAsyncChannel<ByteBuffer, ByteBuffer>
  private typealias Listener = NIOAsyncChannel<Connection, Never>

  private let names: @Sendable () -> NameTable
  private let forwarder: DNSForwarder
  private let datagrams: Datagrams
  private let listener: Listener
  package let port: Int

  /// Binds both sockets. `port` 0 takes a free one.
  package init(
    host: String, port: Int, names: @escaping @Sendable () -> NameTable, forwarder: DNSForwarder
  ) async throws {
    self.names = names
    self.forwarder = forwarder
    datagrams = try await DatagramBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .bind(host: host, port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try Datagrams(wrappingChannelSynchronously: channel)
        }
      }
    let bound = datagrams.channel.localAddress?.port ?? port
    self.port = bound
    listener = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: host, port: bound) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([
            IdleStateHandler(readTimeout: TimeAmount(Self.idleLimit)), CloseWhenIdle(),
            ByteToMessageHandler(DNSFrameDecoder()),
          ])
          return try Connection(wrappingChannelSynchronously: channel)
        }
      }
  }

  /// Serves until the task is cancelled.
  package func run() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { try await answerDatagrams() }
      group.addTask { try await acceptConnections() }
    }
  }

  private func answerDatagrams() async throws {
    let busy = Permits(Self.maximumQueries)
    try await datagrams.executeThenClose { inbound, outbound in
      try await withThrowingDiscardingTaskGroup { group in
        for try await envelope in inbound {
          let packet = Array(envelope.data.readableBytesView)
          guard let query = DNSQuery(packet) else { continue }
          switch query.decision(names: names()) {
          case .answer(let bytes):
            try? await outbound.write(
              AddressedEnvelope(
                remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: bytes)))
          case .forward:
            guard busy.take() else { continue }
            group.addTask {
              defer { busy.giveBack() }
              let bytes = await forwarder.ask(query, packet, over: .datagram)
              try? await outbound.write(
                AddressedEnvelope(
                  remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: bytes)))
            }
          }
        }
      }
    }
  }

  private func acceptConnections() async throws {
    let busy = Permits(Self.maximumConnections)
    try await listener.executeThenClose { inbound in
      try await withThrowingDiscardingTaskGroup { group in
        for try await connection in inbound {
          guard busy.take() else {
            connection.channel.close(promise: nil)
            continue
          }
          group.addTask {
            defer { busy.giveBack() }
            // A client that breaks off is no event.
            try? await serve(connection)
          }
        }
      }
    }
  }

  private func serve(_ connection: Connection) async throws {
    try await connection.executeThenClose { inbound, outbound in
      for try await packet in inbound {
        let packet = Array(packet.readableBytesView)
        guard let query = DNSQuery(packet) else { return }
        let bytes: [UInt8] =
          switch query.decision(names: names()) {
          case .answer(let bytes): bytes
          case .forward: await forwarder.ask(query, packet, over: .stream)
          }
        try await outbound.write(dnsFrame(bytes))
      }
    }
  }
}

private final class CloseWhenIdle: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent {
      context.close(promise: nil)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }
}

/// A message over TCP: its length in two bytes, then itself.
func dnsFrame(_ packet: [UInt8]) -> ByteBuffer {
  let packet = packet.prefix(Int(UInt16.max))
  return ByteBuffer(bytes: [UInt8(packet.count >> 8), UInt8(packet.count & 0xFF)] + packet)
}

struct DNSFrameDecoder: ByteToMessageDecoder {
  typealias InboundOut = ByteBuffer

  mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws
    -> DecodingState
  {
    guard let frame = buffer.readLengthPrefixedSlice(as: UInt16.self) else { return .needMoreData }
    context.fireChannelRead(wrapInboundOut(frame))
    return .continue
  }

  mutating func decodeLast(
    context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
  ) throws -> DecodingState {
    try decode(context: context, buffer: &buffer)
  }
}
