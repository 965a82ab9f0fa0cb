import Blueprints
import Documents
import Inheritance
import Model

/// A cluster that sends a host's requests to services at gateways of its own.
private struct HostOffer {
  var cluster: ResolvedCluster
  var gateways: [ObservedGateway]
}

/// Where a request for a host goes from the gateways of one cluster: to the gateways of others.
struct Forwarding {
  var host: String
  /// The object with the rule, and where in it the destinations are.
  var resource: Resource
  var path: FieldPath
  /// The cluster whose gateways forward.
  var cluster: String

  /// Sorted by name.
  func providers(
    _ destinations: [ClusterDestination], _ reader: inout Reader
  ) -> [HostProvider] {
    let offers = offers(&reader)
    if offers.isEmpty {
      reader.report(
        .warning, .unknownDestination, on: resource, at: path,
        "no other cluster serves \(host) at gateways of its own; requests are answered with 503")
    }
    let shares = shares(destinations, offers, &reader)
    let reached = offers.filter { offer in
      shares[offer.name] != 0 && (destinations.isEmpty || shares[offer.name] != nil)
        && reader.isConnected(from: cluster, to: offer.name)
    }
    reportNoWay(to: offers, of: reached, &reader)
    // Who gives shares means all of them; else the nearest that can take a request.
    let isShared = destinations.contains { $0.weight != nil }
    let choice = isShared ? TopologyChoice.none : topology(&reader)
    let priorities = priorities(
      of: reached.map { ($0.cluster, choice) }, seenFrom: reader.cluster(cluster))
    return zip(reached, priorities).map { offer, priority in
      HostProvider(
        cluster: offer.name, trustDomain: offer.cluster.trustDomain,
        identities: Set(offer.gateways.map { "\($0.namespace)/\($0.serviceAccount)" }).sorted(),
        weight: shares[offer.name] ?? 1, priority: priority,
        healthy: offer.gateways.count { $0.healthy })
    }
  }

  private func offers(_ reader: inout Reader) -> [HostOffer] {
    var gateways: [String: [String: ObservedGateway]] = [:]
    for other in reader.gateways(serving: host) where other.ref != resource.ref {
      guard let gateway = other.gateway else { continue }
      for name in gatewayClusters(other, gateway, &reader) where name != cluster {
        for proxy in reader.proxies(of: name)
        where [GatewayRole.ingress, GatewayRole.eastWest].contains(proxy.role)
          && gateway.selector.selects(proxy)
        {
          gateways[name, default: [:]][proxy.nodeID] = proxy
        }
      }
    }
    return gateways.sorted { $0.key < $1.key }.compactMap { name, proxies in
      reader.cluster(name).map { HostOffer(cluster: $0, gateways: Array(proxies.values)) }
    }
  }

  /// By cluster; the first destination that names a cluster counts.
  private func shares(
    _ destinations: [ClusterDestination], _ offers: [HostOffer], _ reader: inout Reader
  ) -> [String: Int] {
    var shares: [String: Int] = [:]
    for (index, destination) in destinations.enumerated() {
      let place = (path / "clusterDestination" / "clusters")[index]
      var named: [String] = []
      switch destination.selector {
      case .name(let name):
        if reader.cluster(name) == nil {
          reader.report(
            .warning, .unknownReference, on: resource, at: place / "name",
            "there is no cluster \(name); nothing is sent there")
        } else if name != cluster, !offers.isEmpty, !offers.contains(where: { $0.name == name }) {
          reader.report(
            .warning, .unknownDestination, on: resource, at: place / "name",
            "cluster \(name) does not serve \(host) at gateways of its own; "
              + "nothing is sent there until it does")
        }
        named = [name]
      case .labels(let labels):
        named = offers.filter { $0.cluster.labels.includes(labels) }.map(\.name)
        if named.isEmpty, !offers.isEmpty {
          reader.report(
            .warning, .noEffect, on: resource, at: place / "labels",
            "no cluster that serves \(host) has these labels")
        }
      }
      for name in named where shares[name] == nil { shares[name] = destination.weight ?? 1 }
    }
    return shares
  }

  private func reportNoWay(
    to offers: [HostOffer], of reached: [HostOffer], _ reader: inout Reader
  ) {
    guard reached.isEmpty, !offers.isEmpty, let gateway = resource.gateway,
      reader.proxies(of: cluster).contains(where: { gateway.selector.selects($0) })
    else { return }
    reader.report(
      .warning, .unknownDestination, on: resource, at: path,
      "from cluster \(cluster) there is no way to a cluster that is meant and serves \(host); "
        + "requests are answered with 503 there")
  }

  private func topology(_ reader: inout Reader) -> TopologyChoice {
    resource.ref.ancestor(.workspace).map { PolicyPlace($0) }
      .flatMap { reader.failover(at: $0) }.choice
  }
}

extension HostOffer {
  fileprivate var name: String { cluster.resource.ref.name }
}
