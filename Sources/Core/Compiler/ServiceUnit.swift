import Blueprints
import Documents
import Model

/// A service in every cluster that needs it: those that provide it, and those where a route or a
/// gateway sends requests to it.
func serviceUnit(_ service: ServiceName, _ reader: inout Reader) -> UnitOutput {
  let providers = reader.providers(of: service)
  guard !providers.isEmpty, let address = reader.address(of: service) else { return [:] }
  let base = ServicePlan(
    namespace: service.namespace, name: service.name, host: service.host, address: address,
    ports: ports(of: providers.map(\.observed)),
    providers: providers.map { cluster, observed in
      ServiceProvider(
        cluster: cluster.resource.ref.name, trustDomain: cluster.trustDomain,
        serviceAccounts: Set(observed.serviceAccounts).sorted())
    })
  var output: UnitOutput = [:]
  // Clusters mostly agree on the route, and what it makes of the service is computed once.
  var made: [ResourceRef: SourcedItem] = [:]
  let plain = SourcedItem(item: .service(base), sources: [])
  for cluster in clusters(thatNeed: service, &reader) {
    guard let route = effectiveRoute(of: service, in: cluster, reporting: true, &reader) else {
      output[cluster] = plain
      continue
    }
    let item = made[route.ref] ?? apply(route, to: base, &reader)
    made[route.ref] = item
    output[cluster] = item
  }
  return output
}

/// The ports of all instances, by number; where clusters disagree about one, the first decides.
func ports(of observed: [ObservedService]) -> [PlannedPort] {
  var ports: [Int: PlannedPort] = [:]
  for port in observed.flatMap(\.ports) where (1...65_535).contains(port.number) {
    if ports[port.number] != nil { continue }
    ports[port.number] = PlannedPort(
      number: port.number, name: port.name,
      protocolName: PortProtocol(rawValue: port.protocolName) ?? .tcp)
  }
  return ports.values.sorted { $0.number < $1.number }
}

/// The clusters that provide a service, and those where somebody sends requests to it, sorted.
func clusters(thatNeed service: ServiceName, _ reader: inout Reader) -> [String] {
  var clusters: Set<String> = []
  var visited: Set<ServiceName> = [service]
  var open = [service]
  // Routes may lead from service to service, and in circles.
  while let next = open.popLast() {
    clusters.formUnion(reader.providers(of: next).map(\.cluster.resource.ref.name))
    for resource in reader.mentions(of: next) {
      if let route = resource.serviceRoute {
        if visited.insert(route.service).inserted { open.append(route.service) }
      } else if let gateway = resource.gateway {
        clusters.formUnion(gatewayClusters(resource, gateway, &reader))
      }
    }
  }
  return clusters.sorted()
}

/// The route that holds for a service in a cluster: the oldest of the group that owns the
/// service's namespace there.
func effectiveRoute(
  of service: ServiceName, in cluster: String, reporting: Bool = false, _ reader: inout Reader
) -> Resource? {
  let routes = reader.routes(of: service)
  guard !routes.isEmpty else { return nil }
  let place = NamespaceInCluster(cluster: cluster, namespace: service.namespace)
  guard let group = reader.group(.trafficGroup, of: place) else { return nil }
  let own = routes.filter { $0.ref.parent == group.ref }
  guard let winner = own.first else { return nil }
  if reporting {
    for loser in own.dropFirst() {
      reader.report(
        .error, .duplicate, on: loser, at: FieldPath() / "spec" / "service",
        "\(winner.ref.text) already says how requests to \(service.host) are spread; "
          + "this one has no effect")
    }
  }
  return winner
}
