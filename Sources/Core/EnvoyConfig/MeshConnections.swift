import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// Connections that a gateway takes from gateways elsewhere: each is TLS of the mesh around what the
/// client sent, and ends here.
struct MeshConnections {
  private struct Lane {
    var name: String
    var entry: MeshEntry
    /// The server that knows where it goes; nil: the client's own TLS ends at the gateways here, and
    /// the listener for clients takes it.
    var connection: GatewayConnection?
    var plan: GatewayPlan
    var port: Int
  }

  private var lanes: [Lane] = []

  /// What the gateways of `profile` take; of several servers for the same the first.
  init(of profile: ProxyProfile, in site: Site) {
    guard profile.role.servesMesh, let cluster = site.plan?.cluster else { return }
    var seen: Set<MeshEntry> = []
    for plan in site.gateways(for: profile) {
      for server in plan.connections {
        let connection = GatewayConnection(server, of: plan, in: site)
        for entry in server.meshEntries where seen.insert(entry).inserted {
          let isPassed = connection.files == nil || !entry.hasTLS
          lanes.append(
            Lane(
              name: entry.name(in: cluster), entry: entry, connection: isPassed ? connection : nil,
              plan: plan, port: server.port))
        }
      }
      for server in plan.servers {
        guard let entry = server.meshHandshakes, seen.insert(entry).inserted else { continue }
        lanes.append(
          Lane(name: entry.name(in: cluster), entry: entry, plan: plan, port: server.port))
      }
    }
    lanes.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  var isEmpty: Bool { lanes.isEmpty }

  var usesUnavailable: Bool {
    lanes.contains { $0.connection?.destinations.usesUnavailable == true }
  }

  var origins: Set<ItemKey> {
    lanes.reduce(into: lanes.isEmpty ? [] : [.site]) {
      $0.formUnion($1.connection?.origins ?? [.gateway($1.plan.fqn)])
    }
  }

  /// A chain each, chosen by what the handshake between the gateways asks for.
  func chains(accepting bundle: String?) -> [FilterChain] {
    lanes.map { lane in
      .with {
        $0.name = lane.name
        $0.filterChainMatch.transportProtocol = EnvoyName.transportTLS
        $0.filterChainMatch.serverNames = [lane.name]
        $0.transportSocket = .mutualTLS(accepting: bundle, protocols: [])
        $0.transportSocketConnectTimeout = .init(milliseconds: 5000)
        let prefix = EnvoyName.meshListener
        let proxy =
          lane.connection.map { TCPProxy(statPrefix: prefix, to: $0.destinations) }
          ?? TCPProxy.passing(statPrefix: prefix, to: EnvoyName.entrance(for: lane.name))
        $0.filters = [NetworkFilter(proxy)]
      }
    }
  }

  /// The listeners for clients where what came with TLS goes on, at any gateway of the same servers:
  /// what goes there is the client's own TLS.
  func entrances(in site: Site) -> [EnvoyResource] {
    let inside = lanes.filter { $0.connection == nil }
    guard !inside.isEmpty else { return [] }
    let plans = site.plansByMeshEntry
    return inside.flatMap { lane -> [EnvoyResource] in
      let name = EnvoyName.entrance(for: lane.name)
      let serving = plans[lane.entry] ?? []
      let origins = serving.map { ItemKey.gateway($0.fqn) } + [.site]
      return [
        EnvoyResource(
          .cluster, name, Cluster.passing(name, connectTimeout: 500), from: origins),
        .assignment(name, to: site.addresses(of: serving, port: lane.port), from: origins),
      ]
    }
  }
}

extension MeshEntry {
  /// Whether what comes is TLS of the client's.
  fileprivate var hasTLS: Bool {
    switch self {
    case .requests: false
    case .connections(_, _, let withTLS): withTLS
    }
  }
}
