import Documents
import Manifests
import Model

/// The paths of one kind: its collection, its objects, their status.
struct KindPaths {
  let kind: Kind

  private var key: String { OpenAPI.key(of: kind) }
  private var parents: ArraySlice<Kind> { kind.ancestry.dropLast() }

  private var collection: String {
    "/v2" + parents.map { "/\($0.collection)/{\($0.rawValue)}" }.joined() + "/\(kind.collection)"
  }

  /// An object that is the only one below its parent has no name.
  private var item: String { kind.isOnly ? collection : "\(collection)/{\(kind.rawValue)}" }

  var paths: [String: Document] {
    let outer = parents.map { Parameter.name($0.rawValue).document }
    let own =
      kind == .service
      ? Parameter.fullServiceName(kind.rawValue) : Parameter.name(kind.rawValue)
    let inner = kind.isOnly ? outer : outer + [own.document]
    if kind.isObserved {
      return [
        item: .object(["parameters": .list(inner), "get": read.document]),
        collection: .object(["parameters": .list(outer), "get": list.document]),
      ]
    }
    var paths: [String: Document] = [
      item: .object([
        "parameters": .list(inner), "get": read.document, "put": put.document,
        "patch": patch.document, "delete": delete.document,
      ]),
      "\(item)/status": .object([
        "parameters": .list(inner),
        "get": Operation(
          "get\(key)Status", "How far it, and all below it, has come: \(kind.summary)",
          answer: OpenAPI.schema("Status"), refusals: [404]
        ).document,
      ]),
    ]
    if !kind.isOnly {
      paths[collection] = .object([
        "parameters": .list(outer), "get": list.document, "post": create.document,
      ])
    }
    if kind == .cluster {
      paths["\(item)/tokens"] = .object([
        "parameters": .list(inner),
        "post": Operation(
          "issueJoinToken", "A token with which the cluster's agent joins, once",
          query: [.dryRun], answer: OpenAPI.schema("JoinToken"), refusals: [404]
        ).creating.document,
      ])
    }
    return paths
  }

  private var body: [String: Document] {
    [
      "application/json": OpenAPI.schema(key), "application/yaml": ["type": "string"],
    ]
  }

  private static func view(_ views: [ObjectHandlers.View]) -> Parameter {
    Parameter(
      "view", .choice(views.map(\.rawValue)),
      "full: with the status, and so without an ETag."
        + (views.contains(.effective)
          ? " effective: with what holds there, inherited from above, and who says so." : ""))
  }
  private static let fields = Parameter.text("fields", "Only these: metadata.name,spec.subsets.")
  private static let watch = Parameter(
    "watch", .boolean,
    "Answer with server-sent events: added, modified, deleted, bookmark. With fields=, their objects "
      + "have these alone; limit, continue and a view other than basic do not go with it.")

  private var list: Operation {
    var operation = Operation(
      "list\(key)", "List: \(kind.summary)",
      query: [
        .limit, .next, .text("labelSelector", "As in Kubernetes: app=web,tier in (a,b),!old."),
        .text(
          "fieldSelector",
          kind == .serviceRoute ? "metadata.name=… or spec.service=…." : "metadata.name=…."),
        Self.fields, Self.view(ObjectHandlers.View.ofLists), Self.watch, .since,
      ], header: [.lastEventID], answer: OpenAPI.list(key), refusals: [404, 410])
    // Trimmed objects are no whole ones.
    operation.answer = OpenAPI.trimmed(operation.answer)
    return operation
  }

  private var create: Operation {
    var operation = Operation(
      "create\(key)", "Create: \(kind.summary)", query: [.dryRun], body: body,
      answer: OpenAPI.schema("WriteResult"), refusals: Refusals.write, isRepeatable: true
    ).creating
    operation.links = links { $0 == kind ? "$request.body#/metadata/name" : nil }
    return operation
  }

  private var read: Operation {
    var operation = Operation(
      "get\(key)", "Read: \(kind.summary)",
      query: [Self.fields, Self.view(ObjectHandlers.View.ofObjects), Self.watch, .since],
      header: [.ifNoneMatch, .lastEventID], answer: OpenAPI.schema(key), refusals: [304, 404, 410])
    operation.answer = OpenAPI.trimmed(operation.answer, or: OpenAPI.schema("EffectiveObject"))
    return operation
  }

  private var put: Operation {
    var operation = Operation(
      "put\(key)", "Create or replace: \(kind.summary)", query: [.dryRun],
      header: [.ifMatch, .ifNoneMatch], body: body, answer: OpenAPI.schema("WriteResult"),
      refusals: Refusals.write
    ).creating
    operation.links = links { _ in nil }
    return operation
  }

  private var patch: Operation {
    Operation(
      "patch\(key)", "Change some fields (RFC 7396): \(kind.summary)", query: [.dryRun],
      header: [.ifMatch], body: ["application/merge-patch+json": ["type": "object"]],
      answer: OpenAPI.schema("WriteResult"), refusals: Refusals.write)
  }

  private var delete: Operation {
    Operation(
      "delete\(key)", "Delete: \(kind.summary)",
      query: [
        .dryRun, Parameter("cascade", .boolean, "With everything below it; else 409."),
      ], header: [.ifMatch], answer: OpenAPI.schema("WriteResult"), refusals: Refusals.write)
  }

  /// From a write to what can be done with the object then.
  private func links(_ place: (Kind) -> String?) -> [String: Document] {
    let parameters = Dictionary(
      uniqueKeysWithValues: kind.ancestry.filter { !$0.isOnly }.map { kind in
        (kind.rawValue, Document.string(place(kind) ?? "$request.path.\(kind.rawValue)"))
      })
    let targets = ["get\(key)", "get\(key)Status", "patch\(key)", "delete\(key)"]
    return Dictionary(
      uniqueKeysWithValues: targets.map { id in
        (id, ["operationId": .string(id), "parameters": .object(parameters)])
      })
  }
}

extension Operation {
  /// The same, where something may be created.
  var creating: Operation {
    var copy = self
    copy.creates = true
    return copy
  }
}

extension OpenAPI {
  /// With `fields=` the answer has a part of what it has otherwise.
  ///
  /// - Parameter other: what may come instead.
  static func trimmed(_ schema: Document, or other: Document? = nil) -> Document {
    [
      "anyOf": .list(
        [schema] + [other].compactMap { $0 } + [
          ["type": "object", "description": "With fields=, what was asked for."]
        ])
    ]
  }
}
