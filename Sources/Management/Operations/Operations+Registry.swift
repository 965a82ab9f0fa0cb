import Documents
import Manifests
import Model
import Storage
import Streams

// The services of the registry: what agents observe, in the form of objects.

extension Operations {
  func registryObject(_ ref: ResourceRef) async throws -> StoredObject? {
    guard let organization = ref.parent, let name = ServiceName(fullName: ref.name),
      try await store.object(organization) != nil,
      let found = try await store.registered(name)
    else { return nil }
    let domains = try await trustDomains(of: [found], in: organization)
    return Self.object(found, in: organization, domains)
  }

  /// What is observed has no history: every page shows what there is when it is asked for.
  func registryPage(
    _ selection: Store.Selection, of organization: ResourceRef, limit: Int,
    after cursor: Store.Cursor?
  ) async throws -> Store.Page {
    let name = cursor.map { String($0.fqn.dropFirst(selection.collection.count + 1)) } ?? ""
    let found = try await store.registered(after: name, limit: limit + 1) { service in
      selection.selects(Self.object(service, in: organization, [:]))
    }
    let domains = try await trustDomains(of: found, in: organization)
    let objects = found.map { Self.object($0, in: organization, domains) }
    let revision = Revision(store.position.current.revision)
    guard objects.count > limit, let last = objects.prefix(limit).last else {
      return Store.Page(objects: objects, revision: revision, next: nil)
    }
    return Store.Page(
      objects: Array(objects.prefix(limit)), revision: revision,
      next: Store.Cursor(revision: revision, fqn: last.ref.fqn))
  }

  private func trustDomains(
    of services: [Store.RegisteredService], in organization: ResourceRef
  ) async throws -> [String: String] {
    let clusters = Set(services.flatMap(\.service.clusters.keys))
    return try await store.viewing { view in
      var domains: [String: String] = [:]
      for name in clusters {
        let ref = organization.child(.cluster, name)
        guard let stored = try view.object(ref),
          case .cluster(let cluster)? = Manifests.resource(
            from: stored.manifest, ref: ref, revision: stored.revision, created: stored.created
          ).value?.spec
        else { continue }
        domains[name] = cluster.trustDomain
      }
      return domains
    }
  }

  private static func object(
    _ found: Store.RegisteredService, in organization: ResourceRef, _ trustDomains: [String: String]
  ) -> StoredObject {
    let service = found.service
    return StoredObject(
      ref: organization.child(.service, service.fullName),
      manifest: service.manifest(in: organization.name, trustDomains: trustDomains),
      labels: service.labels, created: Revision(found.version), revision: Revision(found.version),
      createdAt: 0, updatedAt: 0)
  }
}
