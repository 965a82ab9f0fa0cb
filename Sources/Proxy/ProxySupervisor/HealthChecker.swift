private import AsyncHTTPClient
package import Logging
private import NIOCore
private import NIOHTTP1
private import NIOPosix
package import Streams

/// Asks the application on loopback how it is.
package struct HealthChecker<C: Clock<Duration>>: Sendable {
  package static var interval: Duration { .seconds(2) }
  /// Until the application has answered once: it is starting, and traffic waits for it.
  package static var eagerInterval: Duration { .milliseconds(250) }
  private static var patience: Duration { .seconds(1) }

  private let ask: @Sendable () async -> Bool
  private let clock: C
  private let logger: Logger
  package let isHealthy = Latest(false)

  package init(asking ask: @escaping @Sendable () async -> Bool, clock: C, logger: Logger) {
    self.ask = ask
    self.clock = clock
    self.logger = logger
  }

  package init(_ probe: HealthProbe, clock: C, logger: Logger) {
    self.init(asking: { await Self.succeeds(probe) }, clock: clock, logger: logger)
  }

  package func run() async {
    var verdict = HealthVerdict()
    var hasAnswered = false
    while !Task.isCancelled {
      let succeeded = await ask()
      hasAnswered = hasAnswered || succeeded
      if verdict.record(succeeded) {
        logger.notice("the application's health changed", metadata: ["healthy": "\(succeeded)"])
        isHealthy.publish(verdict.isHealthy)
      }
      try? await clock.sleep(for: hasAnswered ? Self.interval : Self.eagerInterval)
    }
  }

  private static func succeeds(_ probe: HealthProbe) async -> Bool {
    let limit = TimeAmount(patience)
    switch probe {
    case .tcp(let port):
      let channel = try? await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .connectTimeout(limit).connect(host: "127.0.0.1", port: port).get()
      guard let channel else { return false }
      channel.close(promise: nil)
      return true
    case .http(let port, let path):
      var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
      request.headers.add(name: "connection", value: "close")
      guard let response = try? await HTTPClient.shared.execute(request, timeout: limit) else {
        return false
      }
      return (200..<400).contains(response.status.code)
    }
  }
}
