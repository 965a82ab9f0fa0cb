/// One piece of what a cluster must have: the unit in which blueprints are computed, compared,
/// delivered, quarantined and reported on. Nothing in it is shaped like Envoy or Istio.
package enum BlueprintItem: Hashable, Sendable, Codable {
  /// The cluster itself: who it is.
  case site(SitePlan)
  /// A service that workloads of this cluster may call or provide.
  case service(ServicePlan)
  /// What holds for the workloads of one namespace, as callers and as callees.
  case namespace(NamespacePlan)
  /// What holds for the workloads of one service instead.
  case workloads(WorkloadsPlan)
  /// What the gateways that a selector matches let in or out.
  case gateway(GatewayPlan)
  /// Whose certificates this cluster believes.
  case trust(TrustPlan)
  /// Another cluster, and the way to it.
  case peer(PeerPlan)

  package var key: ItemKey {
    switch self {
    case .site: .site
    case .service(let plan): .service(namespace: plan.namespace, name: plan.name)
    case .namespace(let plan): .namespace(plan.namespace)
    case .workloads(let plan): .workloads(namespace: plan.namespace, service: plan.service)
    case .gateway(let plan): .gateway(plan.fqn)
    case .trust: .trust
    case .peer(let plan): .peer(plan.cluster)
    }
  }
}

/// The name of an item within one cluster's blueprint.
package enum ItemKey: Hashable, Sendable, Comparable {
  case site
  case trust
  case namespace(String)
  case workloads(namespace: String, service: String)
  case service(namespace: String, name: String)
  /// The FQN of the Gateway object.
  case gateway(String)
  /// The name of the other cluster.
  case peer(String)

  /// `service/shop/orders`, `namespace/shop`, `gateway/organizations/…`, `site`, `trust`.
  package var text: String {
    switch self {
    case .site: "site"
    case .trust: "trust"
    case .namespace(let namespace): "namespace/\(namespace)"
    case .workloads(let namespace, let service): "workloads/\(namespace)/\(service)"
    case .service(let namespace, let name): "service/\(namespace)/\(name)"
    case .gateway(let fqn): "gateway/\(fqn)"
    case .peer(let cluster): "peer/\(cluster)"
    }
  }

  package init?(text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("site", 1): self = .site
    case ("trust", 1): self = .trust
    case ("namespace", 2): self = .namespace(String(parts[1]))
    case ("gateway", 2): self = .gateway(String(parts[1]))
    case ("peer", 2): self = .peer(String(parts[1]))
    case ("service", 2), ("workloads", 2):
      let names = parts[1].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard names.count == 2 else { return nil }
      self =
        parts[0] == "service"
        ? .service(namespace: names[0], name: names[1])
        : .workloads(namespace: names[0], service: names[1])
    default: return nil
    }
  }

  package static func < (left: ItemKey, right: ItemKey) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

/// An object that an item or a resource came from, and the revision at which it was last written.
package struct Source: Hashable, Sendable, Comparable, Codable {
  package var fqn: String
  package var revision: Int64

  package init(fqn: String, revision: Int64) {
    self.fqn = fqn
    self.revision = revision
  }

  package static func < (left: Source, right: Source) -> Bool {
    (left.fqn, left.revision) < (right.fqn, right.revision)
  }
}

/// An item and, beside it, what it came from. The sources take no part in the item's hash: writing
/// an object again without an effect delivers nothing.
package struct SourcedItem: Hashable, Sendable {
  package var item: BlueprintItem
  /// Sorted, without duplicates.
  package var sources: [Source]

  package init(item: BlueprintItem, sources: [Source]) {
    self.item = item
    self.sources = sources
  }
}

/// Everything that one cluster must have.
package struct Blueprint: Hashable, Sendable {
  package var items: [ItemKey: SourcedItem]

  package init(items: [ItemKey: SourcedItem] = [:]) { self.items = items }
}
