private import GRPCCore
package import GRPCNIOTransportHTTP2Posix
package import Identity
private import NIOCore

package struct TransportProblem: Error, Hashable, CustomStringConvertible {
  package let description: String
}

/// How large and how many things on a mutual TLS server may be.
package struct ServerLimits: Hashable, Sendable {
  /// Bytes of one message of a client. The first request after a reconnect lists everything held.
  package var requestSize: Int
  /// Per connection.
  package var streams: Int

  package init(requestSize: Int = 16 << 20, streams: Int = 16) {
    self.requestSize = requestSize
    self.streams = streams
  }
}

/// A gRPC server transport on `host` (an address) that lets in whom `peers` says, TLS 1.3 only.
/// Binding happens in `serve()`, whose error says why it failed.
///
/// What is written goes out at once, here and at the clients: a connection carries one stream that
/// matters, so to wait a tenth of a millisecond for more, as is usual, gathers nothing and costs a
/// timer for each message.
/// - Parameter refused: is told of every peer turned away in the handshake; the peer itself learns
///   nothing but the end of the connection.
package func mutualTLSServer(
  host: String, port: Int, credentials: CredentialSource, peers: PeerPolicy,
  limits: ServerLimits = ServerLimits(), refused: @escaping @Sendable (Refusal) -> Void = { _ in }
) throws -> HTTP2ServerTransport.Posix {
  guard credentials.configuration != nil else {
    throw TransportProblem(description: "the server's own certificate or key cannot be read")
  }
  guard isAddress(host) else {
    throw TransportProblem(description: "\(host) is not an address to listen on")
  }
  let verification = PeerVerification(
    peers: peers, role: .client, expecting: nil, refused: refused)
  return HTTP2ServerTransport.Posix(
    address: host.utf8.contains(UInt8(ascii: ":"))
      ? .ipv6(host: host, port: port) : .ipv4(host: host, port: port),
    transportSecurity: try .mTLS(certificateReloader: credentials) { tls in
      tls.requireALPN = true
      tls.clientCertificateVerification = .noHostnameVerification
      tls.customVerificationCallback = { verification($0, $1) }
      tls.trustRoots = nobody
    },
    config: .defaults { config in
      // A peer that vanished is noticed within 40 s; clients ask every 30 s.
      config.connection.keepalive.time = .seconds(30)
      config.connection.keepalive.timeout = .seconds(10)
      config.connection.keepalive.clientBehavior = .init(
        minPingIntervalWithoutCalls: .seconds(10), allowWithoutCalls: true)
      config.connection.flushCoalescing = nil
      config.http2.maxConcurrentStreams = limits.streams
      config.rpc.maxRequestPayloadSize = limits.requestSize
      config.channelDebuggingCallbacks.onBindTCPListener = { listener in
        // The default of 128 resets some of a fleet that connects at once.
        listener.setOption(.backlog, value: 4096)
      }
      config.channelDebuggingCallbacks.onAcceptTCPConnection = { connection in
        connection.eventLoop.makeCompletedFuture {
          try ConnectionGuard.install(on: connection, handshakeWithin: .seconds(5))
          try FlushLimit.install(on: connection)
        }
      }
    })
}

/// Whom TLS itself trusts: `PeerVerification` decides instead. The default reads all authorities of
/// the system for every transport, which takes milliseconds and a mebibyte.
private let nobody = TLSConfig.TrustRootsSource.certificates([])

/// How many bytes may be under way to a client: a little less than the room that TLS doubles to, so
/// that what it adds still fits.
package enum FlowWindow {
  /// Within a site: a hundred mebibytes per second at half a millisecond.
  package static let nearby = 56 << 10
  /// Across a wide-area network: four mebibytes per second at 50 milliseconds.
  package static let faraway = 224 << 10
}

/// A gRPC client transport to `host` (a name or an address) that talks to whom `peers` says, and if
/// `expecting` is set, to that identity only. Host names are not compared with the certificate.
/// It reconnects by itself, waiting little more than a second at most: to be refused costs both sides
/// next to nothing, and how soon an outage is over for everybody depends on it.
/// - Parameters:
///   - window: how many bytes the server may send before it is told that they have been read. TLS of
///     the server gathers as much, and keeps the room for as long as the connection lasts: with the
///     8 MiB that are usual, a thousand clients that were once sent a mebibyte keep a gibibyte.
///   - refused: is told of every server turned away in the handshake.
package func mutualTLSClient(
  host: String, port: Int, credentials: CredentialSource, peers: PeerPolicy, expecting: SPIFFEID?,
  window: Int = FlowWindow.nearby,
  refused: @escaping @Sendable (Refusal) -> Void = { _ in }
) throws -> HTTP2ClientTransport.Posix {
  guard credentials.configuration != nil else {
    throw TransportProblem(description: "the client's own certificate or key cannot be read")
  }
  let verification = PeerVerification(
    peers: peers, role: .server, expecting: expecting, refused: refused)
  let security = try HTTP2ClientTransport.Posix.TransportSecurity.mTLS(
    certificateReloader: credentials
  ) { tls in
    tls.serverCertificateVerification = .noHostnameVerification
    tls.customVerificationCallback = { verification($0, $1) }
    tls.trustRoots = nobody
  }
  let config = HTTP2ClientTransport.Posix.Config.defaults { config in
    config.http2.targetWindowSize = window
    config.connection.flushCoalescing = nil
    config.connection.keepalive = .init(
      time: .seconds(30), timeout: .seconds(10), allowWithoutCalls: true)
    config.backoff = .init(
      initial: .milliseconds(100), max: .seconds(1), multiplier: 1.6, jitter: 0.2)
  }
  if isAddress(host) {
    return host.utf8.contains(UInt8(ascii: ":"))
      ? try HTTP2ClientTransport.Posix(
        target: .ipv6(address: host, port: port), transportSecurity: security, config: config)
      : try HTTP2ClientTransport.Posix(
        target: .ipv4(address: host, port: port), transportSecurity: security, config: config)
  }
  return try HTTP2ClientTransport.Posix(
    target: .dns(host: host, port: port), transportSecurity: security, config: config)
}
