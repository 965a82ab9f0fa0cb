package import Documents
package import Model

/// The server's REST API, as calls that answer or throw `ClientError`.
package struct ManagementClient: Sendable {
  package let exchange: Exchange

  package init(exchange: Exchange) { self.exchange = exchange }

  /// Opens a client for a context, and closes it when the work is done.
  ///
  /// - Parameters:
  ///   - trace: hears of every call and how it ended.
  ///   - patience: how long a connection may take to come about.
  package static func with<Result>(
    _ context: ClientContext, trace: Trace? = nil, connecting patience: Duration = .seconds(5),
    _ work: (ManagementClient) async throws -> Result
  ) async throws -> Result {
    var exchange = try Exchange.https(to: context, connecting: patience)
    if let trace { exchange = trace.around(exchange, to: context.server) }
    let client = ManagementClient(exchange: exchange)
    do {
      let result = try await work(client)
      await client.exchange.shutdown()
      return result
    } catch {
      await client.exchange.shutdown()
      throw error
    }
  }

  // MARK: Objects

  /// How much the server tells about an object.
  package enum View: String, Sendable {
    case basic
    /// With its status.
    case full
    /// With what holds where it is, inherited from above.
    case effective
  }

  package func object(_ ref: ResourceRef, view: View = .basic) async throws -> Document {
    try await get("/v2/\(ref.fqn)", query: Self.query(view))
  }

  /// Every object of a collection: `organizations/acme/clusters`.
  package func objects(
    in collection: String, labels: String? = nil, view: View = .basic
  ) async throws -> [Document] {
    var items: [Document] = []
    var next: String?
    repeat {
      var query = Self.query(view) + [("limit", "500")]
      if let labels { query.append(("labelSelector", labels)) }
      if let next { query.append(("continue", next)) }
      let page = try await get("/v2/\(collection)", query: query)
      items += try Self.items(of: page)
      next = page["continue"]?.string
    } while next != nil
    return items
  }

  package func status(of ref: ResourceRef) async throws -> Document {
    try await get("/v2/\(ref.fqn)/status")
  }

  /// Writes all objects of a text as one change.
  package func apply(
    _ text: [UInt8], contentType: String = "application/json", dryRun: Bool = false,
    on revision: Int64? = nil
  ) async throws -> Document {
    let query =
      (dryRun ? [("dryRun", "true")] : [])
      + (revision.map { [("revision", String($0))] } ?? [])
    return try await send(
      ServerCall(
        .post, Self.target("/v2/apply", query),
        contentType: contentType, body: text))
  }

  /// What writing all objects of a text would change.
  package func plan(_ text: [UInt8]) async throws -> Document {
    try await send(
      ServerCall(.post, "/v2/plan", contentType: "application/json", body: text))
  }

  /// Makes everything, or what is at and below an object, as it was at a revision.
  package func rollBack(
    to revision: Int64, below ref: ResourceRef? = nil, dryRun: Bool = false
  ) async throws -> Document {
    let query =
      (dryRun ? [("dryRun", "true")] : []) + (ref.map { [("object", $0.fqn)] } ?? [])
    return try await send(
      ServerCall(.post, Self.target("/v2/changes/\(revision)/rollback", query)))
  }

  /// Creates or replaces one object.
  package func put(
    _ ref: ResourceRef, _ manifest: Document, ifMatch etag: String? = nil, dryRun: Bool = false
  ) async throws -> Document {
    try await send(
      ServerCall(
        .put, Self.target("/v2/\(ref.fqn)", dryRun ? [("dryRun", "true")] : []),
        contentType: "application/json", body: manifest.canonicalJSON,
        headers: Self.ifMatch(etag)))
  }

  /// Creates an object; one that exists is a conflict.
  package func create(_ manifest: Document, in collection: String) async throws -> Document {
    try await send(
      ServerCall(
        .post, "/v2/\(collection)", contentType: "application/json",
        body: manifest.canonicalJSON))
  }

  /// - Parameter etag: only when the object is still that.
  package func delete(
    _ ref: ResourceRef, cascade: Bool = false, ifMatch etag: String? = nil, dryRun: Bool = false
  ) async throws -> Document {
    let query = (cascade ? [("cascade", "true")] : []) + (dryRun ? [("dryRun", "true")] : [])
    return try await send(
      ServerCall(.delete, Self.target("/v2/\(ref.fqn)", query), headers: Self.ifMatch(etag)))
  }

  // MARK: The rest

  /// A token with which an agent joins: `{token, expiresAt, command}`. Secret.
  package func joinToken(for cluster: ResourceRef) async throws -> Document {
    try await send(
      ServerCall(
        .post, "/v2/\(cluster.fqn)/tokens", contentType: "application/json",
        body: Document.object([:]).canonicalJSON))
  }

  /// Agents and what Envoys refuse: `{items, rejections}`.
  package func agents() async throws -> Document { try await get("/v2/agents") }

  package func workloads() async throws -> [Document] {
    try Self.items(of: try await get("/v2/workloads"))
  }

  package func proxies() async throws -> [Document] {
    try Self.items(of: try await get("/v2/proxies"))
  }

  /// The configuration of one proxy; the names may hold anything.
  package func proxyConfiguration(cluster: String, nodeID: String) async throws -> Document {
    try await get(
      "/v2/proxies/\(Self.encoded(cluster))/\(Self.encoded(nodeID))/config")
  }

  /// The namespaces and services that a selector such as `*/shop` selects now, and whose they are.
  package func namespaces(selectedBy terms: [String]) async throws -> Document {
    try await get("/v2/lookup/selector", query: [("names", terms.joined(separator: ","))])
  }

  /// Where a service runs, and which objects are about it.
  package func lookup(service: String) async throws -> Document {
    try await get("/v2/lookup/service", query: [("service", service)])
  }

  /// Whether the server itself says that it can serve.
  package func isReady() async throws -> Bool {
    try await get("/readyz")["status"]?.string == "ok"
  }

  /// The way between two places, as `rialto path` names them.
  package func path(from: String, to: String) async throws -> Document {
    try await get("/v2/path", query: [("from", from), ("to", to)])
  }

  /// The newest changes first, of an object and what is below it when one is named.
  package func changes(limit: Int, of ref: ResourceRef? = nil) async throws -> [Document] {
    let query = [("limit", String(limit))] + (ref.map { [("object", $0.fqn)] } ?? [])
    return try Self.items(of: try await get("/v2/changes", query: query))
  }

  package func change(_ revision: Int64) async throws -> Document {
    try await get("/v2/changes/\(revision)")
  }

  /// Hands over what happens after a revision (nil: from now on) until `false` is returned or the
  /// server ends the stream.
  package func watch(
    after revision: Int64? = nil,
    _ receive: @escaping @Sendable ([ServerEvent]) async throws -> Bool
  ) async throws {
    let query = revision.map { [("revision", String($0))] } ?? []
    let call = ServerCall(
      .get, Self.target("/v2/watch", query), headers: ["accept": "text/event-stream"])
    let parser = ParserBox()
    let refusal = try await exchange.stream(call) { bytes in
      let events: [ServerEvent]
      do { events = try parser.receive(bytes) } catch {
        throw ClientError.unintelligible("the event stream is broken")
      }
      return events.isEmpty ? true : try await receive(events)
    }
    if let refusal { _ = try Self.document(refusal) }
  }

  /// - Parameter path: of plain characters only.
  package func get(
    _ path: String, query: [(name: String, value: String)] = []
  ) async throws -> Document {
    try await send(ServerCall(.get, Self.target(path, query)))
  }

  /// The bytes of an answer, unread.
  /// - Parameter path: of plain characters only.
  package func answer(
    _ path: String, query: [(name: String, value: String)] = []
  ) async throws -> [UInt8] {
    let answer = try await exchange.send(ServerCall(.get, Self.target(path, query)))
    guard (200..<300).contains(answer.status) else { _ = try Self.document(answer); return [] }
    return answer.body
  }

  private func send(_ call: ServerCall) async throws -> Document {
    try Self.document(try await exchange.send(call))
  }

  // MARK: Texts

  private static func ifMatch(_ etag: String?) -> [String: String] {
    etag.map { ["if-match": "\"\($0)\""] } ?? [:]
  }

  private static func document(_ answer: ServerAnswer) throws -> Document {
    let document = try? JSONParser.document(from: answer.body)
    guard (200..<300).contains(answer.status) else {
      throw ClientError.refused(ProblemDetails(status: answer.status, body: document))
    }
    if let document { return document }
    guard answer.body.isEmpty else {
      throw ClientError.unintelligible("the answer is no JSON")
    }
    return .null
  }

  private static func items(of page: Document) throws -> [Document] {
    guard let items = page["items"]?.list else {
      throw ClientError.unintelligible("the answer has no items")
    }
    return items
  }

  private static func query(_ view: View) -> [(name: String, value: String)] {
    view == .basic ? [] : [("view", view.rawValue)]
  }

  private static func target(
    _ path: String, _ query: [(name: String, value: String)]
  ) -> String {
    guard !query.isEmpty else { return path }
    return path + "?" + query.map { "\($0.name)=\(encoded($0.value))" }.joined(separator: "&")
  }

  /// Percent-encoded but for the unreserved characters.
  static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: "_"), UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
