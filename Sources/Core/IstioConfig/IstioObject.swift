package import Blueprints
package import Documents

/// The kinds of Istio's objects that we write.
package enum IstioKind: String, Hashable, Sendable, CaseIterable {
  // In the order in which they are to be applied: what others refer to comes first, and whoever may
  // call is let in before anybody is refused.
  case serviceEntry = "ServiceEntry"
  case destinationRule = "DestinationRule"
  case gateway = "Gateway"
  case virtualService = "VirtualService"
  case sidecar = "Sidecar"
  case authorizationPolicy = "AuthorizationPolicy"
  case peerAuthentication = "PeerAuthentication"

  package var apiVersion: String {
    switch self {
    case .serviceEntry, .destinationRule, .gateway, .virtualService, .sidecar:
      "networking.istio.io/v1"
    case .authorizationPolicy, .peerAuthentication: "security.istio.io/v1"
    }
  }

  var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// An object as Kubernetes takes it.
package struct IstioObject: Hashable, Sendable {
  /// What one object is called among all of a cluster.
  package struct Name: Hashable, Sendable, Comparable {
    package var kind: IstioKind
    package var namespace: String
    package var name: String

    package init(kind: IstioKind, namespace: String, name: String) {
      self.kind = kind
      self.namespace = namespace
      self.name = name
    }

    package static func < (left: Name, right: Name) -> Bool {
      (left.kind.order, left.namespace, left.name)
        < (right.kind.order, right.namespace, right.name)
    }
  }

  package var name: Name
  package var spec: [String: Document]
  /// The items that it was made of; a change of any other leaves it alone. Sorted.
  package var origins: [ItemKey]

  init(
    _ kind: IstioKind, namespace: String, _ name: String, from origins: some Sequence<ItemKey>,
    _ spec: [String: Document]
  ) {
    self.name = Name(kind: kind, namespace: namespace, name: name)
    self.spec = spec
    self.origins = Set(origins).sorted()
  }

  /// Carries a label by which everything of ours can be found again, and nothing else pruned.
  package var document: Document {
    [
      "apiVersion": .string(name.kind.apiVersion), "kind": .string(name.kind.rawValue),
      "metadata": [
        "name": .string(name.name), "namespace": .string(name.namespace),
        "labels": ["app.kubernetes.io/managed-by": "rialto"],
        "annotations": ["rialto.mesh/from": .string(origins.map(\.text).joined(separator: ","))],
      ],
      "spec": .object(spec),
    ]
  }
}

/// Something of an item that Istio cannot express, and what happens instead.
package struct IstioWarning: Hashable, Sendable, Comparable {
  package var key: ItemKey
  package var message: String

  package static func < (left: IstioWarning, right: IstioWarning) -> Bool {
    (left.key, left.message) < (right.key, right.message)
  }
}

/// What a cluster that Istio runs must have, and what Istio cannot do of it.
package struct IstioTranslation: Hashable, Sendable {
  /// In the order in which they are to be applied.
  package var objects: [IstioObject] = []
  /// Sorted, without duplicates.
  package var warnings: [IstioWarning] = []
}

/// How an installation of Istio differs from others, as far as it matters here.
package struct IstioInstallation: Hashable, Sendable {
  /// What is written there holds for the whole mesh.
  package var rootNamespace: String
  /// The labels of the gateway that takes what comes from other clusters.
  package var eastWestGateway: [String: String]

  package init(
    rootNamespace: String = "istio-system",
    eastWestGateway: [String: String] = ["istio": "eastwestgateway"]
  ) {
    self.rootNamespace = rootNamespace
    self.eastWestGateway = eastWestGateway
  }
}

/// Istio's objects for the blueprint of one cluster.
///
/// Taken for granted is that workloads carry the label `service.istio.io/canonical-name` with the
/// name of their service, which Istio's injection sets; that names are resolved by the proxies
/// (`ISTIO_META_DNS_CAPTURE`); and that gateways are found in their own namespace
/// (`PILOT_SCOPE_GATEWAY_TO_NAMESPACE`). Where no rule says how often a request is tried again,
/// Istio's own defaults hold.
///
/// - Parameter healthy: how many instances of a service are healthy in this cluster; one where it is
///   not known.
package func istioTranslation(
  of items: [ItemKey: BlueprintItem], healthy: [ItemKey: Int] = [:],
  installation: IstioInstallation = IstioInstallation()
) -> IstioTranslation {
  let mesh = Mesh(items: items, healthy: healthy, installation: installation)
  var writer = Writer()
  mesh.writeEastWest(&writer)
  mesh.writeTrust(&writer)
  for service in mesh.sortedServices {
    mesh.writeEntries(of: service, &writer)
    mesh.writeRoutes(of: service, &writer)
  }
  for namespace in mesh.sortedNamespaces {
    mesh.writeReach(of: namespace, &writer)
    mesh.writeAdmission(to: namespace, &writer)
  }
  for workloads in mesh.sortedWorkloads { mesh.writeWorkloads(workloads, &writer) }
  for gateway in mesh.sortedGateways { mesh.writeGateway(gateway, &writer) }
  return writer.translation
}

/// Collects what comes out.
struct Writer {
  private var objects: [IstioObject] = []
  private var warnings: Set<IstioWarning> = []

  mutating func write(_ object: IstioObject) { objects.append(object) }

  mutating func warn(_ key: ItemKey, _ message: String) {
    warnings.insert(IstioWarning(key: key, message: message))
  }

  var translation: IstioTranslation {
    IstioTranslation(objects: objects.sorted { $0.name < $1.name }, warnings: warnings.sorted())
  }
}
