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
  let streams: EventStream

  private static let texts: [String: TextFormatName] = [
    "application/json": .json, "application/yaml": .yaml,
  ]

  func respond(to call: Call, _ ref: ResourceRef) async throws -> Response {
    switch call.request.method {
    case .put:
      let text = try await call.body(Self.texts)
      let result = try await operations.put(
        principal, ref, text, expecting: call.precondition, mode: call.mode)
      return Self.written(result, ref).response
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
      return Self.written(result, ref).response
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
      return try await Repeatable(call, text).answer { once in
        let result = try await operations.create(
          principal, in: collection, text, mode: call.mode, once: once)
        return Self.written(result, result.results.first?.ref)
      } remembering: {
        Self.written($0, $0.results.first?.ref)
      }
    }
    let labels = try LabelSelector.requirements(call.query["labelSelector"])
    let fields = try FieldSelector.requirements(call.query["fieldSelector"], of: collection.kind)
    if try call.flag("watch") {
      try await operations.check(principal, collection)
      return try watch(call, .collection(collection, labels: labels, fields: fields))
    }
    try Self.checkIsNoWatch(call)
    let isFull = try view(call, among: View.ofLists) == .full
    let projection = try Projection(call.query["fields"])
    let limit = try call.limit(default: 100)
    let cursor = try call.query["continue"].map { try Continuation.cursor($0, in: collection) }
    if !isFull, projection == nil, !collection.kind.isObserved {
      let page = try await operations.listTexts(
        principal, collection, labels: labels, fields: fields, limit: limit, after: cursor)
      return Call.json(
        bytes: try Rendering.page(
          page, next: page.next.map { Continuation.text($0, in: collection) }))
    }
    let page = try await operations.list(
      principal, collection, labels: labels, fields: fields, limit: limit, after: cursor)
    var members: [String: Document] = [
      "items": .list(
        page.objects.map { object in
          let document = Rendering.object(
            object,
            status: isFull && !object.ref.kind.isObserved ? operations.status(of: object) : nil)
          return projection?(document) ?? document
        }),
      "revision": .integer(page.revision.number),
    ]
    members["continue"] = page.next.map { .string(Continuation.text($0, in: collection)) }
    return Call.json(.object(members))
  }

  func apply(_ call: Call) async throws -> Response {
    let text = try await call.body(Self.texts)
    let base = try call.query["revision"].map { text in
      guard let number = Int64(text), number >= 0 else {
        throw OperationError.malformed("revision is the one that the change was planned on")
      }
      return Revision(number)
    }
    return try await Repeatable(call, text).answer { once in
      WriteAnswer(
        document: Rendering.result(
          try await operations.apply(
            principal, text, skipsForeign: call.flag("skipUnknown"), mode: call.mode, once: once,
            on: base)))
    } remembering: {
      WriteAnswer(document: Rendering.result($0))
    }
  }

  /// The dry run of an apply under a name of its own.
  func plan(_ call: Call) async throws -> Response {
    let text = try await call.body(Self.texts)
    return Call.json(
      Rendering.result(
        try await operations.apply(
          principal, text, skipsForeign: call.flag("skipUnknown"), mode: .dryRun)))
  }

  private func get(_ call: Call, _ ref: ResourceRef) async throws -> Response {
    let projection = try Projection(call.query["fields"])
    let view = try view(call, among: View.ofObjects)
    let object = try await operations.get(principal, ref)
    if try call.flag("watch") { return try watch(call, .object(ref)) }
    try Self.checkIsNoWatch(call)
    // What comes from elsewhere changes without a new revision, so the tag must not cover it.
    var document: Document?
    switch view {
    case .basic: break
    case .full where ref.kind.isObserved: break
    case .full: document = Rendering.object(object, status: operations.status(of: object))
    case .effective: document = Rendering.effective(try await operations.effective(principal, ref))
    }
    if let document { return Call.json(projection?(document) ?? document) }
    let tag = "\"\(object.revision.number)\""
    if call.isKnown(tag: tag) { return Response(status: .notModified, headers: [.eTag: tag]) }
    let basic = Rendering.object(object)
    return Call.json(projection?(basic) ?? basic, headers: [.eTag: tag])
  }

  // MARK: Watching

  private func watch(_ call: Call, _ target: ObjectSource.Target) throws -> Response {
    for name in ["limit", "continue"] where call.query[name] != nil {
      throw OperationError.malformed(
        "\(name) is for pages, and a watch tells of everything; leave one of the two out")
    }
    guard try view(call, among: View.ofObjects) == .basic else {
      throw OperationError.malformed(
        "a watch tells of what is written, and what a view adds changes without a write: read the "
          + "object with view= when /v2/watch tells of something new")
    }
    let projection = try Projection(call.query["fields"])
    let start = try streams.start(of: call)
    if target.kind.isObserved {
      return try streams.response(RegistrySource(operations, principal, target, projection))
    }
    return try streams.response(
      ObjectSource(operations, principal, target, projection, streams.shared, after: start))
  }

  private static func checkIsNoWatch(_ call: Call) throws {
    guard call.query["revision"] != nil else { return }
    throw OperationError.malformed(
      "revision is where a watch goes on, and needs watch=true; /v2/changes/REVISION tells of one")
  }

  /// How much is told about an object.
  enum View: String {
    case basic
    /// With its status.
    case full
    /// With what holds where it is.
    case effective

    static let ofObjects: [View] = [.basic, .full, .effective]
    /// What holds at every object of a list would be a list without an end.
    static let ofLists: [View] = [.basic, .full]
  }

  private func view(_ call: Call, among known: [View]) throws -> View {
    guard let text = call.query["view"] else { return .basic }
    guard let view = View(rawValue: text), known.contains(view) else {
      let hint = text == View.effective.rawValue ? "; effective is for one object" : ""
      throw OperationError.malformed(
        "view is \(known.map(\.rawValue).joined(separator: " or ")) here\(hint)")
    }
    return view
  }

  private static func written(_ result: WriteResult, _ ref: ResourceRef?) -> WriteAnswer {
    var answer = WriteAnswer(document: Rendering.result(result))
    let outcome = result.results.first { $0.ref == ref }
    if let object = outcome?.object, !result.isDryRun {
      answer.headers["ETag"] = "\"\(object.revision.number)\""
    }
    guard outcome?.outcome == .created, !result.isDryRun, let ref else { return answer }
    answer.status = .created
    answer.headers["Location"] = "/v2/\(ref.fqn)"
    return answer
  }
}
