import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// Where requests or connections go, as cluster names with their weights.
struct Destinations {
  private(set) var clusters: [(name: String, weight: Int)]
  /// The services whose clusters these are.
  private(set) var services: Set<ServiceKey> = []

  /// `destinations` as seen by a call to `port` of `service`; empty means the service itself. What
  /// does not exist becomes the cluster without endpoints, so that its share fails and says so.
  init(
    _ destinations: [WeightedDestination], of service: ServicePlan, port: PlannedPort, in site: Site
  ) {
    clusters = []
    let written =
      destinations.isEmpty ? [WeightedDestination(weight: 100)] : destinations
    let weighted = written.filter { $0.weight != 0 }
    for destination in weighted.isEmpty ? written : weighted {
      guard
        let (target, number) = destination.target(from: service, port: port, site.service(host:))
      else {
        clusters.append((EnvoyName.unavailableCluster, destination.weight))
        continue
      }
      services.insert(ServiceKey(target))
      clusters.append(
        (
          EnvoyName.outbound(host: target.host, port: number, subset: destination.subset),
          destination.weight
        ))
    }
  }

  /// The cluster without endpoints.
  static let unavailable = Destinations(cluster: EnvoyName.unavailableCluster)

  /// One cluster that is of no service.
  init(cluster: String) { clusters = [(cluster, 100)] }

  var usesUnavailable: Bool { clusters.contains { $0.name == EnvoyName.unavailableCluster } }
}

extension RouteAction {
  mutating func send(to destinations: Destinations) {
    if destinations.clusters.count == 1 {
      cluster = destinations.clusters[0].name
    } else {
      weightedClusters.clusters = destinations.clusters.map { entry in
        .with {
          $0.name = entry.name
          $0.weight = .init(UInt32(clamping: entry.weight))
        }
      }
    }
  }
}

extension TCPProxy {
  init(statPrefix: String, to destinations: Destinations) {
    self = .with {
      $0.statPrefix = statPrefix
      // An instance that does not take the connection has not seen any of it.
      $0.maxConnectAttempts = 4
      if destinations.clusters.count == 1 {
        $0.cluster = destinations.clusters[0].name
      } else {
        $0.weightedClusters.clusters = destinations.clusters.map { entry in
          .with {
            $0.name = entry.name
            $0.weight = UInt32(clamping: entry.weight)
          }
        }
      }
    }
  }
}
