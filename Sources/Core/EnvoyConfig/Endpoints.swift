import Blueprints
import EnvoyProtos
import SwiftProtobuf

extension ServicePlan {
  /// What is behind each cluster of this service, for proxies that go to other clusters by
  /// `passage`: the instances here, and the ways to those elsewhere as far as somebody there is
  /// healthy.
  func endpointAssignments(
    of instances: [LocalEndpoint], by passage: Passage, in site: Site
  ) -> [EnvoyResource] {
    let sorted = instances.sortedByAddress
    let local = providers.first { $0.remote == nil }?.priority ?? 0
    let remote = providers.compactMap { provider in
      provider.remote.map {
        (provider, $0, site.entrances(to: provider.cluster, by: passage))
      }
    }
    return callablePorts.map { port, subset in
      let name = EnvoyName.outbound(host: host, port: port.number, subset: subset?.name)
      var groups = EndpointGroups()
      for instance in sorted where instance.serves(port, subset) {
        groups.add(instance, port: port.number, priority: local)
      }
      for (provider, instances, entrances) in remote where instances.ports.contains(port.number) {
        let healthy =
          subset.map { instances.subsets[$0.name] ?? 0 } ?? instances.healthy
        groups.add(
          entrances, sharing: healthy, priority: provider.priority, cluster: provider.cluster)
      }
      let origins =
        [ServiceKey(self).item] + remote.map { provider, _, _ in .peer(provider.cluster) }
      return EnvoyResource(.endpoints, name, groups.assignment(name), from: origins)
    }
  }
}

extension [LocalEndpoint] {
  var sortedByAddress: [LocalEndpoint] {
    sorted { left, right in
      left.address != right.address
        ? left.address.utf8.lexicographicallyPrecedes(right.address.utf8)
        : left.ports.lexicographicallyPrecedes(right.ports)
    }
  }
}

extension LocalEndpoint {
  func serves(_ port: PlannedPort, _ subset: PlannedSubset?) -> Bool {
    ports.contains(port.number)
      && (subset?.labels ?? [:]).allSatisfy { labels[$0.key] == $0.value }
  }
}

/// Endpoints by priority. What counts among those of one priority is healthy capacity: an instance
/// here weighs as much as one elsewhere, however many gateways share the way to it.
struct EndpointGroups {
  private struct Member {
    var address: GatewayAddress
    var capacity: Int
    /// How many members share the capacity.
    var sharers: Int
    /// The other cluster that it leads to; nil for what is here.
    var cluster: String?
  }

  private var members: [Int: [Member]] = [:]

  mutating func add(_ instance: LocalEndpoint, port: Int, priority: Int) {
    let address = GatewayAddress(address: instance.address, port: port, healthy: instance.healthy)
    members[priority, default: []].append(Member(address: address, capacity: 1, sharers: 1))
  }

  /// `capacity` of a cluster behind all of `entrances` alike; without capacity there is no way.
  mutating func add(
    _ entrances: [GatewayAddress], sharing capacity: Int, priority: Int, cluster: String?
  ) {
    guard capacity > 0 else { return }
    members[priority, default: []] += entrances.map {
      Member(
        address: $0, capacity: min(capacity, Self.greatestCapacity), sharers: entrances.count,
        cluster: cluster)
    }
  }

  /// Nothing when nobody is healthy: an error at once lets callers go elsewhere.
  func assignment(_ name: String) -> ClusterLoadAssignment {
    let isAlive = members.values.contains { $0.contains(where: \.address.healthy) }
    return .with {
      $0.clusterName = name
      guard isAlive else { return }
      $0.endpoints = members.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { entry in
        .with {
          $0.priority = UInt32(min(max(entry.key, 0), Self.greatestPriority))
          $0.lbEndpoints = zip(entry.value, Self.weights(of: entry.value)).map { member, weight in
            LbEndpoint(member.address, weight: weight, leadingTo: member.cluster)
          }
        }
      }
    }
  }

  // Envoy's limits: 128, and weights of one priority that add up to less than 2^32.
  private static let greatestPriority = 128
  private static let greatestCapacity = 100_000
  private static let greatestScale = 1000

  /// Whole numbers in the proportion of capacity to sharers, as small as possible.
  private static func weights(of members: [Member]) -> [Int] {
    let common = members.reduce(1) { common, member in
      min(common / divisor(common, member.sharers) * member.sharers, greatestScale)
    }
    let weights = members.map { max($0.capacity * common / $0.sharers, 1) }
    let shared = weights.reduce(0, divisor)
    return weights.map { $0 / max(shared, 1) }
  }

  /// The greatest common divisor.
  private static func divisor(_ left: Int, _ right: Int) -> Int {
    right == 0 ? left : divisor(right, left % right)
  }
}

extension LbEndpoint {
  init(_ address: GatewayAddress, weight: Int = 1, leadingTo cluster: String? = nil) {
    self = .with {
      $0.endpoint.address = Address(address.address, port: address.port)
      $0.healthStatus = address.healthy ? .healthy : .unhealthy
      if weight != 1 { $0.loadBalancingWeight = .init(UInt32(clamping: weight)) }
      if let cluster {
        $0.metadata.filterMetadata[EnvoyName.transportMatch] = TransportSocketMatch.mark(cluster)
      }
    }
  }
}
