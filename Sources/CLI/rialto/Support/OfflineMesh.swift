import Blueprints
import Compiler
import Documents
import Manifests
import Model

/// What manifests come to in one cluster, worked out here: nobody is asked what there is, so the
/// services are those that files and options name.
struct OfflineMesh {
  let cluster: String
  let blueprint: Blueprint
  /// By the FQN of the object concerned.
  let diagnostics: [Diagnostic]
  /// What was taken for granted, one line each.
  let notes: [String]
  /// What the cluster has of every service.
  let services: [ServiceName: ObservedService]
  /// The hosts whose virtual address the server would have to give.
  let unaddressed: Set<String>

  /// - Parameters:
  ///   - name: the cluster; nil: the only one that is named.
  ///   - given: services that run there, besides those in files.
  ///   - gateways: by which clusters reach each other.
  init(
    _ read: ManifestFiles, cluster name: String?, services given: [GivenService] = [],
    gateways: [GivenGateways] = []
  ) throws {
    var intent = Intent()
    var inventory = Inventory()
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
    let organization = read.manifests[0].ref.names[0]
    cluster = try Self.cluster(name, intent, inventory)
    var notes: [String] = []
    let selectors = Self.selectors(in: intent)
    for gateway in gateways {
      inventory.clusters[gateway.cluster, default: ClusterInventory()].gateways +=
        gateway.observed(selectedBy: selectors)
    }
    var here = inventory.clusters[cluster, default: ClusterInventory()]
    for service in given { here.services[service.name] = service.observed }
    inventory.clusters[cluster] = here
    for (index, name) in inventory.clusters.keys.sorted().enumerated() {
      inventory.ports[name] = 15_500 + index
      let ref = ResourceRef(.cluster, [organization, name])
      if intent.resources[ref] == nil { intent.resources[ref] = try Self.bareCluster(ref) }
    }
    for (service, ports) in Self.mentioned(in: intent).sorted(by: { $0.key < $1.key })
    where !inventory.clusters.values.contains(where: { $0.services[service] != nil }) {
      guard !ports.isEmpty else {
        notes.append(
          "\(service.namespace)/\(service.name) is not known; say what it is with "
            + "--service \(service.namespace)/\(service.name):PORT")
        continue
      }
      notes.append(
        "\(service.namespace)/\(service.name) is taken to run in \(cluster) with HTTP on "
          + "\(ports.sorted().map(String.init).joined(separator: ", ")); --service says otherwise")
      let observed = GivenService(name: service, ports: ports.sorted().map { ($0, "http") })
        .observed
      inventory.clusters[cluster]?.services[service] = observed
    }
    for namespace in Self.namespaces(named: intent, in: cluster) {
      let isPopulated = inventory.clusters[cluster]?.services.keys
        .contains { $0.namespace == namespace }
      guard isPopulated != true else { continue }
      // What a group says of a namespace is of interest before anything runs there.
      inventory.clusters[cluster]?.services[ServiceName(namespace: namespace, name: "workloads")] =
        ObservedService(ports: [], serviceAccounts: [], workloads: 0, healthyWorkloads: 0)
    }
    let called = inventory.clusters.values.flatMap(\.services).filter { !$0.value.ports.isEmpty }
    unaddressed = Set(called.map(\.key.host)).filter { inventory.addresses[$0] == nil }
    for (index, host) in unaddressed.sorted().enumerated() {
      // Only for the time of compiling: the range that no address is given from.
      inventory.addresses[host] = "240.240.\(255 - index / 256 % 256).\(index % 256)"
    }
    services = inventory.clusters[cluster]?.services ?? [:]
    let compilation = compile(intent, against: inventory)
    blueprint = compilation.blueprints[cluster] ?? Blueprint()
    diagnostics = compilation.diagnostics.sorted { $0.key < $1.key }.flatMap { fqn, found in
      found.map { diagnostic in
        var diagnostic = diagnostic
        diagnostic.subject = fqn
        return diagnostic
      }
    }
    self.notes = notes
  }

  private static func cluster(
    _ name: String?, _ intent: Intent, _ inventory: Inventory
  ) throws -> String {
    if let name { return name }
    let known = Set(inventory.clusters.keys)
      .union(intent.resources.keys.filter { $0.kind == .cluster }.map(\.name)).sorted()
    if known.count == 1 { return known[0] }
    throw Failure(
      .usage, .missing,
      known.isEmpty
        ? "the files name no cluster"
        : "the files name several clusters: "
          + known.joined(separator: ", "),
      advice: "Say which one is meant with --cluster NAME.")
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
  private static func selectors(in intent: Intent) -> [WorkloadSelector] {
    let all = intent.resources.sorted { $0.key < $1.key }.flatMap { _, resource -> [WorkloadSelector] in
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
  private static func namespaces(named intent: Intent, in cluster: String) -> [String] {
    let terms = intent.resources.values.compactMap(\.namespaceSelector).flatMap(\.terms)
    return Set(
      terms.filter { ($0.cluster ?? cluster) == cluster && !$0.namespace.hasSuffix("*") }
        .map(\.namespace)
    ).sorted()
  }

  /// The services that routes and gateways are about, with the ports that they name.
  private static func mentioned(in intent: Intent) -> [ServiceName: Set<Int>] {
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
