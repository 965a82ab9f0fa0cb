import Access
import Documents
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import Model
import NIOCore
import Operations
import Publication
import Storage
import Telemetry

/// Answers every request: hygiene first, then the route, then who asks, then the use case.
struct APIResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let api: RestAPI
  private let watchers = WatcherCount()
  private let limits: RateLimits?
  private let shared: SharedNews
  /// Of all together who prove nothing: guessing gets slow, and nobody else does.
  private let strangers = RateLimits(.standard)

  init(api: RestAPI) {
    self.api = api
    shared = SharedNews(api.operations.publication)
    limits = api.settings.rateLimit.map { RateLimits($0) }
  }

  func respond(to request: Request, context: Context) async throws -> Response {
    let trace =
      Self.traceParent.flatMap { request.headers[$0] }.flatMap(TraceContext.init(traceparent:))
      ?? TraceContext()
    return try await TraceContext.$current.withValue(trace) {
      var response = try await answered(request)
      if let name = Self.traceResponse { response.headers[name] = trace.header }
      return response
    }
  }

  private static let traceParent = HTTPField.Name("traceparent")
  private static let traceResponse = HTTPField.Name("traceresponse")

  private func answered(_ request: Request) async throws -> Response {
    let path = request.uri.path
    var response: Response
    do {
      response = try await answer(request)
    } catch let problem as Problem {
      response = problem.response(instance: path)
    } catch let error as OperationError {
      response = Problem(error).response(instance: path)
    } catch is NIOTooManyBytesError {
      response = Call.tooLarge.response(instance: path)
    } catch let error as CancellationError {
      throw error
    } catch {
      // What it was is for the log; a client could only learn of our inside from it.
      api.logger.error("request failed", metadata: ["path": "\(path)", "error": "\(error)"])
      response = Problem(
        .internalServerError, .unexpected, "Internal error", "the server could not do this"
      ).response(instance: path)
    }
    if request.method == .head { response = response.createHeadResponse() }
    SecurityHeaders.add(to: &response)
    return response
  }

  private func answer(_ request: Request) async throws -> Response {
    try RequestShape.check(request)
    try checkHost(request)
    guard let route = Route(path: request.uri.path) else {
      throw Problem(.notFound, .missing, "Not found", "there is nothing at this path")
    }
    if request.method == .options {
      return Response(status: .noContent, headers: [.allow: route.allow])
    }
    guard route.methods.contains(request.method == .head ? .get : request.method) else {
      let reason =
        route.observedKind.map { "a \($0.title) is what agents observe, and nobody writes it" }
        ?? "\(request.method.rawValue) means nothing here"
      throw Problem(
        .methodNotAllowed, .method, "Method not allowed", "\(reason); allowed: \(route.allow)",
        headers: [.allow: route.allow])
    }
    let call = try Call(request, route: route, api.settings)
    switch route {
    case .open(let route):
      return try await respond(to: call, route)
    case .secured(let route):
      let principal = try principal(of: request)
      let verdict = try limits.map { try $0.admitted(principal.name) }
      let streams = try route == .watch || (call.query["watch"] != nil && call.flag("watch"))
      try call.checkAccept(
        streams ? ["text/event-stream"] : ["application/json", "application/problem+json"])
      var response = try await respond(to: call, route, as: principal)
      if let limits, let verdict { limits.note(verdict, in: &response.headers) }
      return response
    }
  }

  private func respond(to call: Call, _ route: OpenRoute) async throws -> Response {
    switch route {
    case .live: return health([])
    case .ready: return await readiness()
    case .openAPI: return Call.json(OpenAPI.document)
    case .file(let name): return try Dashboard.response(to: call, file: name)
    }
  }

  private func respond(
    to call: Call, _ route: SecuredRoute, as principal: Principal
  ) async throws -> Response {
    let operations = api.operations
    let streams = EventStream(
      operations: operations, count: watchers, shared: shared,
      longestQueue: api.settings.watchQueue)
    let objects = ObjectHandlers(operations: operations, principal: principal, streams: streams)
    let changes = ChangeHandlers(operations: operations, principal: principal)
    switch route {
    case .object(let ref):
      return try await objects.respond(to: call, ref)
    case .collection(let collection): return try await objects.respond(to: call, collection)
    case .apply: return try await objects.apply(call)
    case .plan: return try await objects.plan(call)
    case .status(let ref):
      let (object, status) = try await operations.status(principal, ref)
      return Call.json(
        Rendering.status(
          status, of: object, tree: try await operations.statusTree(principal, ref)))
    case .joinTokens(let cluster):
      guard try call.idempotencyKey == nil else {
        throw OperationError.malformed("a token is told once and not kept: ask for another")
      }
      if try call.flag("dryRun") {
        try await operations.checkJoining(principal, cluster: cluster)
        return Call.json(["cluster": .string(cluster.fqn), "dryRun": true])
      }
      let token = try await operations.issueJoinToken(principal, cluster: cluster)
      return Call.json(Rendering.joinToken(token), status: .created)
    case .changes: return try await changes.list(call)
    case .change(let revision): return try await changes.get(revision)
    case .rollback(let revision): return try await changes.rollBack(call, to: revision)
    case .lookupService: return try await changes.lookUpService(call)
    case .lookupSelector: return try await changes.lookUpSelector(call)
    case .agents:
      return Call.json([
        "items": .list(try operations.agents(principal).map(Rendering.agent)),
        "rejections": .list(try operations.rejections(principal).map(Rendering.rejection)),
      ])
    case .workloads, .proxies:
      let cluster = call.query["cluster"]
      let proxies = try operations.proxies(principal).filter {
        cluster == nil || $0.cluster == cluster
      }
      return Call.json(["items": .list(proxies.map(Rendering.proxy))])
    case .proxyConfiguration(let cluster, let nodeID):
      let json = try await operations.proxyConfiguration(
        principal, cluster: cluster, nodeID: nodeID)
      return Call.json(bytes: json)
    case .path:
      guard let from = call.query["from"], let to = call.query["to"] else {
        throw OperationError.malformed("a path has two ends: from and to")
      }
      return Call.json(Rendering.path(try operations.path(principal, from: from, to: to)))
    case .watch:
      return try streams.response(
        MeshSource(operations, principal, shared, after: streams.start(of: call)))
    }
  }

  // MARK: Who asks

  /// A server that answers to names it does not have can be used against its own users.
  private func checkHost(_ request: Request) throws {
    let host = Call.hostName(request.head.authority ?? "")
    guard api.settings.hosts.contains(host) else {
      throw Problem(
        .misdirectedRequest, .host, "Misdirected request",
        "this server does not answer to that host name; --advertise adds names")
    }
  }

  private func principal(of request: Request) throws -> Principal {
    let beginning = "Bearer "
    let value = request.headers[.authorization] ?? ""
    let token = String(decoding: value.utf8.dropFirst(beginning.utf8.count), as: UTF8.self)
    guard value.utf8.starts(with: beginning.utf8),
      let principal = try? api.operations.principal(bearing: token)
    else {
      _ = try strangers.admitted("anonymous")
      throw OperationError.unauthenticated
    }
    return principal
  }

  // MARK: Health

  /// Without a credential there is the verdict only.
  private func health(_ failed: [String]) -> Response {
    let isGood = failed.isEmpty
    return Call.json(
      ["status": .string(isGood ? "ok" : "unavailable")],
      status: isGood ? .ok : .serviceUnavailable)
  }

  private func readiness() async -> Response {
    var failed: [String] = []
    for check in api.checks where !(await check.passes()) { failed.append(check.name) }
    if !failed.isEmpty {
      api.logger.warning("not ready", metadata: ["failed": "\(failed.joined(separator: ","))"])
    }
    return health(failed)
  }
}
