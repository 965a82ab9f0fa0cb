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
  init(_ read: ManifestFiles, cluster name: String?, services given: [GivenService]) throws {
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
    let ref = ResourceRef(.cluster, [organization, cluster])
    var notes: [String] = []
    if intent.resources[ref] == nil {
      intent.resources[ref] = try Self.bareCluster(ref)
    }
    var here = inventory.clusters[cluster, default: ClusterInventory()]
    for service in given { here.services[service.name] = service.observed }
    inventory.clusters[cluster] = here
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

/// `shop/orders:8080/http`: a service that runs in the cluster.
struct GivenService: Hashable, Sendable {
  var name: ServiceName
  var ports: [ObservedPort]

  init(name: ServiceName, ports: [(number: Int, protocolName: String)]) {
    self.name = name
    self.ports = ports.map {
      ObservedPort(
        number: $0.number, name: "\($0.protocolName)-\($0.number)", protocolName: $0.protocolName)
    }
  }

  /// nil when the text is none.
  init?(text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let names = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
      .map(String.init)
    guard names.count == 2, names.allSatisfy({ !$0.isEmpty }), parts.count == 2 else { return nil }
    var ports: [(number: Int, protocolName: String)] = []
    for port in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
      let words = port.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard let number = Int(words[0]), (1...65_535).contains(number), words.count <= 2 else {
        return nil
      }
      let protocolName = words.count == 2 ? words[1] : "http"
      guard PortProtocol(rawValue: protocolName) != nil else { return nil }
      ports.append((number, protocolName))
    }
    self.init(name: ServiceName(namespace: names[0], name: names[1]), ports: ports)
  }

  /// One workload, healthy, with a service account of the service's own.
  var observed: ObservedService {
    ObservedService(
      ports: ports, serviceAccounts: [name.name], workloads: 1, healthyWorkloads: 1)
  }
}
