internal import NIOCore
internal import NIOSSL

/// Sits behind the TLS handler of an accepted connection, and lets it have little at a time.
///
/// TLS gathers what is written until it is flushed in one buffer, and keeps the room for as long as
/// the connection lasts: for a thousand connections that were once sent a whole flow window, half of
/// what they cost.
final class FlushLimit: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// One full frame of HTTP/2, with what TLS adds, fits into the room that TLS doubles to.
  static let standard = 24 << 10

  private let bytes: Int
  private var gathered = 0

  init(bytes: Int = standard) { self.bytes = bytes }

  /// Puts one into the pipeline of `channel`, right behind its TLS handler.
  static func install(on channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
    try pipeline.addHandler(FlushLimit(), position: .after(tls))
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    let size = unwrapOutboundIn(data).readableBytes
    if gathered > 0, gathered + size > bytes {
      gathered = 0
      context.flush()
    }
    gathered += size
    context.write(data, promise: promise)
  }

  func flush(context: ChannelHandlerContext) {
    gathered = 0
    context.flush()
  }
}
