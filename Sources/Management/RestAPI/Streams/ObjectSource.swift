import Access
import Documents
import Manifests
import Model
import Operations
import Storage
import Streams

/// `?watch=true`: the objects of a collection, or one object, and what becomes of them.
struct ObjectSource: EventSource {
  enum Target: Sendable {
    case object(ResourceRef)
    case collection(Collection, labels: [LabelRequirement], fields: [FieldRequirement])

    var kind: Kind {
      switch self {
      case .object(let ref): ref.kind
      case .collection(let collection, _, _): collection.kind
      }
    }
  }

  private let operations: Operations
  private let principal: Principal
  private let target: Target
  private let projection: Projection?
  private let texts: EventTexts
  /// nil until what is there has been told.
  private var told: Revision?

  private static let pageOfChanges = 100
  private static let pageOfObjects = 500

  /// - Parameters:
  ///   - projection: nil: all of every object.
  ///   - start: nil: first everything that is there.
  init(
    _ operations: Operations, _ principal: Principal, _ target: Target, _ projection: Projection?,
    _ shared: SharedNews, after start: Revision?
  ) {
    self.operations = operations
    self.principal = principal
    self.target = target
    self.projection = projection
    texts = shared.texts
    told = start
  }

  var followsReports: Bool { false }

  var revision: Revision {
    told ?? Revision(operations.store.position.current.revision)
  }

  mutating func news() async throws -> [ServerSentEvent] {
    guard let told else { return try await present() }
    var events: [ServerSentEvent] = []
    var reached = told
    while operations.store.position.current.revision > reached.number {
      let changes = try await operations.changes(
        principal, after: reached, limit: Self.pageOfChanges)
      for change in changes {
        events += self.events(of: change)
        reached = change.revision
      }
      if changes.count < Self.pageOfChanges { break }
    }
    // Who resumes need not go through what did not concern it again.
    if reached > told, events.last?.id != reached.number { events.append(Self.bookmark(reached)) }
    self.told = reached
    return events
  }

  private static func bookmark(_ revision: Revision) -> ServerSentEvent {
    ServerSentEvent(
      name: "bookmark", id: revision.number, data: ["revision": .integer(revision.number)])
  }

  private mutating func present() async throws -> [ServerSentEvent] {
    var objects: [StoredObject] = []
    let revision: Revision
    switch target {
    case .object(let ref):
      revision = Revision(operations.store.position.current.revision)
      objects = [try await operations.get(principal, ref)]
    case .collection(let collection, let labels, let fields):
      var page = try await operations.list(
        principal, collection, labels: labels, fields: fields, limit: Self.pageOfObjects)
      objects = page.objects
      revision = page.revision
      while let next = page.next {
        page = try await operations.list(
          principal, collection, labels: labels, fields: fields, limit: Self.pageOfObjects,
          after: next)
        objects += page.objects
      }
    }
    told = revision
    return objects.map { object in
      ServerSentEvent(
        name: "added", id: nil,
        data: [
          "revision": .integer(object.revision.number), "object": shown(Rendering.object(object)),
        ])
    } + [Self.bookmark(revision)]
  }

  /// The last event of a change alone has its revision as id: who lost the others gets all again.
  private func events(of change: StoredChange) -> [ServerSentEvent] {
    var events = change.steps.indices.compactMap { event(ofStep: $0, in: change) }
    if !events.isEmpty { events[events.count - 1].id = change.revision.number }
    return events
  }

  private func event(ofStep index: Int, in change: StoredChange) -> ServerSentEvent? {
    let step = change.steps[index]
    let wasIn = step.before.map { isMeant(step.ref, $0) } ?? false
    let isIn = step.after.map { isMeant(step.ref, $0) } ?? false
    // What no longer meets the selector is gone for who watches by it.
    let name: String
    switch (wasIn, isIn) {
    case (false, false): return nil
    case (false, true): name = "added"
    case (true, true): name = "modified"
    case (true, false): name = "deleted"
    }
    let revision = change.revision
    let document = { () -> Document in
      let manifest = (isIn ? step.after : step.before) ?? .null
      return [
        "revision": .integer(revision.number),
        "object": shown(Rendering.manifest(manifest, of: step.ref, at: revision)),
      ]
    }
    // Few ask for the same parts, and all who ask for the whole share it.
    guard projection == nil else {
      return ServerSentEvent(name: name, id: nil, data: document())
    }
    let text = texts.text(
      .object(revision: revision.number, step: index, isAfter: isIn), document)
    return ServerSentEvent(name: name, id: nil, data: text)
  }

  private func shown(_ object: Document) -> Document { projection?(object) ?? object }

  private func isMeant(_ ref: ResourceRef, _ manifest: Document) -> Bool {
    switch target {
    case .object(let wanted): return ref == wanted
    case .collection(let collection, let labels, let fields):
      guard ref.kind == collection.kind, ref.parent == collection.parent else { return false }
      if labels.isEmpty && fields.isEmpty { return true }
      let object = StoredObject(
        ref: ref, manifest: manifest, labels: Manifests.labels(of: manifest),
        created: Revision(0), revision: Revision(0), createdAt: 0, updatedAt: 0)
      return Store.Selection(collection: collection.fqn, labels: labels, fields: fields)
        .selects(object)
    }
  }
}
