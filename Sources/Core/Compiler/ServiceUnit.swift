import Blueprints
import Documents
import Model

/// A service in every cluster that needs it: those that provide it, those where a route or a gateway
/// sends requests to it, and those where somebody may call it and can.
func serviceUnit(_ service: ServiceName, _ reader: inout Reader) -> UnitOutput {
  let observed = reader.observed(service)
  let exposures = exposures(of: service, &reader)
  guard !exposures.isEmpty, let address = reader.address(of: service) else { return [:] }
  let base = ServicePlan(
    namespace: service.namespace, name: service.name, host: service.host, address: address,
    ports: ports(of: exposures.map(\.offer)), providers: [])
  var output: UnitOutput = [:]
  // Clusters mostly agree on the route, and what it makes of the service is computed once.
  var made: [ResourceRef: SourcedItem] = [:]
  let plain = SourcedItem(item: .service(base), sources: [])
  for cluster in clusters(thatNeed: service, having: exposures, &reader) {
    var item = plain
    if let route = effectiveRoute(of: service, in: cluster, reporting: true, &reader) {
      item = made[route.ref] ?? apply(route, to: base, &reader)
      made[route.ref] = item
    }
    guard case .service(var plan) = item.item else { continue }
    let callable = callable(exposures, from: cluster, &reader)
    plan.providers = providers(callable, observed, subsets: plan.subsets, in: cluster, &reader)
    plan.isExposed = exposures.contains { $0.cluster == cluster && $0.isExposed }
    let sources = Set(item.sources + exposures.flatMap(\.sources)).sorted()
    output[cluster] = SourcedItem(item: .service(plan), sources: sources)
  }
  return output
}

private func providers(
  _ callable: [Exposed], _ observed: [String: ObservedService], subsets: [PlannedSubset],
  in cluster: String, _ reader: inout Reader
) -> [ServiceProvider] {
  let here = reader.cluster(cluster)
  let priorities = priorities(
    of: callable.map { ($0.offer.cluster, $0.choice) }, seenFrom: here)
  return zip(callable, priorities).compactMap { exposed, priority in
    guard let service = observed[exposed.cluster] else { return nil }
    return ServiceProvider(
      cluster: exposed.cluster, trustDomain: exposed.offer.cluster.trustDomain,
      serviceAccounts: Set(service.serviceAccounts).sorted(), priority: priority,
      remote: exposed.cluster == cluster ? nil : remoteInstances(service, subsets: subsets))
  }
}

/// The ports of all instances, by number; where clusters disagree about one, the first decides.
func ports(of offers: [Offer]) -> [PlannedPort] {
  var ports: [Int: PlannedPort] = [:]
  for port in offers.flatMap(\.ports) where (1...65_535).contains(port.number) {
    if ports[port.number] != nil { continue }
    ports[port.number] = PlannedPort(
      number: port.number, name: port.name,
      protocolName: PortProtocol(rawValue: port.protocolName) ?? .tcp)
  }
  return ports.values.sorted { $0.number < $1.number }
}

/// The clusters that provide a service, those where somebody sends requests to it, and those where
/// somebody may call it and can; sorted.
func clusters(
  thatNeed service: ServiceName, having known: [Exposed]? = nil, _ reader: inout Reader
) -> [String] {
  var clusters: Set<String> = []
  var visited: Set<ServiceName> = [service]
  var open = [service]
  // Routes may lead from service to service, and in circles.
  while let next = open.popLast() {
    let own = next == service ? known : nil
    let exposures = own ?? exposures(of: next, &reader)
    clusters.formUnion(exposures.map(\.cluster))
    for cluster in reader.clusters(reaching: next)
    where !callable(exposures, from: cluster, &reader).isEmpty {
      clusters.insert(cluster)
    }
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
