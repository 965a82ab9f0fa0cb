import Documents
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Operations
import Telemetry

/// An error as clients see it (RFC 9457).
struct Problem: Error {
  var status: HTTPResponse.Status
  /// Stable: `RL` and four digits.
  var code: String
  var title: String
  var detail: String
  var errors: [Diagnostic] = []
  var headers: HTTPFields = [:]

  /// The codes of everything that is wrong with a request rather than with what it carries.
  enum Code: String, CaseIterable {
    case malformed = "RL2400"
    case unauthenticated = "RL2401"
    case forbidden = "RL2403"
    case missing = "RL2404"
    case method = "RL2405"
    case notAcceptable = "RL2406"
    case tooSlow = "RL2408"
    case exists = "RL2409"
    case revisionGone = "RL2410"
    case hasChildren = "RL2411"
    case precondition = "RL2412"
    case preconditionRequired = "RL2428"
    case keyReused = "RL2416"
    case targetTooLong = "RL2417"
    case tooMany = "RL2429"
    case headerTooLarge = "RL2431"
    case tooLarge = "RL2413"
    case protected = "RL2414"
    case mediaType = "RL2415"
    case host = "RL2421"
    case rejected = "RL2422"
    case agentRefused = "RL2502"
    case busy = "RL2503"
    case agentAway = "RL2504"
    case unexpected = "RL2500"
  }

  init(
    _ status: HTTPResponse.Status, _ code: Code, _ title: String, _ detail: String,
    headers: HTTPFields = [:]
  ) {
    self.status = status
    self.code = code.rawValue
    self.title = title
    self.detail = detail
    self.headers = headers
  }

  /// The one place where errors become status codes.
  init(_ error: OperationError) {
    switch error {
    case .unauthenticated:
      self.init(
        .unauthorized, .unauthenticated, "Unauthenticated", "a valid API token is needed",
        headers: [.wwwAuthenticate: "Bearer realm=\"rialto\""])
    case .forbidden(let reason): self.init(.forbidden, .forbidden, "Forbidden", reason)
    case .missing(let what):
      self.init(.notFound, .missing, "Not found", "\(what) does not exist")
    case .exists(let ref):
      self.init(.conflict, .exists, "Exists already", "\(ref.text) exists already")
    case .preconditionFailed(let ref, let actual):
      let state = actual.map { "has revision \($0.number)" } ?? "does not exist"
      self.init(
        .preconditionFailed, .precondition, "Precondition failed",
        "\(ref.text) \(state); read it again and repeat the change on what is there now")
    case .contradictoryPreconditions(let ref):
      self.init(
        .badRequest, .malformed, "Malformed request",
        "\(ref.text): the header and the etag in the body disagree")
    case .preconditionRequired(let ref):
      self.init(
        .preconditionRequired, .preconditionRequired, "Precondition required",
        "\(ref.text) exists: say with If-Match, or with etag in the body, what it was when you read it"
      )
    case .moved(let planned, let actual):
      self.init(
        .preconditionFailed, .precondition, "Precondition failed",
        "the change was planned on revision \(planned.number), and there is \(actual.number) now; "
          + "plan it again")
    case .keyReused:
      self.init(
        .unprocessableContent, .keyReused, "Key reused",
        "that Idempotency-Key came with another request before; take a new one")
    case .hasChildren(let ref, let child):
      self.init(
        .conflict, .hasChildren, "In use",
        "\(ref.text) has children, such as \(child.fqn); delete them first, or ask for cascade=true"
      )
    case .protected(let ref):
      self.init(
        .conflict, .protected, "Protected",
        "\(ref.text) is protected against deletion; switch spec.deletionProtectionEnabled off first"
      )
    case .rejected(let diagnostics): self.init(rejecting: diagnostics)
    case .malformed(let detail):
      self.init(.badRequest, .malformed, "Malformed request", detail)
    case .revisionGone(let revision):
      self.init(
        .gone, .revisionGone, "Revision gone",
        "revision \(revision.number) is no longer what is there; start again from the beginning")
    case .agentAway(let cluster):
      self.init(
        .serviceUnavailable, .agentAway, "Agent away",
        "the agent of cluster \(cluster) is not connected")
    case .agentRefused(let reason):
      self.init(.badGateway, .agentRefused, "Refused by the agent", reason)
    case .busy(let what):
      self.init(.serviceUnavailable, .busy, "Busy", what, headers: [.retryAfter: "1"])
    }
  }

  private init(rejecting diagnostics: [Diagnostic]) {
    let errors = diagnostics.filter { $0.severity == .error }
    let isSyntax = !errors.isEmpty && errors.allSatisfy { $0.code == "RL1001" }
    self.init(
      isSyntax ? .badRequest : .unprocessableContent, .rejected, "Invalid object",
      errors.first?.text ?? "refused")
    code = errors.first?.code ?? Code.rejected.rawValue
    if errors.count > 1 { detail += ", and \(errors.count - 1) more" }
    self.errors = diagnostics
  }

  func response(instance: String) -> Response {
    var members: [String: Document] = [
      "type": .string("urn:rialto:problem:\(code)"), "title": .string(title),
      "status": .integer(Int64(status.code)), "detail": .string(detail),
      "instance": .string(instance), "code": .string(code),
    ]
    members["traceId"] = TraceContext.current.map { .string($0.traceID) }
    if !errors.isEmpty { members["errors"] = .list(errors.map(\.document)) }
    var headers = headers
    headers[.contentType] = "application/problem+json"
    return Response(
      status: status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: Document.object(members).canonicalJSON)))
  }
}

extension Diagnostic {
  var document: Document {
    var members: [String: Document] = [
      "severity": .string(severity.rawValue), "code": .string(code),
      "pointer": .string(path.pointer),
      "detail": .string(message),
    ]
    members["path"] = path.steps.isEmpty ? nil : .string(path.text)
    members["subject"] = subject.map(Document.string)
    members["file"] = file.map(Document.string)
    members["line"] = (mark?.line).map { .integer(Int64($0)) }
    members["column"] = (mark?.column).map { .integer(Int64($0)) }
    return .object(members)
  }
}
