import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL

extension Exchange {
  /// The largest answer that is read, in bytes.
  private static let largestAnswer = 64 << 20

  /// HTTPS to the server of a context. Only certificates of the context's own authorities count;
  /// nothing makes it trust any other, and nothing goes anywhere else by redirect.
  ///
  /// - Parameter patience: how long a connection may take to come about. A client that is done waits
  ///   for one that is under way.
  /// - Throws: `ClientError.unusableContext`
  package static func https(
    to context: ClientContext, timeout: Duration = .seconds(30),
    connecting patience: Duration = .seconds(5)
  ) throws -> Exchange {
    let server = try address(context.server)
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: try trust(context.certificateAuthority),
      redirectConfiguration: .disallow,
      timeout: .init(connect: TimeAmount(patience), read: .seconds(45)))
    configuration.networkFrameworkWaitForConnectivity = false
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let authorization = "Bearer \(context.token)"

    @Sendable func request(_ call: ServerCall) -> HTTPClientRequest {
      var request = HTTPClientRequest(url: server + call.target)
      request.method = HTTPMethod(rawValue: call.method.rawValue)
      request.headers.add(name: "authorization", value: authorization)
      request.headers.add(name: "user-agent", value: "rialto")
      for (name, value) in call.headers.sorted(by: { $0.key < $1.key }) {
        request.headers.add(name: name, value: value)
      }
      if let type = call.contentType {
        request.headers.add(name: "content-type", value: type)
        request.body = .bytes(call.body)
      }
      return request
    }

    @Sendable func answer(_ response: HTTPClientResponse) async throws -> ServerAnswer {
      let body = try await response.body.collect(upTo: largestAnswer)
      return ServerAnswer(status: Int(response.status.code), body: Array(body.readableBytesView))
    }

    return Exchange(
      send: { call in
        do {
          let response = try await client.execute(
            request(call), timeout: TimeAmount(timeout))
          return try await answer(response)
        } catch { throw clientError(error, server: server) }
      },
      stream: { call, receive in
        let response: HTTPClientResponse
        do {
          response = try await client.execute(request(call), deadline: .distantFuture)
          guard response.status == .ok else { return try await answer(response) }
        } catch { throw clientError(error, server: server) }
        var pieces = response.body.makeAsyncIterator()
        while true {
          let piece: ByteBuffer?
          do { piece = try await pieces.next() } catch {
            throw clientError(error, server: server)
          }
          guard let piece, try await receive(Array(piece.readableBytesView)) else { return nil }
        }
      },
      shutdown: { try? await client.shutdown() })
  }

  /// `https://HOST:PORT` without a slash at its end.
  static func address(_ text: String) throws -> String {
    let bytes = Array(text.utf8)
    let end = bytes.lastIndex { $0 != UInt8(ascii: "/") }.map { $0 + 1 } ?? 0
    let address = bytes[..<end]
    guard address.starts(with: "https://".utf8) else {
      throw ClientError.unusableContext("the server '\(text)' is no https:// address")
    }
    let host = address.dropFirst("https://".utf8.count)
    guard !host.isEmpty, host.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
    else { throw ClientError.unusableContext("the server '\(text)' is no https://HOST:PORT") }
    return String(decoding: address, as: UTF8.self)
  }

  private static func trust(_ authority: String) throws -> TLSConfiguration {
    let certificates: [NIOSSLCertificate]
    do { certificates = try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)) } catch {
      throw ClientError.unusableContext("its certificateAuthority is no certificate in PEM")
    }
    guard !certificates.isEmpty else {
      throw ClientError.unusableContext("its certificateAuthority holds no certificate")
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(certificates)
    configuration.certificateVerification = .fullVerification
    configuration.minimumTLSVersion = .tlsv12
    return configuration
  }

  private static func clientError(_ error: any Error, server: String) -> any Error {
    switch error {
    case is CancellationError, is ClientError: return error
    case let error as HTTPClientError where error == .cancelled: return CancellationError()
    case let error as HTTPClientError
    where error == .deadlineExceeded || error == .readTimeout:
      return ClientError.timedOut(server: server)
    case let error as HTTPClientError where error == .connectTimeout:
      return ClientError.unreachable(server: server, reason: "no connection in time")
    case let error as NIOSSLError:
      return ClientError.unreachable(server: server, reason: reason(error))
    case is NIOSSLExtraError:
      return ClientError.unreachable(
        server: server, reason: "its certificate is not for that host name")
    case is NIOTooManyBytesError:
      return ClientError.unintelligible("the answer is larger than 64 MiB")
    default: return ClientError.unreachable(server: server, reason: plain("\(error)"))
    }
  }

  /// What the system says about a connection, without the layers that it has come through.
  private static func plain(_ text: String) -> String {
    let known = [
      ("Connection refused", "nothing listens there (connection refused)"),
      ("No route to host", "there is no way to that host"),
      ("Network is unreachable", "there is no way to that network"),
      ("unknown(host", "no such host is known"),
    ]
    return known.first { text.utf8.containsRun($0.0.utf8) }?.1 ?? text
  }

  private static func reason(_ error: NIOSSLError) -> String {
    let text = "\(error)"
    let isDistrust = text.utf8.containsRun("CERTIFICATE_VERIFY_FAILED".utf8)
    return isDistrust
      ? "its certificate comes from no authority of the context" : "TLS failed: \(text)"
  }
}

extension TimeAmount {
  fileprivate init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
  }
}

extension Collection<UInt8> {
  fileprivate func containsRun(_ other: some Collection<UInt8>) -> Bool {
    var rest = self[...]
    while rest.count >= other.count {
      if rest.starts(with: other) { return true }
      rest = rest.dropFirst()
    }
    return false
  }
}
