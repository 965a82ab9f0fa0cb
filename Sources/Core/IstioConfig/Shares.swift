import Blueprints
import Documents

/// Where requests or connections go: hosts with their weights, and what of them goes nowhere.
struct Shares {
  struct Share {
    var host: String
    var port: Int
    var subset: String?
    var weight: Int
  }

  /// Their weights add up to 100, unless there is none.
  private(set) var shares: [Share] = []
  /// Percent of the requests, to what does not exist: they fail, and say so.
  private(set) var failing = 0
  private(set) var origins: Set<ItemKey> = []
  /// Clusters that would take requests when nobody nearer is healthy.
  private(set) var fallbacks: Set<String> = []

  /// `destinations` as seen by a call to `port` of `service`; empty means the service itself.
  init(
    _ destinations: [WeightedDestination], of service: ServicePlan, port: PlannedPort, in mesh: Mesh
  ) {
    let written = destinations.isEmpty ? [WeightedDestination(weight: 100)] : destinations
    let weighted = written.filter { $0.weight > 0 }
    origins = [service.key]
    for destination in weighted.isEmpty ? written : weighted {
      guard
        let (target, number) = destination.target(from: service, port: port, mesh.service(host:))
      else {
        failing += max(destination.weight, 1)
        continue
      }
      origins.insert(target.key)
      add(destination, to: target, port: number, in: mesh)
    }
    normalize()
  }

  /// What is sent nowhere.
  static func nowhere(from origin: ItemKey) -> Shares { Shares(failing: 100, origins: [origin]) }

  /// Copies of a host name in other clusters, by weight.
  init(_ copies: [(host: String, weight: Int)], port: Int, from origins: Set<ItemKey>) {
    self.origins = origins
    let weights = proportional(100, to: copies.map { max($0.weight, 0) })
    shares = zip(copies, weights).filter { $0.1 > 0 }.map { copy, weight in
      Share(host: copy.host, port: port, subset: nil, weight: weight)
    }
    if shares.isEmpty { failing = 100 }
  }

  private init(failing: Int, origins: Set<ItemKey>) {
    self.failing = failing
    self.origins = origins
  }

  /// Whether this is no more than what Istio does by itself.
  func isPlain(_ service: ServicePlan, _ port: PlannedPort) -> Bool {
    failing == 0 && shares.count == 1 && shares[0].host == service.host
      && shares[0].port == port.number && shares[0].subset == nil
  }

  private mutating func add(
    _ destination: WeightedDestination, to target: ServicePlan, port: Int, in mesh: Mesh
  ) {
    var places: [(host: String, capacity: Int, priority: Int, cluster: String?)] = []
    for provider in target.providers {
      guard let remote = provider.remote else {
        places.append((target.host, mesh.healthyInstances(of: target), provider.priority, nil))
        continue
      }
      origins.insert(.peer(provider.cluster))
      guard remote.ports.contains(port), !mesh.entrances(to: provider.cluster).isEmpty else {
        continue
      }
      let capacity = destination.subset.map { remote.subsets[$0] ?? 0 } ?? remote.healthy
      places.append(
        (
          target.copyHost(in: provider.cluster), min(max(capacity, 0), 100_000), provider.priority,
          provider.cluster
        ))
    }
    let alive = places.filter { $0.capacity > 0 }
    let best = alive.map(\.priority).min()
    let chosen = alive.filter { $0.priority == best }
    fallbacks.formUnion(alive.filter { $0.priority != best }.compactMap(\.cluster))
    let subset = destination.subset.map { KubernetesName.label($0) }
    guard !chosen.isEmpty else {
      // Nobody is healthy: the own entry, which has no endpoints, answers that.
      shares.append(
        Share(host: target.host, port: port, subset: subset, weight: destination.weight))
      return
    }
    let weights = proportional(destination.weight, to: chosen.map(\.capacity))
    for (place, weight) in zip(chosen, weights) where weight > 0 || destination.weight == 0 {
      shares.append(Share(host: place.host, port: port, subset: subset, weight: weight))
    }
  }

  /// Weights as Istio has taken them in all its versions, and failures in percent.
  private mutating func normalize() {
    let weights = shares.map(\.weight)
    let sum = weights.reduce(0, +)
    let percent = proportional(100, to: [failing, sum])
    failing = shares.isEmpty ? 100 : failing == 0 ? 0 : percent[0]
    let scaled = proportional(100, to: sum == 0 ? weights.map { _ in 1 } : weights)
    for (index, weight) in scaled.enumerated() { shares[index].weight = weight }
    shares.removeAll { $0.weight == 0 }
  }
}

/// Whole numbers that add up to `total` in the proportion of `parts`, by largest remainder, the first
/// of equals first.
func proportional(_ total: Int, to parts: [Int]) -> [Int] {
  let sum = parts.reduce(0, +)
  guard sum > 0 else { return parts.enumerated().map { $0.offset == 0 ? total : 0 } }
  var scaled = parts.map { $0 * total / sum }
  let byRemainder = parts.indices.sorted { left, right in
    let remainders = (parts[left] * total % sum, parts[right] * total % sum)
    return remainders.0 != remainders.1 ? remainders.0 > remainders.1 : left < right
  }
  for index in byRemainder.prefix(total - scaled.reduce(0, +)) { scaled[index] += 1 }
  return scaled
}

extension Shares {
  /// `route` of an HTTP or TCP route.
  var route: Document {
    .list(
      shares.map { share in
        var destination: [String: Document] = [
          "host": .string(share.host), "port": ["number": .integer(Int64(share.port))],
        ]
        if let subset = share.subset { destination["subset"] = .string(subset) }
        var member: [String: Document] = ["destination": .object(destination)]
        if shares.count > 1 { member["weight"] = .integer(Int64(share.weight)) }
        return .object(member)
      })
  }

  /// What an HTTP route does.
  var action: [String: Document] {
    guard !shares.isEmpty else { return ["directResponse": ["status": 503]] }
    guard failing > 0 else { return ["route": route] }
    return [
      "route": route,
      "fault": [
        "abort": ["httpStatus": 503, "percentage": ["value": .integer(Int64(failing))]]
      ],
    ]
  }
}
