import Blueprints
import EnvoyProtos
import SwiftProtobuf

// The ways to other clusters.

/// How proxies of a kind get to another cluster.
enum Passage: Hashable, Sendable {
  /// Through the gateways of their own cluster.
  case gateways
  /// To the gateways of the other cluster, where they can be reached: what edges do.
  case straight
}

extension ProxyProfile {
  var passage: Passage { role == .edge ? .straight : .gateways }
}

extension Site {
  /// Where connections to `cluster` go that are made by `passage`: what is healthy, or nothing. An
  /// entrance that is down must not count, or Envoy would take its share of a priority for lost.
  func entrances(to cluster: String, by passage: Passage) -> [GatewayAddress] {
    guard let peer = peers[cluster] else { return [] }
    if passage == .straight, peer.path == .direct {
      return peer.gateways.filter(\.healthy)
    }
    return eastWestGateways.map { GatewayAddress(address: $0, port: peer.port) }
  }

  /// The addresses of the healthy gateways of this cluster that lead to others.
  var eastWestGateways: [String] {
    Set(localGateways.filter { $0.role == .eastWest && $0.healthy }.map(\.address)).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
  }

  /// The clusters that can be reached, sorted by name.
  var sortedPeers: [PeerPlan] {
    peers.values.sorted { $0.cluster.utf8.lexicographicallyPrecedes($1.cluster.utf8) }
  }
}

extension PeerPlan {
  private var item: ItemKey { .peer(cluster) }

  /// The way to this cluster as the gateways of `role` have it.
  func resources(for role: ProxyRole) -> [EnvoyResource] {
    let name = EnvoyName.peer(cluster)
    let cluster = Cluster.passing(name, connectTimeout: 1000)
    let assignment = ClusterLoadAssignment.with {
      $0.clusterName = name
      $0.endpoints = [.with { $0.lbEndpoints = gateways.map { LbEndpoint($0) } }]
    }
    return (role == .eastWest ? [listener] : []) + [
      EnvoyResource(.cluster, name, cluster, from: [item]),
      EnvoyResource(.endpoints, name, assignment, from: [item]),
    ]
  }

  /// Takes what workloads of this site mean for the other cluster.
  private var listener: EnvoyResource {
    let listener = Listener.passing(
      EnvoyName.peer(cluster), port: port, chains: [chain])
    return EnvoyResource(.listener, listener.name, listener, from: [item])
  }

  /// Only what names something of the other cluster goes there: the path may be shared.
  fileprivate var chain: FilterChain {
    let name = EnvoyName.peer(cluster)
    return .with {
      $0.name = name
      $0.filterChainMatch.transportProtocol = EnvoyName.transportTLS
      $0.filterChainMatch.serverNames = ["*\(EnvoyName.copySuffix(of: cluster))"]
      $0.filters = [NetworkFilter(TCPProxy.passing(statPrefix: name, to: name))]
    }
  }
}

/// Where an edge proxy takes what clusters mean for each other: a chain per cluster, nothing per
/// service.
func edgeListener(in site: Site) -> [EnvoyResource] {
  let peers = site.sortedPeers
  guard !peers.isEmpty else { return [] }
  let listener = Listener.passing(
    EnvoyName.eastWestListener, port: MeshPort.eastWest, chains: peers.map(\.chain))
  return [
    EnvoyResource(.listener, listener.name, listener, from: peers.map { .peer($0.cluster) })
  ]
}

extension Listener {
  /// Chooses by the server name that a TLS handshake begins with, and leaves TLS as it is.
  static func passing(_ name: String, port: Int, chains: [FilterChain]) -> Listener {
    .with {
      $0.name = name
      $0.address = Address("0.0.0.0", port: port)
      $0.trafficDirection = .inbound
      $0.listenerFiltersTimeout = .init(milliseconds: 3000)
      $0.listenerFilters = [.tlsInspector]
      $0.filterChains = chains
    }
  }
}

extension TCPProxy {
  /// Tries another endpoint when one does not take the connection.
  static func passing(statPrefix: String, to cluster: String) -> TCPProxy {
    .with {
      $0.statPrefix = statPrefix
      $0.cluster = cluster
      $0.maxConnectAttempts = 4
      $0.idleTimeout = .init(milliseconds: 3_600_000)
    }
  }
}
