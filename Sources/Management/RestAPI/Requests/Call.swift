import Documents
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Manifests
import Model
import NIOCore
import Operations
import Storage

/// A request with its query and headers taken apart.
struct Call {
  static let largestBody = 1 << 20

  let request: Request
  let query: [String: String]
  private let bodyLimit: Duration
  private let demandsPreconditions: Bool

  init(_ request: Request, route: Route, _ settings: RestAPI.Settings) throws {
    self.request = request
    bodyLimit = settings.bodyLimit
    demandsPreconditions = settings.demandsPreconditions
    let allowed = route.parameters(for: request.method)
    var query: [String: String] = [:]
    for (name, value) in request.uri.queryParameters {
      let name = String(name)
      guard allowed.contains(name) else {
        let known = allowed.sorted().joined(separator: ", ")
        throw OperationError.malformed(
          "there is no query parameter of that name here; known: \(known.isEmpty ? "none" : known)")
      }
      guard query.updateValue(String(value), forKey: name) == nil else {
        throw OperationError.malformed("the query parameter \(name) is there twice")
      }
    }
    self.query = query
  }

  // MARK: Query

  func flag(_ name: String) throws -> Bool {
    switch query[name] {
    case nil, "false"?: return false
    case "true"?, ""?: return true
    default: throw OperationError.malformed("\(name) is true or false")
    }
  }

  var mode: Store.Mode { get throws { try flag("dryRun") ? .dryRun : .write } }

  func limit(default standard: Int) throws -> Int {
    guard let text = query["limit"] else { return standard }
    guard let limit = Int(text), (1...500).contains(limit) else {
      throw OperationError.malformed("limit is a number from 1 to 500")
    }
    return limit
  }

  // MARK: Body

  static let tooLarge = Problem(
    .contentTooLarge, .tooLarge, "Too large", "a body has at most 1 MiB; split it")

  private static let tooSlow = Problem(
    .requestTimeout, .tooSlow, "Too slow", "the body did not come in time")

  /// The body, when its type is one of `types`; the type comes first, so that nothing is read in vain.
  func body(_ types: [String: TextFormatName]) async throws -> Operations.Text {
    guard let format = types[mediaType] else {
      let known = types.keys.sorted().joined(separator: ", ")
      throw Problem(
        .unsupportedMediaType, .mediaType, "Unsupported media type", "send one of: \(known)",
        headers: [.accept: known])
    }
    if let length = request.headers[.contentLength].flatMap({ Int($0) }),
      length > Self.largestBody
    {
      throw Self.tooLarge
    }
    return Operations.Text(bytes: try await bodyBytes(), format: format, file: query["file"])
  }

