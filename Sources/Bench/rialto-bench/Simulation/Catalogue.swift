import DeltaXDS
import DiscoveryProtos
import Documents
import EnvoyProtos
import SwiftProtobuf
import Synchronization

/// The names and contents that all simulated proxies have seen, each decoded once and given a
/// number.
final class Catalogue: Sendable {
  /// One resource of a response.
  struct Entry: Sendable {
    var number: Int
    /// Never zero.
    var version: UInt64
    /// The part of this name and version in a digest.
    var member: StableHash
    /// Of a cluster: the number of its endpoints; of endpoints: that of their cluster.
    var partner: Int?
    /// Of a route: the clusters that it leads to.
    var destinations: [Int] = []
  }

  /// One version of a resource.
  struct Reference: Hashable, Sendable {
    var number: Int
    var version: UInt64
  }

  private struct Search: Hashable {
    var type: ResourceType
    var text: String
  }

  /// What a search has found among the names that there were.
  private struct Found {
    var examined = 0
    var numbers: [Int] = []
  }

  private struct State {
    var numbers: [ResourceName: Int] = [:]
    var names: [ResourceName] = []
    var responses: [Int: [Entry]] = [:]
    /// By the number of a cluster: the routes that lead to it, and in which versions.
    var referrers: [Int: Set<Reference>] = [:]
    var searches: [Search: Found] = [:]

    mutating func number(of name: ResourceName) -> Int {
      if let number = numbers[name] { return number }
      numbers[name] = names.count
      names.append(name)
      return names.count - 1
    }
  }

  private let state = Mutex(State())

  func number(of name: ResourceName) -> Int { state.withLock { $0.number(of: name) } }
  func name(_ number: Int) -> ResourceName { state.withLock { $0.names[number] } }

  /// The numbers of everything of a type, or of what has a text in its name. Asked again and again
  /// while proxies come: only new names are looked at.
  func numbers(of type: ResourceType, containing text: String = "") -> [Int] {
    state.withLock { state in
      let search = Search(type: type, text: text)
      var found = state.searches[search] ?? Found()
      for number in found.examined..<state.names.count where state.names[number].type == type {
        if text.isEmpty || state.names[number].name.contains(text) { found.numbers.append(number) }
      }
      found.examined = state.names.count
      state.searches[search] = found
      return found.numbers
    }
  }

  /// The routes, in all versions that anybody had, that lead to one of these clusters.
  func referrers(of clusters: [Int]) -> Set<Reference> {
    state.withLock { state in
      clusters.reduce(into: Set()) { $0.formUnion(state.referrers[$1] ?? []) }
    }
  }

  /// The resources of a response.
  func entries(of response: RawResponse) throws -> [Entry] {
    let hash = response.contentHash
    if let known = state.withLock({ $0.responses[hash] }) { return known }
    let decoded = try DeltaDiscoveryResponse(serializedBytes: response.bytes)
    let type = ResourceType(response.typeURL)
    return try state.withLock { state in
      let entries = try decoded.resources.map { resource -> Entry in
        var entry = Entry(
          number: state.number(of: ResourceName(type, resource.name)),
          version: try Self.number(ofVersion: resource.version),
          member: ContentDigest.member(resource.name, resource.version))
        if type == .routes {
          let routes = try Envoy_Config_Route_V3_RouteConfiguration(
            serializedBytes: resource.resource.value)
          entry.destinations = routes.clusters.map {
            state.number(of: ResourceName(.cluster, $0))
          }
          let reference = Reference(number: entry.number, version: entry.version)
          for cluster in entry.destinations {
            state.referrers[cluster, default: []].insert(reference)
          }
        } else if type == .cluster {
          entry.partner = state.number(of: ResourceName(.endpoints, resource.name))
        } else if type == .endpoints {
          entry.partner = state.number(of: ResourceName(.cluster, resource.name))
        }
        return entry
      }
      state.responses[hash] = entries
      return entries
    }
  }
}

extension Catalogue {
  struct UnknownVersion: Error, CustomStringConvertible {
    var text: String
    var description: String { "the version \(text) is no hash in short" }
  }

  /// Never zero.
  private static func number(ofVersion text: String) throws -> UInt64 {
    guard let hash = StableHash(shortText: text) else { throw UnknownVersion(text: text) }
    return max(hash.value, 1)
  }
}

extension Envoy_Config_Route_V3_RouteConfiguration {
  fileprivate var clusters: [String] {
    virtualHosts.flatMap(\.routes).flatMap { route -> [String] in
      switch route.route.clusterSpecifier {
      case .cluster(let name): [name]
      case .weightedClusters(let weighted): weighted.clusters.map(\.name)
      default: []
      }
    }
  }
}
