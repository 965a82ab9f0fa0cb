import Blueprints
import Inheritance
import Model

/// What a service is to the clusters: who has it, who lets others call it, and who is preferred.
struct Exposed {
  var offer: Offer
  /// Whether other clusters may call the instances there.
  var isExposed: Bool
  /// What near means to those who call them.
  var choice: TopologyChoice
  /// Where that is written.
  var sources: [Source]

  var cluster: String { offer.cluster.resource.ref.name }
}

/// The clusters that have a service, by name.
func exposures(of service: ServiceName, _ reader: inout Reader) -> [Exposed] {
  reader.offers(of: service).map { exposure(of: service, as: $0, &reader) }
}

private func exposure(
  of service: ServiceName, as offer: Offer, _ reader: inout Reader
) -> Exposed {
  let cluster = offer.cluster.resource.ref.name
  let place = NamespaceInCluster(cluster: cluster, namespace: service.namespace)
  var exposed = Exposed(offer: offer, isExposed: false, choice: .cluster, sources: [])
  let workspace = reader.workspace(of: place)
  if let workspace {
    let group = reader.group(.trafficGroup, of: place)
    let failover = reader.failover(
      at: PolicyPlace(workspace.ref, trafficGroup: group?.ref, service: service))
    exposed.choice = failover.choice
    exposed.sources += reader.sources(of: failover, .failover)
  }
  let setting = workspace.flatMap { reader.children(of: $0.ref, .workspaceSetting).first }
  guard let setting else { return exposed }
  exposed.sources = Set(exposed.sources + [setting.source]).sorted()
  let gateways = reader.eastWestGateways(of: cluster)
  exposed.isExposed = (setting.workspaceSetting?.exposures ?? []).contains { exposure in
    (exposure.services.isEmpty || exposure.services.contains { offer.labels.includes($0) })
      && gateways.contains { exposure.gateways.selects($0) }
  }
  return exposed
}

extension EffectiveProperty? {
  /// What near means.
  var choice: TopologyChoice {
    if case .failover(let failover)? = self?.value {
      failover.topologyChoice ?? .cluster
    } else {
      .cluster
    }
  }
}

/// Those whose instances the workloads of a cluster can call, by name.
func callable(
  _ exposures: [Exposed], from cluster: String, _ reader: inout Reader
) -> [Exposed] {
  exposures.filter { exposed in
    exposed.cluster == cluster
      || (exposed.isExposed && reader.isConnected(from: cluster, to: exposed.cluster))
  }
}

/// The priorities of clusters as seen from one, without gaps.
func priorities(
  of clusters: [(cluster: ResolvedCluster, choice: TopologyChoice)], seenFrom here: ResolvedCluster?
) -> [Int] {
  let distances = clusters.map { cluster, choice in
    let isHere = cluster.resource.ref.name == here?.resource.ref.name
    let isNear = isHere || (cluster.region != nil && cluster.region == here?.region)
    return switch choice {
    case .none: 0
    case .cluster: isHere ? 0 : isNear ? 1 : 2
    case .locality: isNear ? 0 : 1
    }
  }
  let ranks = Set(distances).sorted()
  return distances.map { distance in ranks.firstIndex(of: distance) ?? 0 }
}

/// What is told elsewhere of the instances in a cluster.
func remoteInstances(
  _ observed: ObservedService, subsets: [PlannedSubset]
) -> RemoteInstances {
  let counts = subsets.map { subset in
    let healthy = observed.variants.filter { $0.labels.includes(subset.labels) }
      .map(\.healthyWorkloads)
    let all = subset.labels.isEmpty ? observed.healthyWorkloads : healthy.map(bounded).reduce(0, +)
    return (subset.name, bounded(all))
  }
  return RemoteInstances(
    healthy: bounded(observed.healthyWorkloads),
    subsets: Dictionary(counts) { first, _ in first },
    ports: Set(observed.ports.map(\.number)).filter { (1...65_535).contains($0) }.sorted())
}

/// A count that an agent reports, within what sums and weights can bear.
private func bounded(_ count: Int) -> Int { min(max(count, 0), 1_000_000) }
