private import Hummingbird
private import Logging
private import NIOCore

/// One address with a few texts to read: readiness, or metrics.
struct StatusServer: Sendable {
  struct Page: Sendable {
    var isGood: Bool
    var text: String
  }

  let host: String
  let port: Int
  let pages: [String: @Sendable () async -> Page]

  func run() async throws {
    let router = Router()
    for (path, page) in pages {
      router.get(RouterPath(path)) { _, _ in
        let page = await page()
        return Response(
          status: page.isGood ? .ok : .serviceUnavailable,
          headers: [.contentType: "text/plain; version=0.0.4"],
          body: ResponseBody(byteBuffer: ByteBuffer(string: page.text)))
      }
    }
    var quiet = Logger(label: "status")
    quiet.logLevel = .error
    let application = Application(
      router: router,
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), serverName: nil),
      logger: quiet)
    try await application.run()
  }
}
