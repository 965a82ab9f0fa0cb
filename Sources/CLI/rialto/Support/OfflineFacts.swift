import Documents
import Manifests
import Model

/// What is to be compiled: what files say, and what is taken for granted where they say nothing.
struct OfflineFacts {
  private(set) var intent = Intent()
  private(set) var inventory = Inventory()

  init(_ read: ManifestFiles) {
    for (index, manifest) in read.manifests.enumerated() {
      if let service = RegistryService(manifest.document) {
        for (cluster, observed) in service.clusters {
          inventory.clusters[cluster, default: ClusterInventory()].services[service.name] = observed
        }
        inventory.addresses[service.name.host] = service.address
        continue
      }
      // As if written one after the other.
      let revision = Revision(Int64(index + 1))
      intent.resources[manifest.ref] = manifest.resource(revision: revision, created: revision)
    }
    organization = read.manifests.lazy.compactMap { $0.ref.ancestor(.organization) }.first
  }

  private let organization: ResourceRef?

  /// The cluster of the name, or the only one that there is.
  func cluster(called name: String?) throws -> String {
    if let name { return name }
    let known = Set(inventory.clusters.keys)
      .union(intent.resources.keys.filter { $0.kind == .cluster }.map(\.name)).sorted()
    if known.count == 1 { return known[0] }
    throw Failure(
      .usage, .missing,
      known.isEmpty
        ? "the files name no cluster"
        : "the files name several clusters: \(known.joined(separator: ", "))",
      advice: "Say which one is meant with --cluster NAME.")
  }

  mutating func add(_ services: [GivenService], in cluster: String) {
    var here = inventory.clusters[cluster, default: ClusterInventory()]
    for service in services { here.services[service.name] = service.observed }
    inventory.clusters[cluster] = here
  }

  mutating func add(_ gateways: [GivenGateways]) {
    let selectors = selectors
    for gateway in gateways {
      inventory.clusters[gateway.cluster, default: ClusterInventory()].gateways +=
        gateway.observed(selectedBy: selectors)
    }
  }

  /// Every cluster that is spoken of has an object.
  mutating func addClusters() throws {
    for (index, name) in inventory.clusters.keys.sorted().enumerated() {
      inventory.ports[name] = 15_500 + index
      guard let ref = organization?.child(.cluster, name), intent.resources[ref] == nil else {
        continue
      }
      intent.resources[ref] = try Self.bareCluster(ref)
    }
  }

  // MARK: What is taken for granted

  /// Services that nothing describes are as routes speak of them; says so, one line each.
  mutating func assumeServices(in cluster: String) -> [String] {
    mentioned.sorted { $0.key < $1.key }.compactMap { service, ports in
      guard !inventory.clusters.values.contains(where: { $0.services[service] != nil }) else {
        return nil
      }
      let text = "\(service.namespace)/\(service.name)"
      guard !ports.isEmpty else {
        return "\(text) is not known; say what it is with --service \(text):PORT"
      }
      let assumed = GivenService(name: service, ports: ports.sorted().map { ($0, "http") })
      inventory.clusters[cluster]?.services[service] = assumed.observed
      let numbers = ports.sorted().map(String.init).joined(separator: ", ")
      return
        "\(text) is taken to run in \(cluster) with HTTP on \(numbers); --service says otherwise"
    }
  }

  /// What groups say of a namespace is of interest before anything runs there.
  mutating func assumeNamespaces(in cluster: String) {
    let populated = Set((inventory.clusters[cluster]?.services ?? [:]).keys.map(\.namespace))
    for namespace in namedNamespaces(in: cluster) where !populated.contains(namespace) {
      let anything = ServiceName(namespace: namespace, name: "workloads")
      inventory.clusters[cluster]?.services[anything] = ObservedService(
        ports: [], serviceAccounts: [], workloads: 0, healthyWorkloads: 0)
    }
  }

  /// The hosts that have got an address for the time of compiling.
  mutating func assumeAddresses() -> Set<String> {
    let called = inventory.clusters.values.flatMap(\.services).filter { !$0.value.ports.isEmpty }
    let hosts = Set(called.map(\.key.host)).filter { inventory.addresses[$0] == nil }
    for (index, host) in hosts.sorted().enumerated() {
      inventory.addresses[host] = "240.240.\(255 - index / 256 % 256).\(index % 256)"
    }
    return hosts
  }

  /// A cluster as its object would have it that says nothing.
  private static func bareCluster(_ ref: ResourceRef) throws -> Resource {
    let manifest: Document = [
      "apiVersion": .string(Kind.cluster.apiVersion), "kind": "Cluster",
      "metadata": ["name": .string(ref.name), "organization": .string(ref.names[0])], "spec": [:],
    ]
    let read = Manifests.manifest(from: manifest, at: ref)
    guard let made = read.value else {
      throw Failure(
        .usage, .invalidInput, "'\(ref.name)' is no name of a cluster",
        advice: "Names are lower-case letters, digits and '-'.")
    }
    return made.resource()
  }

  /// The gateways that objects are about.
  private var selectors: [WorkloadSelector] {
    let resources = intent.resources.sorted { $0.key < $1.key }.map(\.value)
    let all = resources.flatMap { resource -> [WorkloadSelector] in
      switch resource.spec {
      case .gateway(let gateway): [gateway.selector]
      case .workspaceSetting(let setting): setting.exposures.map(\.gateways)
      default: []
      }
    }
    var seen: Set<WorkloadSelector> = []
    let found = all.filter { seen.insert($0).inserted }
    return found.isEmpty ? [WorkloadSelector(namespace: "gateways", labels: [:])] : found
  }

  /// The namespaces that selectors name, and not only by how they begin.
  private func namedNamespaces(in cluster: String) -> [String] {
    let terms = intent.resources.values.compactMap(\.namespaceSelector).flatMap(\.terms)
    return Set(
      terms.filter { ($0.cluster ?? cluster) == cluster && !$0.namespace.hasSuffix("*") }
        .map(\.namespace)
    ).sorted()
  }

  /// The services that routes and gateways are about, with the ports that they name.
  private var mentioned: [ServiceName: Set<Int>] {
    var found: [ServiceName: Set<Int>] = [:]
    for resource in intent.resources.values {
      switch resource.spec {
      case .serviceRoute(let route):
        found[route.service, default: []].formUnion(
          route.routes.flatMap(\.matches).compactMap(\.port))
        for destination in route.routes.flatMap(\.destinations) {
          found[destination.service ?? route.service, default: []]
            .formUnion([destination.port].compactMap { $0 })
        }
      case .gateway(let gateway):
        for rule in gateway.http.flatMap(\.rules) {
          guard case .service(let service, let port) = rule.action else { continue }
          found[service, default: []].formUnion([port].compactMap { $0 })
        }
      default: continue
      }
    }
    return found
  }
}
