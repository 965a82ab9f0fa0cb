import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// One way through a service: what a request must meet, and where it goes then.
struct ServiceRoute {
  var name: String
  var conditions: [RequestMatch]
  var destinations: Destinations
}

extension ServicePlan {
  /// The ways of requests to `port`, in order; the last one takes what is left.
  func ways(to port: PlannedPort, in site: Site) -> [ServiceRoute] {
    rules(for: port).map { rule in
      ServiceRoute(
        name: rule.name, conditions: rule.matches,
        destinations: Destinations(rule.destinations, of: self, port: port, in: site))
    }
  }

  /// The hosts of other services that rules send requests or connections to.
  var mentionedHosts: Set<String> {
    Set((routes.flatMap(\.destinations) + defaultDestinations).compactMap(\.host))
  }

  /// The services whose clusters callers of this one need, itself included.
  func destinations(in site: Site) -> Set<ServiceKey> {
    Set(mentionedHosts.compactMap { site.service(host: $0).map(ServiceKey.init) })
      .union([ServiceKey(self)])
  }

  /// The routes of this service, one resource per HTTP port, for callers under `policy`.
  func routeConfigurations(under policy: CallPolicy, in site: Site) -> [EnvoyResource] {
    var resources: [EnvoyResource] = []
    for port in ports where port.protocolName.isHTTP {
      let ways = ways(to: port, in: site)
      let name = EnvoyName.serviceRoutes(host: host, port: port.number)
      let configuration = RouteConfiguration.with {
        $0.name = name
        $0.requestHeadersToRemove = [EnvoyName.portHeader]
        $0.virtualHosts = [
          .with {
            $0.name = host
            $0.domains = ["*"]
            $0.routes = ways.flatMap { way in
              way.conditions.flatMap { match in
                Route.alternatives(
                  name: way.name, when: RequestConditions(match), to: way.destinations,
                  under: policy)
              }
            }
            if let retries = policy.retryPolicy { $0.retryPolicy = retries }
          }
        ]
      }
      let used = ways.reduce(into: Set([ServiceKey(self)])) {
        $0.formUnion($1.destinations.services)
      }
      resources.append(
        EnvoyResource(.routes, name, configuration, from: used.map(\.item) + policy.origins))
      if ways.contains(where: \.destinations.usesUnavailable) {
        resources.append(Cluster.unavailable)
      }
    }
    return resources
  }

  /// How captured requests find the routes.
  var scopes: [EnvoyResource] {
    ports.filter(\.protocolName.isHTTP).map { port in
      let name = EnvoyName.serviceRoutes(host: host, port: port.number)
      let scope = ScopedRouteConfiguration.with {
        $0.name = name
        $0.routeConfigurationName = name
        $0.key.fragments = [
          .with { $0.stringKey = host }, .with { $0.stringKey = String(port.number) },
        ]
      }
      return EnvoyResource(.scopedRoutes, name, scope, from: [ServiceKey(self).item])
    }
  }

  /// What the resolver beside a workload answers.
  var nameRecord: EnvoyResource {
    let record = NameRecord.with {
      $0.host = host
      $0.address = address
    }
    return EnvoyResource(.name, host, record, from: [ServiceKey(self).item])
  }
}

extension Route {
  /// The routes for requests that only read and for all, which differ in when they are tried again.
  static func alternatives(
    name: String, when conditions: RequestConditions, to destinations: Destinations,
    under policy: CallPolicy, changing change: (inout RouteAction) -> Void = { _ in }
  ) -> [Route] {
    let all = Route.with {
      $0.name = name
      $0.match = conditions.routeMatch
      $0.route.send(to: destinations)
      // Zero is no limit; unset would be fifteen seconds.
      $0.route.timeout = .init(milliseconds: policy.timeout ?? 0)
      change(&$0.route)
    }
    guard let retries = policy.retryPolicyOfReads else { return [all] }
    var reads = all
    reads.match.headers.append(.reads)
    reads.route.retryPolicy = retries
    return [reads, all]
  }
}

extension HeaderMatcher {
  fileprivate static let reads = HeaderMatcher.with {
    $0.name = EnvoyName.method
    $0.stringMatch.safeRegex.regex = "GET|HEAD|OPTIONS"
  }
}
