import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

// What gateways pass on to other clusters whose own gateways answer for the host name.

/// One rule that forwards: a cluster of its own, whose endpoints follow the weights, priorities and
/// health of the clusters that answer.
struct Forwarding {
  let name: String
  private let fqn: String
  private let hostname: String
  private let providers: [HostProvider]

  /// nil when `rule`, the one at `index` of `server`, does not forward, or to nobody.
  init?(_ rule: GatewayRule, at index: Int, of server: GatewayServer, in plan: GatewayPlan) {
    guard case .forward(let clusters, _, _) = rule.action, !clusters.isEmpty else { return nil }
    let identity = "\(plan.fqn) \(server.port) \(server.name)#\(index)"
    name = EnvoyName.forward(StableHash(identity), hostname: server.hostname)
    fqn = plan.fqn
    hostname = server.hostname
    providers = clusters
  }

  /// The cluster, the bundles that it refers to, and its endpoints.
  func resources(by passage: Passage, in site: Site) -> [EnvoyResource] {
    let origins = [.gateway(fqn), .trust] + providers.map { ItemKey.peer($0.cluster) }
    let callees = providers.map { ($0.cluster, Callee($0.accounts, in: site.trust)) }
    let cluster = Cluster.outbound(
      name, isHTTP: true,
      transport: Callee([], in: site.trust).transport(
        serverName: EnvoyName.unavailableCluster, protocols: ALPN.httpClient),
      elsewhere: callees.map { other, callee in
        let copy = EnvoyName.copy(ofHostname: hostname, in: other)
        return TransportSocketMatch(
          other, callee.transport(serverName: copy, protocols: ALPN.httpClient))
      }, in: site)
    var groups = EndpointGroups()
    for provider in providers where provider.healthy > 0 {
      let entrances =
        provider.cluster == site.plan?.cluster
        ? site.gatewaysServing(hostname).filter(\.healthy)
        : site.entrances(to: provider.cluster, by: passage)
      groups.add(
        entrances, sharing: provider.weight, priority: provider.priority,
        cluster: provider.cluster)
    }
    return [
      EnvoyResource(.cluster, name, cluster, from: origins),
      EnvoyResource(.endpoints, name, groups.assignment(name), from: origins),
    ] + callees.compactMap(\.1.bundle?.resource)
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

/// The clusters of all rules of the gateways of `profile` that forward.
func forwardings(of profile: ProxyProfile, in site: Site) -> [EnvoyResource] {
  site.gateways(for: profile).flatMap { plan in
    plan.servers.flatMap { server in
      server.rules.enumerated().flatMap { index, rule in
        Forwarding(rule, at: index, of: server, in: plan)?
          .resources(by: profile.passage, in: site) ?? []
      }
    }
  }
}
