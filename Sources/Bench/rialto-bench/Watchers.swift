import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Many clients that each follow one stream of server-sent events, on one thread.
final class Watchers: Sendable {
  /// What one of them heard.
  struct Heard: Sendable {
    /// When each revision came; they come in order.
    var arrivals: [(revision: Int64, at: ContinuousClock.Instant)] = []
    /// Revisions that came again, or after a later one.
    var disorder = 0
    var isOpen = false
    /// It was refused, or cut off.
    var isOver = false
  }

  private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
  private let heard: Mutex<[Heard]>

  private init(count: Int) { heard = Mutex(Array(repeating: Heard(), count: count)) }

  /// Opens a stream for each path, and closes all when the work is done.
  static func with<Result>(
    _ paths: [String], on target: Crew.Target, _ work: (Watchers) async throws -> Result
  ) async throws -> Result {
    let watchers = Watchers(count: paths.count)
    do {
      for (index, path) in paths.enumerated() {
        _ = try await target.connect(watchers.group) {
          Stream(path: path, headers: target.headers) { change in
            watchers.heard.withLock { change(&$0[index]) }
          }
        }
      }
      try await rialto_bench.wait(for: "all streams") {
        watchers.current.allSatisfy { $0.isOpen || $0.isOver }
      }
      let result = try await work(watchers)
      try await watchers.group.shutdownGracefully()
      return result
    } catch {
      try? await watchers.group.shutdownGracefully()
      throw error
    }
  }

  var current: [Heard] { heard.withLock { $0 } }
}

/// One of them: picks the `id:` lines out of the stream and understands nothing else of it.
private final class Stream: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let path: String
  private let headers: HTTPHeaders
  private let note: ((inout Watchers.Heard) -> Void) -> Void
  /// The beginning of the line that is coming, as far as it may matter.
  private var line: [UInt8] = []
  private var last: Int64 = 0

  init(
    path: String, headers: HTTPHeaders,
    note: @escaping ((inout Watchers.Heard) -> Void) -> Void
  ) {
    self.path = path
    self.headers = headers
    self.note = note
  }

  func channelActive(context: ChannelHandlerContext) {
    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path)
    head.headers = headers
    head.headers.add(name: "accept", value: "text/event-stream")
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      note {
        $0.isOpen = head.status == .ok
        $0.isOver = head.status != .ok
      }
    case .body(let body): read(body)
    case .end: note { $0.isOver = true }
    }
  }

  private func read(_ body: ByteBuffer) {
    let now = ContinuousClock.now
    for byte in body.readableBytesView {
      guard byte == UInt8(ascii: "\n") else {
        // `id: ` and the digits of a number.
        if line.count < 24 { line.append(byte) }
        continue
      }
      if line.starts(with: "id: ".utf8),
        let revision = Int64(String(decoding: line.dropFirst(4), as: UTF8.self))
      {
        let isLater = revision > last
        last = max(last, revision)
        note { heard in
          if isLater { heard.arrivals.append((revision, now)) } else { heard.disorder += 1 }
        }
      }
      line.removeAll(keepingCapacity: true)
    }
  }

  func channelInactive(context: ChannelHandlerContext) { note { $0.isOver = true } }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    note { $0.isOver = true }
    context.close(promise: nil)
  }
}
