package import Blueprints

/// One part of what a proxy has: what is made, compared and replaced together.
enum ConfigurationUnit: Hashable {
  /// How a service is called: its routes, their scopes, its name.
  case calls(ServiceKey)
  /// The clusters of a service that calls end at.
  case clusters(ServiceKey)
  case endpoints(ServiceKey)
  case captured
  /// The explicit listeners for a service.
  case upstreams(ServiceKey)
  case inbound
  case gateway
  /// The clusters of the rules that send requests to other clusters, and their endpoints.
  case forwards

  // At gateways between clusters.
  /// The listener for what comes from other clusters.
  case entrance
  /// The way to another cluster.
  case peer(String)
  /// The clusters of a service that other clusters may call.
  case exposed(ServiceKey)
  case exposedEndpoints(ServiceKey)
  /// The clusters of host names for gateways elsewhere, with their endpoints.
  case servedHosts
}

extension ProxyProfile {
  var isSidecar: Bool { role == .sidecar }

  /// Whether workloads of this profile call `service`: those with captured traffic call whatever
  /// they may reach, others what they have listeners for. What nobody provides to this
  /// cluster is not even known by name, though a gateway here may lead to it.
  func calls(_ service: ServiceKey, in site: Site) -> Bool {
    guard isSidecar, let plan = site.services[service], plan.isProvided,
      site.reaches(from: caller, service)
    else { return false }
    return capture == .redirect || upstreams.contains { $0.host == plan.host }
  }

  /// The calls of `service` by this profile under the policy that holds for it.
  func callResources(
    of plan: ServicePlan, routes: [EnvoyResource], scopes: [EnvoyResource], name: EnvoyResource
  ) -> [EnvoyResource] {
    capture == .redirect ? routes + scopes + [name] : routes
  }

  /// The services that this profile calls, in no order.
  func calledServices(in site: Site) -> [ServiceKey] {
    guard isSidecar else { return [] }
    let candidates: [ServiceKey] =
      capture == .redirect
      ? Array(site.services.keys) : Array(Set(upstreams.compactMap { ServiceKey(host: $0.host) }))
    return candidates.filter { calls($0, in: site) }
  }

  /// The services whose clusters this profile needs for its gateways.
  func gatewayDestinations(in site: Site) -> Set<ServiceKey> {
    site.gateways(for: self).reduce(into: []) { all, gateway in
      for host in gateway.mentionedHosts {
        if let plan = site.service(host: host) { all.formUnion(plan.destinations(in: site)) }
      }
    }
  }
}

extension ProxyProfile {
  /// Where this gateway takes what comes from other clusters.
  func entrance(in site: Site) -> [EnvoyResource] {
    switch role {
    case .eastWest: eastWestListener(in: site)
    case .edge: edgeListener(in: site)
    case .sidecar, .ingress, .egress: []
    }
  }

  /// What joins clusters at this gateway.
  func bridge(in site: Site) -> [EnvoyResource] {
    var resources = entrance(in: site) + forwardings(of: self, in: site)
    if role == .eastWest || role == .edge {
      resources += site.sortedPeers.flatMap { $0.resources(for: role) }
    }
    if role == .eastWest {
      resources += servedHosts(in: site)
      for service in site.services.keys.sorted() {
        guard let plan = site.exposedService(service), let cluster = site.plan?.cluster
        else { continue }
        resources += plan.exposedClusters(in: cluster)
        resources += plan.exposedEndpoints(of: site.endpoints[service] ?? [], in: cluster)
      }
    }
    return resources
  }
}

extension Site {
  /// The plan of `service` if other clusters may call the instances here.
  func exposedService(_ service: ServiceKey) -> ServicePlan? {
    guard plan != nil, let plan = services[service], plan.isExposed else { return nil }
    return plan
  }
}

/// The full translation for one profile, sorted by type and name: what incremental translation must
/// agree with.
package func snapshot(
  items: [ItemKey: BlueprintItem], endpoints: [ServiceKey: [LocalEndpoint]],
  gateways: [LocalGateway] = [], profile: ProxyProfile
) -> [EnvoyResource] {
  let site = Site(items: items, endpoints: endpoints, gateways: gateways)
  let called = profile.calledServices(in: site).sorted().compactMap { site.services[$0] }
  var resources = called.flatMap { plan in
    profile.callResources(
      of: plan,
      routes: plan.routeConfigurations(
        under: site.callPolicy(from: profile.caller, to: plan.host), in: site),
      scopes: plan.scopes, name: plan.nameRecord)
  }
  let destinations = called.reduce(into: profile.gatewayDestinations(in: site)) {
    $0.formUnion($1.destinations(in: site))
  }
  for plan in destinations.compactMap({ site.services[$0] }) {
    resources += plan.clusters(in: site)
    resources += plan.endpointAssignments(
      of: site.endpoints[ServiceKey(plan)] ?? [], by: profile.passage, in: site)
  }
  if profile.isSidecar {
    if profile.capture == .redirect {
      resources += capturedListener(
        httpPorts: Set(called.flatMap(\.httpPorts)).sorted(),
        tcpServices: called.filter(\.hasTCPPorts), in: site)
    }
    resources += called.flatMap { upstreamListeners(of: profile, to: $0, in: site) }
    resources += inboundResources(of: profile, in: site)
  } else {
    resources += gatewayResources(of: profile, in: site)
    resources += profile.bridge(in: site)
  }
  let byName = Dictionary(resources.map { ($0.name, $0) }) { first, _ in first }
  return byName.values.sorted { $0.name < $1.name }
}

extension ServicePlan {
  /// Whether somebody, here or elsewhere, can be called.
  var isProvided: Bool { !providers.isEmpty }

  var httpPorts: [Int] { ports.filter(\.protocolName.isHTTP).map(\.number) }
  var hasTCPPorts: Bool { ports.contains { !$0.protocolName.isHTTP } }
}
