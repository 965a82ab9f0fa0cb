internal import NIOCore
internal import NIOSSL
private import NIOTLS

/// Sits behind the TLS handler of an accepted connection: ends it when the handshake takes too
/// long, and when what came out of it is older than TLS 1.3. (The transport's own minimum is 1.2
/// and cannot be set.)
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let deadline: TimeAmount
  private var timeout: Scheduled<Void>?

  init(handshakeWithin deadline: TimeAmount) { self.deadline = deadline }

  /// Puts a guard into the pipeline of `channel`, right behind its TLS handler.
  static func install(on channel: any Channel, handshakeWithin deadline: TimeAmount) throws {
    let pipeline = channel.pipeline.syncOperations
    let tls = try pipeline.handler(type: NIOSSLServerHandler.self)
    try pipeline.addHandler(ConnectionGuard(handshakeWithin: deadline), position: .after(tls))
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timeout = context.eventLoop.scheduleTask(in: deadline) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    timeout?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted(negotiatedProtocol: _) = event {
      timeout?.cancel()
      let version = try? context.channel.pipeline.syncOperations.nioSSL_tlsVersion()
      guard version == .tlsv13 else {
        context.close(promise: nil)
        return
      }
    }
    context.fireUserInboundEventTriggered(event)
  }
}
