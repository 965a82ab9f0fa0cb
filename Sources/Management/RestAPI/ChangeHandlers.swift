import Access
import Documents
import Foundation
import Hummingbird
import Manifests
import Model
import Operations
import Storage

/// What was changed, taking it back, and what configures what.
struct ChangeHandlers {
  let operations: Operations
  let principal: Principal

  func list(_ call: Call) async throws -> Response {
    let limit = try call.limit(default: 50)
    let before = try call.query["continue"].map(Continuation.revision)
    let changes = try await operations.changes(
      principal, before: before, matching: try filter(call), limit: limit)
    var members: [String: Document] = ["items": .list(changes.map(Rendering.change))]
    if changes.count == limit, let last = changes.last, last.change.revision.number > 1 {
      members["continue"] = .string(Continuation.text(String(last.change.revision.number)))
    }
    return Call.json(.object(members))
  }

  func get(_ revision: Revision) async throws -> Response {
    let followed = try await operations.change(principal, revision)
    return Call.json(
      Rendering.fullChange(followed, proxies: try operations.proxies(principal)))
  }

  func rollBack(_ call: Call, to revision: Revision) async throws -> Response {
    let root = try object(call)
    return try await Repeatable(call).answer { once in
      WriteAnswer(
        document: Rendering.result(
          try await operations.rollBack(
            principal, to: revision, below: root, mode: call.mode, once: once)))
    } remembering: {
      WriteAnswer(document: Rendering.result($0))
    }
  }

  private func filter(_ call: Call) throws -> Store.ChangeFilter {
    var filter = Store.ChangeFilter()
    filter.below = try object(call)
    filter.kind = try call.query["kind"].map { word in
      guard let kind = Kind(rawValue: word) ?? Manifests.kinds(named: word).first else {
        throw OperationError.malformed("there is no such kind")
      }
      return kind
    }
    filter.actor = call.query["actor"]
    filter.since = try call.query["since"].map(Self.time)
    return filter
  }

  /// The object that a query names; its descendants are meant, too.
  private func object(_ call: Call) throws -> ResourceRef? {
    try call.query["object"].map { fqn in
      guard let ref = ResourceRef(fqn: fqn) else {
        throw OperationError.malformed("object is an FQN such as organizations/acme/tenants/web")
      }
      return ref
    }
  }

  /// RFC 3339, as answers have it, in milliseconds since 1970.
  private static func time(_ text: String) throws -> Int64 {
    for style in [
      Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
    ] {
      if let date = try? Date(text, strategy: style) {
        return Int64((date.timeIntervalSince1970 * 1000).rounded())
      }
    }
    throw OperationError.malformed("since is a time such as 2026-11-26T08:00:00Z")
  }

  // MARK: Lookups

  func lookUpService(_ call: Call) async throws -> Response {
    let text = call.query["service"] ?? ""
    guard let service = Self.service(text) else {
      throw OperationError.malformed(
        "service is NAMESPACE/NAME, or the FQN of a service of the registry")
    }
    return Call.json(
      Rendering.lookup(
        try await operations.lookUp(principal, service: service, in: call.query["cluster"])))
  }

  private static func service(_ text: String) -> ServiceName? {
    if let ref = ResourceRef(fqn: text) {
      return ref.kind == .service ? ServiceName(fullName: ref.name) : nil
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    return ServiceName(namespace: parts[0], name: parts[1])
  }

  func lookUpSelector(_ call: Call) async throws -> Response {
    let terms = (call.query["names"] ?? "").split(
      separator: ",", omittingEmptySubsequences: false
    ).map { Call.trimmedOnly($0.utf8) }
    return Call.json(
      Rendering.lookup(try await operations.lookUp(principal, selector: terms)))
  }
}
