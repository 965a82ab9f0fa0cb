package import Access
import Manifests
package import Model
import Storage

/// Which objects configure a service, and where it runs.
package struct ServiceLookup: Sendable {
  package struct Match: Hashable, Sendable {
    package var ref: ResourceRef
    /// The clusters in which it is about the service, sorted.
    package var clusters: [String]
  }

  package var service: ServiceName
  /// The clusters that report it, sorted.
  package var clusters: [String]
  /// Workspaces and groups that own its namespace, and what they say about it; parents first.
  package var matches: [Match]
}

/// What a selector of namespaces selects now.
package struct SelectorLookup: Sendable {
  package struct Namespace: Hashable, Sendable {
    package var cluster: String
    package var name: String
    /// Sorted.
    package var services: [String]
    /// The workspaces that select it already.
    package var owners: [ResourceRef]
  }

  package var namespaces: [Namespace]
  /// Workspaces whose selectors overlap with it, whether there is such a namespace or not.
  package var overlaps: [ResourceRef]
}

extension Operations {
  /// - Parameter cluster: only there; nil: wherever it runs.
  package func lookUp(
    _ principal: Principal, service: ServiceName, in cluster: String? = nil
  ) async throws -> ServiceLookup {
    try authorize(principal, to: .readFleet, on: nil)
    return try await store.viewingNewest { [index] view in
      let observed = try view.observedServices()
      let clusters = observed.filter {
        $0.service == service && (cluster == nil || $0.cluster == cluster)
      }.map(\.cluster)
      return try index.withCurrent(view) { current in
        // A service that nobody reports yet may be configured already.
        let places = clusters.isEmpty ? [cluster ?? ""] : clusters
        return ServiceLookup(
          service: service, clusters: clusters,
          matches: Self.matches(of: service, in: places, current))
      }
    }
  }

  private static func matches(
    of service: ServiceName, in clusters: [String], _ current: CurrentObjects
  ) -> [ServiceLookup.Match] {
    var found: [ResourceRef: [String]] = [:]
    for (ref, resource) in current.resources {
      guard let selector = resource.namespaceSelector else { continue }
      let places = clusters.filter { selector.selects(cluster: $0, namespace: service.namespace) }
      guard !places.isEmpty else { continue }
      found[ref] = places
      for child in current.descendants(of: ref) {
        guard child.parent == ref, let below = current.resources[child],
          below.concerns(service)
        else { continue }
        found[child] = places
      }
    }
    return found.sorted { $0.key < $1.key }.map { ref, clusters in
      ServiceLookup.Match(ref: ref, clusters: clusters.filter { !$0.isEmpty }.sorted())
    }
  }

  /// - Parameter terms: `*/shop`, `east/pay*`.
  package func lookUp(
    _ principal: Principal, selector terms: [String]
  ) async throws -> SelectorLookup {
    try authorize(principal, to: .readFleet, on: nil)
    let selector = NamespaceSelector(terms: try terms.map(Self.term))
    return try await store.viewingNewest { [index] view in
      var services: [String: [String: [String]]] = [:]
      for (cluster, service) in try view.observedServices()
      where selector.selects(cluster: cluster, namespace: service.namespace) {
        services[cluster, default: [:]][service.namespace, default: []].append(service.name)
      }
      let found = services
      return try index.withCurrent(view) { current in
        let workspaces = current.resources.filter { $0.key.kind == .workspace }
        func owners(_ isOwner: (NamespaceSelector) -> Bool) -> [ResourceRef] {
          workspaces.filter { $0.value.namespaceSelector.map(isOwner) ?? false }.keys.sorted()
        }
        let namespaces = found.sorted { $0.key < $1.key }.flatMap { cluster, namespaces in
          namespaces.sorted { $0.key < $1.key }.map { name, services in
            SelectorLookup.Namespace(
              cluster: cluster, name: name, services: services,
              owners: owners { $0.selects(cluster: cluster, namespace: name) })
          }
        }
        return SelectorLookup(
          namespaces: namespaces,
          overlaps: owners { other in
            selector.terms.contains { term in other.terms.contains(where: term.overlaps) }
          })
      }
    }
  }

  private static func term(_ text: String) throws -> NamespaceSelector.Term {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      throw OperationError.malformed("a selector is a list such as */shop,east/pay*")
    }
    return NamespaceSelector.Term(cluster: parts[0] == "*" ? nil : parts[0], namespace: parts[1])
  }
}

extension Resource {
  /// Whether an object inside a group says something about a service of the group's namespaces.
  fileprivate func concerns(_ service: ServiceName) -> Bool {
    switch spec {
    case .serviceRoute(let route): route.service == service
    case .gateway(let gateway):
      gateway.http.flatMap(\.rules).contains { rule in
        if case .service(service, _) = rule.action { true } else { false }
      }
        || (gateway.tls + gateway.tcp).contains { server in
          if case .service(service, _) = server.destination { true } else { false }
        }
    default: namespaceSelector == nil
    }
  }
}