  /// Idle connections are closed below; one that trickles is not idle.
  private func bodyBytes() async throws -> [UInt8] {
    let (body, bodyLimit) = (request.body, bodyLimit)
    return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      group.addTask {
        Array(try await body.collect(upTo: Self.largestBody).readableBytesView)
      }
      group.addTask {
        try await Task.sleep(for: bodyLimit)
        return nil
      }
      defer { group.cancelAll() }
      guard let bytes = try await group.next() ?? nil else { throw Self.tooSlow }
      return bytes
    }
  }

  /// The content type without parameters; a character set other than UTF-8 makes it unknown.
  private var mediaType: String {
    let parts = (request.headers[.contentType] ?? "").utf8.split(
      separator: UInt8(ascii: ";"), omittingEmptySubsequences: false
    ).map(Self.trimmedLowercase)
    let isUTF8 = parts.dropFirst().allSatisfy { $0 == "charset=utf-8" || $0.isEmpty }
    return isUTF8 ? parts.first ?? "" : ""
  }

  static func trimmedLowercase(_ text: some Sequence<UInt8>) -> String {
    let space: Set<UInt8> = [0x20, 0x09]
    let bytes = text.drop { space.contains($0) }.map { byte in
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
    }
    let end = bytes.lastIndex { !space.contains($0) }.map { $0 + 1 } ?? 0
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  /// Without the spaces around it.
  static func trimmedOnly(_ text: some Sequence<UInt8>) -> String {
    let bytes = Array(text.drop { $0 == 0x20 })
    let end = bytes.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  /// The host of an authority, without port and brackets, in lower case.
  static func hostName(_ authority: String) -> String {
    let bytes = Array(trimmedLowercase(authority.utf8).utf8)
    if bytes.first == UInt8(ascii: "["), let end = bytes.firstIndex(of: UInt8(ascii: "]")) {
      return String(decoding: bytes[1..<end], as: UTF8.self)
    }
    let end = bytes.lastIndex(of: UInt8(ascii: ":")) ?? bytes.count
    return String(decoding: bytes[..<end], as: UTF8.self)
  }

  // MARK: Headers

  /// What the client accepts must contain one of the types that we send.
  func checkAccept(_ offered: [String]) throws {
    guard let accept = request.headers[.accept] else { return }
    let accepted = accept.utf8.split(separator: UInt8(ascii: ",")).compactMap { entry in
      let parts = entry.split(separator: UInt8(ascii: ";")).map(Self.trimmedLowercase)
      return parts.dropFirst().contains { $0 == "q=0" || $0.hasPrefix("q=0.0") } ? nil : parts.first
    }
    let fits = accepted.contains { entry in
      entry == "*/*" || offered.contains(entry)
        || offered.contains { $0.split(separator: "/").first.map { "\($0)/*" } == entry }
    }
    guard fits else {
      throw Problem(
        .notAcceptable, .notAcceptable, "Not acceptable",
        "this answers with \(offered.joined(separator: " or "))")
    }
  }

  /// What `If-Match` and `If-None-Match` say about a write.
  var precondition: Precondition {
    get throws {
      switch (request.headers[.ifMatch], request.headers[.ifNoneMatch]) {
      case (nil, nil): return demandsPreconditions ? .demanded : .none
      case (nil, "*"?): return .absent
      case ("*"?, nil): return .present
      case (let tag?, nil):
        guard let etag = Self.unquoted(tag) else {
          throw OperationError.malformed("If-Match is one quoted etag, or *")
        }
        return Precondition(etag: etag)
      case (nil, _?): throw OperationError.malformed("If-None-Match on a write is *")
      case (_?, _?):
        throw OperationError.malformed("If-Match and If-None-Match exclude each other")
      }
    }
  }

  /// What the client calls this request, so that it can send it again without doing it again.
  var idempotencyKey: String? {
    get throws {
      guard let key = HTTPField.Name("Idempotency-Key").flatMap({ request.headers[$0] }) else {
        return nil
      }
      guard (1...255).contains(key.utf8.count),
        key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
      else {
        throw OperationError.malformed("an Idempotency-Key is 1 to 255 visible ASCII characters")
      }
      return key
    }
  }

  /// Where a client that lost its event stream wants to go on.
  var lastEventID: String? {
    HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
  }

  /// Whether the client has the representation with this tag already.
  func isKnown(tag: String) -> Bool {
    guard let known = request.headers[.ifNoneMatch] else { return false }
    return known == "*"
      || known.utf8.split(separator: UInt8(ascii: ",")).contains { entry in
        Self.trimmedLowercase(entry) == tag
      }
  }

  private static func unquoted(_ tag: String) -> String? {
    let bytes = Array(tag.utf8)
    let quote = UInt8(ascii: "\"")
    guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else { return nil }
    let inner = bytes.dropFirst().dropLast()
    return inner.contains(quote) ? nil : String(decoding: inner, as: UTF8.self)
  }

  // MARK: Answers

  static func json(
    _ document: Document, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    json(bytes: document.canonicalJSON, status: status, headers: headers)
  }

  static func json(
    bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var headers = headers
    headers[.contentType] = "application/json"
    return Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
