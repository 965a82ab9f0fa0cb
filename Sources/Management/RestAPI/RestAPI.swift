package import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
package import Logging
package import NIOCore
import NIOSSL
package import Operations
package import SecureTransport

/// The HTTP interface of the server: Operations over HTTPS, and the dashboard.
package struct RestAPI: Sendable {
  package struct Settings: Sendable {
    package var host: String
    /// 0 takes a free one.
    package var port: Int
    /// The names and addresses by which clients may call this server, without ports.
    package var hosts: Set<String>
    /// How long a client may take for the TLS handshake.
    package var handshakeLimit = Duration.seconds(5)
    /// How long a client may take to send a body.
    package var bodyLimit = Duration.seconds(30)
    /// How many requests each principal may send; nil: as many as they like, because each of them
    /// is an administrator. Whoever proves nothing is limited anyway.
    package var rateLimit: RateLimit?
    /// Whether writes to objects that exist have to say what they were when they were read.
    package var demandsPreconditions = false
    /// How many changes a watcher may fall behind before it is cut off.
    package var watchQueue = 1_000
    /// More connections wait to be accepted: each costs memory, and anybody may open one.
    package var connectionLimit = 2_000

    /// `localhost` and the loopback addresses are always among the hosts.
    package init(host: String, port: Int, hosts: some Sequence<String>) {
      self.host = host
      self.port = port
      self.hosts = Set(hosts).union(["localhost", "127.0.0.1", "::1"])
    }
  }

  /// Something that must be so before the server says that it is ready.
  package struct ReadinessCheck: Sendable {
    package var name: String
    package var passes: @Sendable () async -> Bool

    package init(name: String, passes: @escaping @Sendable () async -> Bool) {
      self.name = name
      self.passes = passes
    }
  }

  let operations: Operations
  let settings: Settings
  let checks: [ReadinessCheck]
  let logger: Logger

  package init(
    operations: Operations, settings: Settings, checks: [ReadinessCheck] = [], logger: Logger
  ) {
    self.operations = operations
    self.settings = settings
    self.checks = checks
    self.logger = logger
  }

  /// The service to run; it presents what `credentials` holds at the moment. nil is for tests that
  /// drive it without a socket.
  ///
  /// `onRunning` gets the bound address.
  package func application(
    credentials: CredentialSource?,
    onRunning: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
  ) throws -> some ApplicationProtocol {
    Application(
      responder: APIResponder(api: self),
      server: try credentials.map(server) ?? .http1(),
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port), serverName: nil,
        availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionLimit)),
      onServerRunning: { channel in await onRunning(channel.localAddress) },
      logger: logger)
  }

  /// HTTP/2 and HTTP/1.1 over TLS, with the limits of a server that anybody may connect to.
  private func server(_ credentials: CredentialSource) throws -> HTTPServerBuilder {
    var tls = try credentials.serverConfiguration()
    tls.minimumTLSVersion = .tlsv12
    var streams = HTTP1Channel.Configuration()
    // Event streams send something more often than that.
    streams.idleTimeout = .seconds(60)
    // A multiple of what is served, so that who sends somewhat too much hears why.
    streams.httpDecoder = .init(
      maxHeaderFieldSize: RequestShape.largestField * 4,
      maxHeaderListSize: RequestShape.largestHeader * 4,
      maxHeaderFieldCount: RequestShape.mostFields * 4)
    let limits = HTTP2UpgradeChannel.Configuration(
      idleTimeout: .seconds(60), gracefulCloseTimeout: .seconds(5), streamConfiguration: streams)
    let configured = tls
    let handshakeLimit = settings.handshakeLimit
    return HTTPServerBuilder { responder in
      HandshakeLimitedChannel(
        base: try HTTP2UpgradeChannel(
          tlsConfiguration: configured, configuration: limits, responder: responder),
        limit: TimeAmount(handshakeLimit))
    }
  }
}
