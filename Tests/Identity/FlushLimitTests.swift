import NIOCore
import NIOEmbedded
import Testing

@testable import SecureTransport

/// Notes how many bytes come with each flush.
private final class Flushes: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  private(set) var sizes: [Int] = []
  private var gathered = 0

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    gathered += unwrapOutboundIn(data).readableBytes
    context.write(data, promise: promise)
  }

  func flush(context: ChannelHandlerContext) {
    sizes.append(gathered)
    gathered = 0
    context.flush()
  }
}

@Suite struct `A limit of flushes` {
  @Test(arguments: [
    ([4, 4, 4], [8, 4]), ([10, 10], [10, 10]), ([1, 2, 3], [6]), ([30, 1, 9], [30, 10]),
    ([9, 2, 9], [9, 2, 9]),
  ])
  func `lets through at most so many bytes, or one larger write, at a time`(
    writes: [Int], flushes: [Int]
  ) throws {
    let seen = Flushes()
    let channel = EmbeddedChannel(handlers: [seen, FlushLimit(bytes: 10)])
    for size in writes { channel.write(ByteBuffer(repeating: 1, count: size), promise: nil) }
    channel.flush()
    #expect(seen.sizes == flushes)
    #expect(try channel.finish().isClean == false)
  }

  @Test func `begins to count anew with every flush`() throws {
    let seen = Flushes()
    let channel = EmbeddedChannel(handlers: [seen, FlushLimit(bytes: 10)])
    for _ in 0..<3 { try channel.writeOutbound(ByteBuffer(repeating: 1, count: 8)) }
    #expect(seen.sizes == [8, 8, 8])
    _ = try channel.finish()
  }
}
