/// One request to the server, without what every request has.
package struct ServerCall: Hashable, Sendable {
  package enum Method: String, Hashable, Sendable {
    case get = "GET"
    case put = "PUT"
    case post = "POST"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  package var method: Method
  /// The path and query below the server's address: `/v2/organizations/acme?view=full`.
  package var target: String
  package var contentType: String?
  package var body: [UInt8]
  package var headers: [String: String]

  package init(
    _ method: Method, _ target: String, contentType: String? = nil, body: [UInt8] = [],
    headers: [String: String] = [:]
  ) {
    self.method = method
    self.target = target
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }
}

package struct ServerAnswer: Hashable, Sendable {
  package var status: Int
  package var body: [UInt8]

  package init(status: Int, body: [UInt8]) {
    self.status = status
    self.body = body
  }
}

/// How calls get to a server; `HTTPExchange` makes the real one.
package struct Exchange: Sendable {
  package var send: @Sendable (ServerCall) async throws -> ServerAnswer
  /// Hands over the body of a 200 as it comes, until `false` is returned; any other answer is
  /// returned at once.
  package var stream:
    @Sendable (ServerCall, @escaping @Sendable ([UInt8]) async throws -> Bool) async throws ->
      ServerAnswer?
  package var shutdown: @Sendable () async -> Void

  package init(
    send: @escaping @Sendable (ServerCall) async throws -> ServerAnswer,
    stream:
      @escaping @Sendable (ServerCall, @escaping @Sendable ([UInt8]) async throws -> Bool)
      async throws -> ServerAnswer?,
    shutdown: @escaping @Sendable () async -> Void = {}
  ) {
    self.send = send
    self.stream = stream
    self.shutdown = shutdown
  }
}
