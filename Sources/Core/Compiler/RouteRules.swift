import Blueprints
import Documents
import Model

/// What a service becomes by its route.
func apply(_ resource: Resource, to base: ServicePlan, _ reader: inout Reader) -> SourcedItem {
  guard let route = resource.serviceRoute else {
    return SourcedItem(item: .service(base), sources: [])
  }
  var plan = base
  plan.subsets = plannedSubsets(route, resource, &reader)
  plan.defaultDestinations = split(route, resource, &reader)
  let spec = FieldPath() / "spec" / "httpRoutes"
  plan.routes = route.routes.enumerated().compactMap { index, rule in
    plannedRule(rule, of: resource, service: plan, at: spec[index], &reader)
  }
  var sources = [resource.source]
  if let group = resource.ref.parent.flatMap({ reader.resource($0) }) {
    sources.append(group.source)
  }
  return SourcedItem(item: .service(plan), sources: sources.sorted())
}

/// The subsets of a route, by name; the first of two with one name counts.
private func plannedSubsets(
  _ route: ServiceRoute, _ resource: Resource, _ reader: inout Reader
) -> [PlannedSubset] {
  var subsets: [String: PlannedSubset] = [:]
  for (index, subset) in route.subsets.enumerated() {
    if subsets[subset.name] != nil {
      reader.report(
        .error, .duplicate, on: resource, at: (FieldPath() / "spec" / "subsets")[index] / "name",
        "subset \(subset.name) is there twice; the first one counts")
      continue
    }
    subsets[subset.name] = PlannedSubset(name: subset.name, labels: subset.labels)
  }
  return subsets.values.sorted { $0.name < $1.name }
}

private func split(
  _ route: ServiceRoute, _ resource: Resource, _ reader: inout Reader
) -> [WeightedDestination] {
  var seen: Set<String> = []
  let weighted = route.subsets.filter { $0.weight != nil && seen.insert($0.name).inserted }
  guard !weighted.isEmpty else { return [] }
  let given = weighted.map { $0.weight ?? 0 }
  guard
    let weights = checked(
      weights: given, of: resource, at: FieldPath() / "spec" / "subsets", &reader)
  else { return [] }
  return zip(weighted, weights).map { WeightedDestination(subset: $0.name, weight: $1) }
}

private func checked(
  weights: [Int], of resource: Resource, at path: FieldPath, _ reader: inout Reader
) -> [Int]? {
  guard let normal = normalized(weights: weights) else {
    reader.report(
      .error, .weights, on: resource, at: path, "all weights are 0: nothing would get a request")
    return nil
  }
  if normal != weights {
    reader.report(
      .warning, .weights, on: resource, at: path, "weights do not add up to 100 and are scaled")
  }
  return normal
}

/// A rule without a destination that exists is left out, and says so.
private func plannedRule(
  _ rule: HTTPRoute, of resource: Resource, service: ServicePlan, at path: FieldPath,
  _ reader: inout Reader
) -> HTTPRouteRule? {
  let path = path / "destination"
  var found: [WeightedDestination] = []
  var given: [Int] = []
  for (index, destination) in rule.destinations.enumerated() {
    guard
      let planned = plannedDestination(
        destination, of: resource, service: service, at: path[index], &reader)
    else { continue }
    found.append(planned)
    given.append(destination.weight)
  }
  // One destination gets everything, whatever its weight says.
  if found.count == 1 { given = [100] }
  guard !found.isEmpty, let weights = checked(weights: given, of: resource, at: path, &reader)
  else { return nil }
  for index in found.indices { found[index].weight = weights[index] }
  return HTTPRouteRule(
    name: rule.name, matches: rule.matches.map { RequestMatch($0) }, destinations: found)
}

private func plannedDestination(
  _ destination: RouteDestination, of resource: Resource, service: ServicePlan, at path: FieldPath,
  _ reader: inout Reader
) -> WeightedDestination? {
  let own = ServiceName(namespace: service.namespace, name: service.name)
  let target = destination.service ?? own
  var ports = service.ports
  var subsets = service.subsets.map(\.name)
  if target != own {
    let offers = reader.offers(of: target)
    guard !offers.isEmpty, reader.address(of: target) != nil else {
      reader.report(
        .warning, .unknownDestination, on: resource, at: path / "destinationHost",
        "\(target.host) runs nowhere; nothing is sent there until it does")
      return nil
    }
    ports = Compiler.ports(of: offers)
    subsets = commonSubsets(of: target, whereFound: own, &reader)
  }
  if let port = destination.port, !ports.contains(where: { $0.number == port }) {
    reader.report(
      .warning, .unknownDestination, on: resource, at: path / "port",
      "\(target.host) has no port \(port); nothing is sent there until it has")
    return nil
  }
  if let subset = destination.subset, !subsets.contains(subset) {
    reader.report(
      .error, .unknownSubset, on: resource, at: path / "subset",
      "\(target.host) has no subset \(subset)")
    return nil
  }
  return WeightedDestination(
    host: target == own ? nil : target.host, port: destination.port, subset: destination.subset,
    weight: destination.weight)
}

/// The subsets that a service has in every cluster where `caller` needs it.
private func commonSubsets(
  of target: ServiceName, whereFound caller: ServiceName, _ reader: inout Reader
) -> [String] {
  var common: Set<String>?
  for cluster in clusters(thatNeed: caller, &reader) {
    let route = effectiveRoute(of: target, in: cluster, &reader)?.serviceRoute
    let names = Set((route?.subsets ?? []).map(\.name))
    common = common?.intersection(names) ?? names
  }
  return (common ?? []).sorted()
}
