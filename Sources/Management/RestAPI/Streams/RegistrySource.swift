import Access
import Documents
import Model
import Operations
import Storage
import Streams

/// `?watch=true` of what agents observe. There is no history of it: a watcher is told what there is,
/// and then what differs from what it was told; one that comes back is told everything again.
struct RegistrySource: EventSource {
  private let operations: Operations
  private let principal: Principal
  private let target: ObjectSource.Target
  private let projection: Projection?
  /// By FQN; nil: nothing yet.
  private var told: [String: Document]?
  /// The version of the inventory that was looked at last.
  private var inventory: Int64 = -1

  private static let pageOfObjects = 500

  /// - Parameter projection: nil: all of every object. What it leaves out is no news.
  init(
    _ operations: Operations, _ principal: Principal, _ target: ObjectSource.Target,
    _ projection: Projection? = nil
  ) {
    self.operations = operations
    self.principal = principal
    self.target = target
    self.projection = projection
  }

  var followsReports: Bool { false }

  var revision: Revision { Revision(operations.store.position.current.revision) }

  mutating func news() async throws -> [ServerSentEvent] {
    let position = operations.store.position.current
    guard told == nil || position.inventory != inventory else { return [] }
    inventory = position.inventory
    let now = try await present()
    let before = told ?? [:]
    var events: [ServerSentEvent] = []
    for (fqn, object) in now.sorted(by: { $0.key < $1.key }) where before[fqn] != object {
      events.append(event(before[fqn] == nil ? "added" : "modified", object))
    }
    for (fqn, object) in before.sorted(by: { $0.key < $1.key }) where now[fqn] == nil {
      events.append(event("deleted", object))
    }
    if told == nil {
      events.append(
        ServerSentEvent(
          name: "bookmark", id: position.revision,
          data: ["revision": .integer(position.revision)]))
    }
    told = now
    return events
  }

  private func event(_ name: String, _ object: Document) -> ServerSentEvent {
    ServerSentEvent(
      name: name, id: nil, data: ["revision": .integer(revision.number), "object": object])
  }

  private func present() async throws -> [String: Document] {
    var objects: [StoredObject] = []
    switch target {
    case .object(let ref):
      // It may come and go while it is watched.
      do { objects = [try await operations.get(principal, ref)] } catch OperationError.missing {}
    case .collection(let collection, let labels, let fields):
      var next: Store.Cursor?
      repeat {
        let page = try await operations.list(
          principal, collection, labels: labels, fields: fields, limit: Self.pageOfObjects,
          after: next)
        objects += page.objects
        next = page.next
      } while next != nil
    }
    return Dictionary(
      objects.map { object in
        let document = Rendering.object(object)
        return (object.ref.fqn, projection?(document) ?? document)
      }, uniquingKeysWith: { first, _ in first })
  }
}
