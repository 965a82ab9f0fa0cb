import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

// What gateways pass on to other clusters whose own gateways answer for the host name.

/// A rule, or a server of connections, that forwards: a cluster of its own, whose endpoints follow
/// the weights, priorities and health of the clusters that answer.
struct Forwarding {
  let name: String
  private let fqn: String
  private let providers: [(provider: HostProvider, entry: MeshEntry)]
  private let isHTTP: Bool

  /// nil when `rule`, the one at `index` of `server`, does not forward, or to nobody.
  init?(_ rule: GatewayRule, at index: Int, of server: GatewayServer, in plan: GatewayPlan) {
    guard case .forward(let clusters, _, _) = rule.action, !clusters.isEmpty else { return nil }
    let identity = "\(plan.fqn) \(server.port) \(server.name)#\(index)"
    name = EnvoyName.forward(StableHash(identity), hostname: server.hostname)
    fqn = plan.fqn
    providers = clusters.map { ($0, .requests(hostname: server.hostname)) }
    isHTTP = true
  }

  /// nil when `server` does not forward, or to nobody.
  init?(_ server: ConnectionPlan, in plan: GatewayPlan) {
    guard case .clusters(let clusters)? = server.target, !clusters.isEmpty else { return nil }
    let identity = "\(plan.fqn) \(server.port) \(server.name) connections"
    name = EnvoyName.forward(StableHash(identity), hostname: server.hostname)
    fqn = plan.fqn
    providers = clusters.map { provider in
      (
        provider,
        .connections(
          hostname: server.hostname, port: provider.port ?? server.port,
          withTLS: server.entry == .passthrough)
      )
    }
    isHTTP = false
  }

  /// The cluster, the bundles that it refers to, and its endpoints.
  func resources(by passage: Passage, in site: Site) -> [EnvoyResource] {
    let origins = [.gateway(fqn), .trust] + providers.map { ItemKey.peer($0.provider.cluster) }
    let protocols = isHTTP ? ALPN.httpClient : ALPN.tcpClient
    let callees = providers.map { ($0.provider.cluster, $0.entry, callee($0.provider, in: site)) }
    let cluster = Cluster.outbound(
      name, isHTTP: isHTTP, here: nil,
      elsewhere: callees.map { other, entry, callee in
        (other, callee.transport(serverName: entry.name(in: other), protocols: protocols))
      }, in: site)
    var groups = EndpointGroups()
    for (provider, entry) in providers where provider.healthy > 0 {
      let entrances =
        provider.cluster == site.plan?.cluster
        ? site.addresses(of: site.plansByMeshEntry[entry] ?? [], port: MeshPort.hostnames)
          .filter(\.healthy)
        : site.entrances(to: provider.cluster, by: passage)
      groups.add(
        entrances, sharing: provider.weight, priority: provider.priority,
        cluster: provider.cluster)
    }
    return [
      EnvoyResource(.cluster, name, cluster, from: origins),
      EnvoyResource(.endpoints, name, groups.assignment(name), from: origins),
    ] + callees.compactMap(\.2.bundle?.resource)
  }

  private func callee(_ provider: HostProvider, in site: Site) -> Callee {
    Callee(provider.accounts, in: site)
  }
}

extension HostProvider {
  fileprivate var accounts: [(trustDomain: String, namespace: String, name: String)] {
    identities.compactMap { identity in
      let parts = identity.split(separator: "/", omittingEmptySubsequences: false)
      return parts.count == 2 ? (trustDomain, String(parts[0]), String(parts[1])) : nil
    }
  }
}

/// The clusters of everything of the gateways of `profile` that forwards, and of what they take
/// from gateways elsewhere for the listeners of gateways here.
func forwardings(of profile: ProxyProfile, in site: Site) -> [EnvoyResource] {
  let forwardings = site.gateways(for: profile).flatMap { plan in
    plan.servers.flatMap { server in
      server.rules.enumerated().compactMap { index, rule in
        Forwarding(rule, at: index, of: server, in: plan)
      }
    } + plan.connections.compactMap { Forwarding($0, in: plan) }
  }
  return forwardings.flatMap { $0.resources(by: profile.passage, in: site) }
    + MeshConnections(of: profile, in: site).entrances(in: site)
}
