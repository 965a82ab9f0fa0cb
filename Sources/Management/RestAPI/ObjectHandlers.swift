import Access
import Documents
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Manifests
import Model
import Operations
import Storage

/// Objects and collections of them.
struct ObjectHandlers {
  let operations: Operations
  let principal: Principal

  private static let texts: [String: TextFormatName] = [
    "application/json": .json, "application/yaml": .yaml,
  ]

  func respond(to call: Call, _ ref: ResourceRef) async throws -> Response {
    switch call.request.method {
    case .put:
      let text = try await call.body(Self.texts)
      let result = try await operations.put(
        principal, ref, text, expecting: call.precondition, mode: call.mode)
      return written(result, ref)
    case .patch:
      let text = try await call.body(["application/merge-patch+json": .json])
      let patch: Document
      do { patch = try JSONParser.document(from: text.bytes) } catch {
        throw OperationError.rejected([
          Diagnostic(
            code: ManifestCode.syntax.rawValue, mark: error.mark,
            message: "no valid JSON: \(error.message)")
        ])
      }
      let result = try await operations.patch(
        principal, ref, patch, expecting: call.precondition, mode: call.mode)
      return written(result, ref)
    case .delete:
      let result = try await operations.delete(
        principal, ref, cascade: call.flag("cascade"), expecting: call.precondition,
        mode: call.mode)
      return Call.json(Rendering.result(result))
    default: return try await get(call, ref)
    }
  }

  func respond(to call: Call, _ collection: Collection) async throws -> Response {
    if call.request.method == .post {
      let text = try await call.body(Self.texts)
      let result = try await operations.create(principal, in: collection, text, mode: call.mode)
      return written(result, result.results.first?.ref)
    }
    let isFull = try isFull(call)
    let page = try await operations.list(
      principal, collection, labels: try LabelSelector.requirements(call.query["labelSelector"]),
      limit: try call.limit(default: 100),
      after: try call.query["continue"].map { try cursor($0, collection) })
    var members: [String: Document] = [
      "items": .list(
        page.objects.map { object in
          Rendering.object(object, status: isFull ? operations.status(of: object) : nil)
        }),
      "revision": .integer(page.revision.number),
    ]
    if let next = page.next {
      let name = next.fqn.utf8.dropFirst(collection.fqn.utf8.count + 1)
      members["continue"] = .string(
        "\(next.revision.number).\(String(decoding: name, as: UTF8.self))")
    }
    return Call.json(.object(members))
  }

  func apply(_ call: Call) async throws -> Response {
    let text = try await call.body(Self.texts)
    let result = try await operations.apply(principal, text, mode: call.mode)
    return Call.json(Rendering.result(result))
  }

  private func get(_ call: Call, _ ref: ResourceRef) async throws -> Response {
    let object = try await operations.get(principal, ref)
    // Status changes without a new revision, so the tag must not cover it.
    if try isFull(call) {
      return Call.json(Rendering.object(object, status: operations.status(of: object)))
    }
    let tag = "\"\(object.revision.number)\""
    if call.isKnown(tag: tag) { return Response(status: .notModified, headers: [.eTag: tag]) }
    return Call.json(Rendering.object(object), headers: [.eTag: tag])
  }

  private func isFull(_ call: Call) throws -> Bool {
    switch call.query["view"] {
    case nil, "basic"?: return false
    case "full"?: return true
    default: throw OperationError.malformed("view is basic or full")
    }
  }

  private func written(_ result: WriteResult, _ ref: ResourceRef?) -> Response {
    var headers: HTTPFields = [:]
    let outcome = result.results.first { $0.ref == ref }
    if let object = outcome?.object, !result.isDryRun {
      headers[.eTag] = "\"\(object.revision.number)\""
    }
    let isNew = outcome?.outcome == .created && !result.isDryRun
    if isNew, let ref { headers[.location] = "/v2/\(ref.fqn)" }
    return Call.json(
      Rendering.result(result), status: isNew ? .created : .ok, headers: headers)
  }

  /// `<revision>.<last name>`, as an earlier page said.
  private func cursor(_ text: String, _ collection: Collection) throws -> Store.Cursor {
    let parts = text.split(separator: ".", maxSplits: 1)
    guard parts.count == 2, let number = Int64(parts[0]), number >= 0 else {
      throw OperationError.malformed("continue is not what an answer said")
    }
    return Store.Cursor(revision: Revision(number), fqn: "\(collection.fqn)/\(parts[1])")
  }
}

/// `app=web,tier!=db,canary,!old`, as in Kubernetes.
enum LabelSelector {
  static func requirements(_ text: String?) throws -> [LabelRequirement] {
    guard let text, !text.isEmpty else { return [] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map { term in
      let term = Call.trimmedOnly(term.utf8)
      if term.utf8.first == UInt8(ascii: "!") {
        return .absent(try key(String(term.dropFirst())))
      }
      if let range = term.firstRange(of: "!=") {
        return .differs(
          try key(String(term[..<range.lowerBound])), String(term[range.upperBound...]))
      }
      if let range = term.firstRange(of: "==") ?? term.firstRange(of: "=") {
        return .equals(
          try key(String(term[..<range.lowerBound])), String(term[range.upperBound...]))
      }
      return .exists(try key(term))
    }
  }

  private static func key(_ text: String) throws -> String {
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw OperationError.malformed("labelSelector is a list such as app=web,tier!=db,canary,!old")
    }
    return text
  }
}
