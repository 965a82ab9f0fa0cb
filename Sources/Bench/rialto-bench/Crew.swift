import ManagementClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Clients that each keep one connection, and send their next request when the answer to the last
/// one has come. One thread serves them all, so that most of the machine is the server's.
struct Crew: Sendable {
  /// Who is asked.
  struct Target: Sendable {
    var host: String
    var port: Int
    /// nil: without TLS.
    var tls: NIOSSLContext?
    /// What every request has.
    var headers: HTTPHeaders
    /// The only answer that counts.
    var answer: HTTPResponseStatus

    /// One connection, whose answers a handler of its own takes.
    func connect(
      _ group: MultiThreadedEventLoopGroup,
      _ handler: @escaping @Sendable () -> some ChannelInboundHandler
    ) async throws -> any Channel {
      let tls = tls
      return try await ClientBootstrap(group: group)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let tls {
              try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: nil))
            }
            try pipeline.addHTTPClientHandlers()
            try pipeline.addHandler(handler())
          }
        }
        .connect(host: host, port: port).get()
    }
  }

  struct Request: Sendable {
    var method: HTTPMethod
    var path: String
    var contentType = "application/json"
    var body: ByteBuffer
  }

  /// What the clients reached together.
  struct Outcome: Sendable {
    var elapsed = Duration.zero
    /// One for each answer that counts.
    var latencies = Samples()
    /// The first answer that did not count.
    var refusal: String?

    var perSecond: Double { Double(latencies.count) / (elapsed / .seconds(1)) }

    fileprivate mutating func add(_ other: Outcome) {
      latencies = latencies + other.latencies
      refusal = refusal ?? other.refusal
    }
  }

  private let channels: [any Channel]

  /// Connects them, and closes the connections when the work is done.
  static func with<Result>(
    _ size: Int, on target: Target, _ work: (Crew) async throws -> Result
  ) async throws -> Result {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      var channels: [any Channel] = []
      for _ in 0..<size { channels.append(try await connect(to: target, group)) }
      let result = try await work(Crew(channels: channels))
      try await group.shutdownGracefully()
      return result
    } catch {
      try? await group.shutdownGracefully()
      throw error
    }
  }

  /// What so many clients reach within `limit`, once each has had an answer on its connection.
  static func measure(
    _ size: Int, on target: Target, for limit: Duration,
    _ request: @escaping @Sendable (_ client: Int, _ count: Int) -> Request
  ) async throws -> Outcome {
    try await with(size, on: target) { crew in
      _ = try await crew.work(for: .zero, request)
      return try await crew.work(for: limit, request)
    }
  }

  private static func connect(
    to target: Target, _ group: MultiThreadedEventLoopGroup
  ) async throws -> any Channel {
    try await target.connect(group) { Member(target: target) }
  }

  /// Every client sends what `request` says for it and its number of requests, until `limit` has
  /// passed.
  func work(
    for limit: Duration, _ request: @escaping @Sendable (_ client: Int, _ count: Int) -> Request
  ) async throws -> Outcome {
    let start = ContinuousClock.now
    let end = start + limit
    let parts = channels.enumerated().map { client, channel in
      channel.eventLoop.flatSubmit {
        do {
          let member = try channel.pipeline.syncOperations.handler(type: Member.self)
          return try member.work(until: end) { request(client, $0) }
        } catch { return channel.eventLoop.makeFailedFuture(error) }
      }
    }
    var outcome = Outcome()
    for part in parts { outcome.add(try await part.get()) }
    outcome.elapsed = ContinuousClock.now - start
    if let refusal = outcome.refusal { throw Impatience(description: refusal) }
    return outcome
  }
}

extension Testbed {
  /// The server's REST API, as its administrator asks.
  func api() throws -> Crew.Target {
    let file = try ContextFile.read(path: "\(folder)/server/admin-context.yaml")
    guard let context = file.contexts.first,
      let port = Int(context.server.split(separator: ":").last ?? "")
    else { throw Impatience(description: "the server's context file is empty") }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Array(context.certificateAuthority.utf8)))
    tls.applicationProtocols = ["http/1.1"]
    return Crew.Target(
      host: Self.serverAddress, port: port, tls: try NIOSSLContext(configuration: tls),
      headers: [
        "host": "\(Self.serverAddress):\(port)", "authorization": "Bearer \(context.token)",
      ], answer: .ok)
  }
}

/// One client.
private final class Member: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private struct Shift {
    let end: ContinuousClock.Instant
    let request: (Int) -> Crew.Request
    let promise: EventLoopPromise<Crew.Outcome>
    var count = 0
    var sent = ContinuousClock.now
    var outcome = Crew.Outcome()
  }

  private let target: Crew.Target
  private var context: ChannelHandlerContext?
  private var shift: Shift?
  private var status = HTTPResponseStatus.ok

  init(target: Crew.Target) { self.target = target }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func work(
    until end: ContinuousClock.Instant, _ request: @escaping (Int) -> Crew.Request
  ) throws -> EventLoopFuture<Crew.Outcome> {
    guard let context, context.channel.isActive else { throw ChannelError.ioOnClosedChannel }
    let promise = context.eventLoop.makePromise(of: Crew.Outcome.self)
    shift = Shift(end: end, request: request, promise: promise)
    send(context)
    return promise.futureResult
  }

  private func send(_ context: ChannelHandlerContext) {
    guard var shift else { return }
    let request = shift.request(shift.count)
    shift.count += 1
    shift.sent = .now
    self.shift = shift
    var head = HTTPRequestHead(version: .http1_1, method: request.method, uri: request.path)
    head.headers = target.headers
    head.headers.add(name: "content-type", value: request.contentType)
    head.headers.add(name: "content-length", value: String(request.body.readableBytes))
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(request.body))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): status = head.status
    case .body: break
    case .end: answered(context)
    }
  }

  private func answered(_ context: ChannelHandlerContext) {
    let now = ContinuousClock.now
    guard let sent = shift?.sent, let end = shift?.end else { return }
    guard status == target.answer else {
      let refusal = "\(target.host):\(target.port) answered \(status)"
      shift?.outcome.refusal = refusal
      return finish()
    }
    shift?.outcome.latencies.add(now - sent)
    if now < end { send(context) } else { finish() }
  }

  private func finish() {
    guard let shift else { return }
    self.shift = nil
    shift.promise.succeed(shift.outcome)
  }

  func channelInactive(context: ChannelHandlerContext) {
    shift?.promise.fail(ChannelError.eof)
    shift = nil
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    shift?.promise.fail(error)
    shift = nil
    context.close(promise: nil)
  }
}
