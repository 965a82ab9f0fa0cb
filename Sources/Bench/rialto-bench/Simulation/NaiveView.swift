import DeltaXDS
import Documents
import EnvoyProtos
import SwiftProtobuf

/// What a change costs where nothing is remembered between proxies: the routes of all services are
/// made, encoded and hashed for each of them, and compared with what it has.
struct NaiveView: Sendable {
  var services: Int
  /// The first service's route depends on it.
  var turn: Int

  /// What differs from what a proxy has. One that has nothing yet is taken to have it all.
  func difference(from held: inout [String: StableHash]) -> [Resource] {
    let isFirst = held.isEmpty
    var changed: [Resource] = []
    for service in 0..<services {
      let routes = routes(of: service)
      guard let bytes: [UInt8] = try? routes.serializedBytes() else { continue }
      let hash = StableHash(bytes)
      guard held[routes.name] != hash else { continue }
      held[routes.name] = hash
      guard !isFirst || service == 0 else { continue }
      changed.append(
        Resource(name: ResourceName(.routes, routes.name), version: hash.shortText, body: bytes))
    }
    return changed
  }

  private func routes(of service: Int) -> Envoy_Config_Route_V3_RouteConfiguration {
    let host = "svc-\(service).team-0.mesh"
    let isTurned = service == 0 && turn % 2 == 1
    return .with { routes in
      routes.name = "\(host):8080"
      routes.virtualHosts = [
        .with { virtualHost in
          virtualHost.name = host
          virtualHost.domains = ["*"]
          virtualHost.routes = [
            .with { route in
              route.match.prefix = "/"
              route.route.weightedClusters.clusters = ["v1", "v2"].enumerated().map {
                index, version in
                .with {
                  $0.name = "outbound_.8080_.\(version)_.\(host)"
                  $0.weight.value = (index == 0) == isTurned ? 90 : 10
                }
              }
            }
          ]
        }
      ]
    }
  }
}

/// What a client asks the bare server to send to all streams.
enum BarePush: Sendable {
  /// One response of about so many bytes.
  case bytes(Int)
  /// So many responses, of about so many bytes each.
  case parts(Int, Int)
  /// What changed since the last turn, found out for each of them.
  case naive(services: Int, turn: Int)

  var text: String {
    switch self {
    case .bytes(let size): "bytes \(size)"
    case .parts(let count, let size): "parts \(count) \(size)"
    case .naive(let services, let turn): "naive \(services) \(turn)"
    }
  }

  init?(text: String) {
    let words = text.split(separator: " ")
    let numbers = words.dropFirst().compactMap { Int($0) }
    switch (words.first, numbers.count) {
    case ("bytes", 1): self = .bytes(numbers[0])
    case ("parts", 2): self = .parts(numbers[0], numbers[1])
    case ("naive", 2): self = .naive(services: numbers[0], turn: numbers[1])
    default: return nil
    }
  }

  /// How many responses every stream gets.
  var responses: Int { if case .parts(let count, _) = self { count } else { 1 } }
}
