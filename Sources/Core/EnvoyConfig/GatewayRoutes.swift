import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// The routes of one host name at a gateway.
struct GatewayHost {
  var plan: GatewayPlan
  var server: GatewayServer

  private(set) var routes: [Route] = []
  private(set) var origins: Set<ItemKey>
  private(set) var usesUnavailable = false

  /// `forMesh` leaves out what would send requests of gateways elsewhere on to yet another cluster.
  init(_ server: GatewayServer, of plan: GatewayPlan, in site: Site, forMesh: Bool = false) {
    self.plan = plan
    self.server = server
    origins = [.gateway(plan.fqn)]
    for (index, rule) in server.rules.enumerated() where !(forMesh && rule.action.isForward) {
      let matches = rule.matches.filter { ($0.port ?? server.port) == server.port }
      for match in rule.matches.isEmpty ? [RequestMatch()] : matches {
        append(rule, at: index, when: match, in: site)
      }
    }
  }

  var virtualHost: VirtualHost {
    .with {
      $0.name = server.hostname
      $0.domains = [server.hostname]
      $0.routes = routes
    }
  }

  private mutating func append(
    _ rule: GatewayRule, at index: Int, when match: RequestMatch, in site: Site
  ) {
    let name = "\(server.name)#\(index)"
    switch rule.action {
    case .redirect(let scheme, let authority, let path, let port, let code):
      routes.append(
        .with {
          $0.name = name
          $0.match = RequestConditions(match).routeMatch
          $0.redirect = RedirectAction(
            scheme: scheme, authority: authority, path: path, port: port, code: code)
        })
    case .forward(_, let rewritePath, let rewriteAuthority):
      let forwarding = Forwarding(rule, at: index, of: server, in: plan)
      let destinations = forwarding.map { Destinations(cluster: $0.name) } ?? .unavailable
      usesUnavailable = usesUnavailable || destinations.usesUnavailable
      append(
        name, when: RequestConditions(match), to: destinations,
        under: CallPolicy(timeout: rule.timeout),
        rewritePath.map { PathRewrite(of: match.path, to: $0) }, rewriteAuthority)
    case .respond(let status, let body):
      routes.append(
        .with {
          $0.name = name
          $0.match = RequestConditions(match).routeMatch
          $0.directResponse.status = UInt32(clamping: status)
          if let body { $0.directResponse.body.inlineString = body }
        })
    case .route(let host, let port, let rewritePath, let rewriteAuthority):
      var policy = site.callPolicy(from: Caller(namespace: plan.namespace), to: host)
      policy.timeout = rule.timeout ?? policy.timeout
      origins.formUnion(policy.origins)
      let rewrite = rewritePath.map { PathRewrite(of: match.path, to: $0) }
      for (conditions, destinations) in ways(to: host, port: port, when: match, rewrite, in: site) {
        usesUnavailable = usesUnavailable || destinations.usesUnavailable
        append(name, when: conditions, to: destinations, under: policy, rewrite, rewriteAuthority)
      }
    }
  }

  private mutating func append(
    _ name: String, when conditions: RequestConditions, to destinations: Destinations,
    under policy: CallPolicy, _ rewrite: PathRewrite?, _ rewriteAuthority: String?
  ) {
    routes += Route.alternatives(
      name: name, when: conditions, to: destinations, under: policy
    ) { action in
      if let retries = policy.retryPolicy { action.retryPolicy = retries }
      if let rewriteAuthority { action.hostRewriteLiteral = rewriteAuthority }
      rewrite?.apply(to: &action)
    }
  }

  /// The ways of the service behind `match`: every pair of conditions that a request can meet.
  private mutating func ways(
    to host: String, port: Int?, when match: RequestMatch, _ rewrite: PathRewrite?, in site: Site
  ) -> [(RequestConditions, Destinations)] {
    let http = site.service(host: host)?.ports.filter(\.protocolName.isHTTP) ?? []
    guard let service = site.service(host: host),
      let target = port == nil ? http.first : http.first(where: { $0.number == port })
    else { return [(RequestConditions(match), .unavailable)] }
    origins.insert(ServiceKey(service).item)
    return service.ways(to: target, in: site).flatMap { way in
      origins.formUnion(way.destinations.services.map(\.item))
      return way.conditions.compactMap { condition in
        RequestConditions(match).and(condition, after: rewrite).map { ($0, way.destinations) }
      }
    }
  }
}

extension GatewayPlan {
  /// The hosts that rules send requests to.
  var mentionedHosts: Set<String> {
    let requests = servers.flatMap(\.rules).compactMap { rule in
      if case .route(let host, _, _, _) = rule.action { host } else { nil as String? }
    }
    let targets = connections.compactMap { server in
      if case .service(let host, _)? = server.target { host } else { nil as String? }
    }
    return Set(requests + targets)
  }
}

extension RedirectAction {
  fileprivate init(scheme: String?, authority: String?, path: String?, port: Int?, code: Int) {
    self = .with {
      if let scheme { $0.schemeRedirect = scheme }
      if let authority { $0.hostRedirect = authority }
      if let path { $0.pathRedirect = path }
      if let port { $0.portRedirect = UInt32(clamping: port) }
      $0.responseCode =
        switch code {
        case 301: .movedPermanently
        case 302: .found
        case 303: .seeOther
        case 307: .temporaryRedirect
        case 308: .permanentRedirect
        default: .UNRECOGNIZED(code)
        }
    }
  }
}
