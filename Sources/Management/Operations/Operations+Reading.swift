package import Access
package import Model
package import Storage

extension Operations {
  package func get(_ principal: Principal, _ ref: ResourceRef) async throws -> StoredObject {
    try authorize(principal, to: .read, on: ref)
    let found =
      ref.kind.isObserved ? try await registryObject(ref) : try await store.object(ref)
    guard let object = found else {
      throw OperationError.missing(what: ref.text)
    }
    return object
  }

  package func list(
    _ principal: Principal, _ collection: Collection, labels: [LabelRequirement] = [],
    fields: [FieldRequirement] = [], limit: Int, after cursor: Store.Cursor? = nil
  ) async throws -> Store.Page {
    try await check(principal, collection)
    let selection = Store.Selection(collection: collection.fqn, labels: labels, fields: fields)
    do {
      if collection.kind.isObserved, let parent = collection.parent {
        return try await registryPage(selection, of: parent, limit: limit, after: cursor)
      }
      return try await store.list(selection, limit: limit, after: cursor)
    } catch let error as StoreError { throw OperationError(error) }
  }

  /// The same without reading the manifests.
  package func listTexts(
    _ principal: Principal, _ collection: Collection, labels: [LabelRequirement] = [],
    fields: [FieldRequirement] = [], limit: Int, after cursor: Store.Cursor? = nil
  ) async throws -> Store.PageOf<ListedObject> {
    try await check(principal, collection)
    do {
      return try await store.listTexts(
        Store.Selection(collection: collection.fqn, labels: labels, fields: fields), limit: limit,
        after: cursor)
    } catch let error as StoreError { throw OperationError(error) }
  }

  /// Whether the principal may list the collection, and whether there is one.
  package func check(_ principal: Principal, _ collection: Collection) async throws {
    try authorize(principal, to: .read, on: collection.parent)
    if let parent = collection.parent, try await store.object(parent) == nil {
      throw OperationError.missing(what: parent.text)
    }
  }
}
