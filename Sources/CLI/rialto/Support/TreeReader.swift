import Documents
import ManagementClient
import Model

/// Reads collections of the tree from the root down, each at most once.
struct TreeReader: Sendable {
  let session: Session
  let parents: ParentOptions
  let view: ManagementClient.View

  /// What was read without a selection, by collection.
  private var collections: [String: [FoundObject]] = [:]

  init(session: Session, parents: ParentOptions, view: ManagementClient.View) {
    self.session = session
    self.parents = parents
    self.view = view
  }

  /// Every object of the kinds below the known parents, sorted.
  mutating func objects(of kinds: [Kind], labels: String?) async throws -> [FoundObject] {
    var found: [FoundObject] = []
    for kind in kinds {
      for parent in try await places(of: kind) {
        found += try await read(kind, below: parent, labels: labels)
      }
    }
    // A named organization is the only one that is meant.
    let organization = parents.organization
    return found.filter {
      $0.ref.kind != .organization || organization == nil || $0.ref.name == organization
    }.sorted { $0.ref < $1.ref }
  }

  /// What has collections of a kind: the named parents, or all there are. nil: the root.
  private mutating func places(of kind: Kind) async throws -> [ResourceRef?] {
    guard let parent = kind.parent else { return [nil] }
    let name = parents.name(of: parent, in: session.context)
    var found: [ResourceRef?] = []
    for above in try await places(of: parent) {
      if let name {
        found.append(above?.child(parent, name) ?? ResourceRef(parent, [name]))
      } else {
        found += try await read(parent, below: above, labels: nil).map(\.ref)
      }
    }
    return found
  }

  private mutating func read(
    _ kind: Kind, below parent: ResourceRef?, labels: String?
  ) async throws -> [FoundObject] {
    let collection = parent.map { "\($0.fqn)/\(kind.collection)" } ?? kind.collection
    // Kinds that share a collection are still asked for one by one.
    let key = "\(kind.rawValue) \(collection)"
    if labels == nil, let known = collections[key] { return known }
    let items: [Document]
    do {
      // Where there is at most one, it stands in the place of the collection.
      items =
        if let parent, kind.isOnly {
          try await only(parent.child(kind, kind.collection), labels: labels)
        } else {
          try await session.client.objects(in: collection, labels: labels, view: view)
        }
    } catch ClientError.refused(let problem)
      where problem.status == 404 && (kind.isOnly || kind.parent != .organization)
    {
      // A named parent that is not there has nothing below it, unless it is the only one looked into.
      items = []
    }
    let found = try items.map { item in
      guard let fqn = item[["metadata", "fqn"]]?.string, let ref = ResourceRef(fqn: fqn) else {
        throw ClientError.unintelligible("an object in \(collection) has no path")
      }
      return FoundObject(ref: ref, document: item)
    }
    if labels == nil { collections[key] = found }
    return found
  }

  /// Labels select in collections only, and this is none.
  private func only(_ ref: ResourceRef, labels: String?) async throws -> [Document] {
    labels == nil ? [try await session.client.object(ref, view: view)] : []
  }
}
