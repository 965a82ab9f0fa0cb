import ArgumentParser
import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// One service of the shop: says who it is and who called it, and calls its upstreams.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Serves one service of the shop.")

  @Option(help: "The name it answers with.") var service: String
  @Option(help: "The version it answers with.") var version = "v1"
  @Option(help: "The site it answers with.") var site = ""
  @Option(help: "ADDRESS:PORT to listen on.") var listen = "127.0.0.1:8080"
  @Option(help: "A URL that every request calls; may be given several times.") var call: [String] =
    []
  @Option(help: "Seconds that a call may take.") var timeout = 5.0

  func validate() throws {
    guard endpoint != nil else { throw ValidationError("--listen is ADDRESS:PORT") }
  }

  private var endpoint: (host: String, port: Int)? {
    guard let colon = listen.lastIndex(of: ":"),
      let port = Int(listen[listen.index(after: colon)...])
    else { return nil }
    return (String(listen[..<colon]), port)
  }

  func run() async throws {
    guard let endpoint else { return }
    let site = Site(
      service: service, version: version, site: site, upstreams: call,
      upstream: Upstream(timeout: timeout))
    let router = Router()
    router.get("healthz") { _, _ in "ok\n" }
    router.get("call") { request, _ in
      guard let url = request.uri.queryParameters["url"].map(String.init) else {
        return Response(status: .badRequest)
      }
      guard isMeshURL(url) else { return Response(status: .forbidden) }
      let called = await site.upstream.call(url, passing: request.headers)
      return answer(called.json, status: called.succeeded ? .ok : .failedDependency)
    }
    for method in [HTTPRequest.Method.get, .post] {
      router.on("/", method: method) { request, _ in await site.answer(to: request) }
      router.on("**", method: method) { request, _ in await site.answer(to: request) }
    }
    var logger = Logger(label: "shop")
    logger.logLevel = .error
    let application = Application(
      router: router,
      configuration: ApplicationConfiguration(
        address: .hostname(endpoint.host, port: endpoint.port), serverName: nil),
      logger: logger)
    try await application.runService()
  }
}

extension HTTPResponse.Status {
  /// Something that was called did not succeed. No 502: that would say that this instance cannot be
  /// reached, and proxies would leave it alone for a while.
  fileprivate static let failedDependency = HTTPResponse.Status(
    code: 424, reasonPhrase: "Failed Dependency")
}

/// Only the mesh is called on request, or the shop would be a proxy for anybody.
private func isMeshURL(_ text: String) -> Bool {
  guard let url = URL(string: text), url.scheme == "http", let host = url.host() else {
    return false
  }
  return Array(host.utf8).suffix(5) == Array(".mesh".utf8)
}

private func answer(_ body: JSON, status: HTTPResponse.Status) -> Response {
  Response(
    status: status, headers: [.contentType: "application/json"],
    body: ResponseBody(byteBuffer: ByteBuffer(string: body.line + "\n")))
}

private struct Site: Sendable {
  let service: String
  let version: String
  let site: String
  let upstreams: [String]
  let upstream: Upstream

  func answer(to request: Request) async -> Response {
    if let wait = request.uri.queryParameters["sleep"].flatMap({ Int($0) }), wait > 0 {
      try? await Task.sleep(for: .milliseconds(min(wait, 10_000)))
    }
    let headers = request.headers
    let calls = await withTaskGroup(of: (Int, Upstream.Called).self) { group in
      for (index, url) in upstreams.enumerated() {
        group.addTask { (index, await upstream.call(url, passing: headers)) }
      }
      var calls: [(Int, Upstream.Called)] = []
      for await call in group { calls.append(call) }
      return calls.sorted { $0.0 < $1.0 }.map(\.1)
    }
    let body = JSON.object([
      "service": .text(service), "version": .text(version), "site": .text(site),
      "path": .text(request.uri.path),
      "caller": HTTPField.Name("x-forwarded-client-cert")
        .flatMap { headers[$0] }.flatMap(callerURI).map(JSON.text) ?? .null,
      "upstream": .list(calls.map(\.json)),
    ])
    return shop.answer(body, status: calls.allSatisfy(\.succeeded) ? .ok : .failedDependency)
  }
}

/// The URI of the peer as the service's own sidecar saw it: the last element of the header, which
/// is the one that the nearest proxy wrote.
func callerURI(_ header: String) -> String? {
  var elements: [[String]] = [[""]]
  var isQuoted = false
  for byte in header.unicodeScalars {
    switch byte {
    case "\"": isQuoted.toggle()
    case "," where !isQuoted: elements.append([""])
    case ";" where !isQuoted: elements[elements.count - 1].append("")
    default:
      let element = elements.count - 1
      elements[element][elements[element].count - 1].unicodeScalars.append(byte)
    }
  }
  for pair in elements[elements.count - 1] {
    let parts = pair.split(separator: "=", maxSplits: 1)
    if parts.count == 2, parts[0].lowercased() == "uri" { return String(parts[1]) }
  }
  return nil
}

/// Calls other services on kept-alive connections.
struct Upstream: Sendable {
  struct Called: Sendable {
    var json: JSON
    var succeeded: Bool
  }

  let timeout: Double
  private static let maximumAnswer = 1 << 20

  func call(_ url: String, passing headers: HTTPFields) async -> Called {
    var request = HTTPClientRequest(url: url)
    for field in headers where isPassedOn(field.name.canonicalName) {
      request.headers.add(name: field.name.canonicalName, value: field.value)
    }
    do {
      let response = try await HTTPClient.shared.execute(
        request, timeout: .milliseconds(Int64(timeout * 1000)))
      let body = try await response.body.collect(upTo: Self.maximumAnswer)
      let succeeded = (200..<300).contains(Int(response.status.code))
      if let nested = JSON(bytes: body.readableBytesView), nested["service"] != nil {
        return Called(json: nested, succeeded: succeeded)
      }
      var described: [String: JSON] = [
        "url": .text(url), "status": .number(Double(response.status.code)),
      ]
      if !succeeded { described["error"] = .text(String(buffer: body.prefix(200))) }
      return Called(json: .object(described), succeeded: succeeded)
    } catch {
      return Called(
        json: .object(["url": .text(url), "status": .number(0), "error": .text("\(error)")]),
        succeeded: false)
    }
  }

  private func isPassedOn(_ name: String) -> Bool {
    if name == "traceparent" || name == "tracestate" { return true }
    return name.hasPrefix("x-") && !name.hasPrefix("x-forwarded-") && !name.hasPrefix("x-envoy-")
  }
}

extension ByteBuffer {
  fileprivate func prefix(_ count: Int) -> ByteBuffer {
    getSlice(at: readerIndex, length: min(count, readableBytes)) ?? self
  }
}
