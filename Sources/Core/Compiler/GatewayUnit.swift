import Blueprints
import Documents
import Model

/// What some gateways let in, in every cluster that has them.
func gatewayUnit(_ ref: ResourceRef, _ reader: inout Reader) -> UnitOutput {
  guard let resource = reader.resource(ref), let gateway = resource.gateway else { return [:] }
  var sources = [resource.source]
  if let group = ref.parent.flatMap({ reader.resource($0) }) { sources.append(group.source) }
  let rivals = rivals(of: resource, gateway, &reader)
  var output: UnitOutput = [:]
  // Clusters mostly have the same rivals, and what is left of the servers is planned once, unless it
  // forwards: what is another cluster differs.
  let isCommon = !gateway.forwards
  var made: [[ResourceRef]: SourcedItem?] = [:]
  for cluster in gatewayClusters(resource, gateway, &reader) {
    let present = rivals.filter { $0.clusters.contains(cluster) }
    let refs = present.map(\.resource.ref)
    if isCommon, let item = made[refs] {
      output[cluster] = item
      continue
    }
    let servers = plannedServers(gateway, of: resource, in: cluster, against: present, &reader)
    let connections = plannedConnections(
      gateway, of: resource, in: cluster, against: present, &reader)
    let plan = GatewayPlan(
      fqn: ref.fqn, namespace: gateway.selector.namespace, labels: gateway.selector.labels,
      servers: servers, connections: connections)
    let item =
      servers.isEmpty && connections.isEmpty
      ? nil : SourcedItem(item: .gateway(plan), sources: sources.sorted())
    made.updateValue(item, forKey: refs)
    output[cluster] = item
  }
  return output
}

/// The clusters in which a gateway's group owns the namespace of its proxies, sorted.
func gatewayClusters(
  _ resource: Resource, _ gateway: Gateway, _ reader: inout Reader
) -> [String] {
  reader.trustDomains().map(\.cluster).filter { cluster in
    let place = NamespaceInCluster(cluster: cluster, namespace: gateway.selector.namespace)
    return reader.group(.gatewayGroup, of: place)?.ref == resource.ref.parent
  }
}

/// An older gateway object for the same proxies.
struct Rival {
  var resource: Resource
  var gateway: Gateway
  var clusters: Set<String>
}

/// The older gateway objects whose labels select the same proxies, or more, or fewer of them.
private func rivals(
  of resource: Resource, _ gateway: Gateway, _ reader: inout Reader
) -> [Rival] {
  var found: [Rival] = []
  for other in reader.gateways(in: gateway.selector.namespace) where other.precedes(resource) {
    guard let rival = other.gateway,
      rival.selector.labels.includes(gateway.selector.labels)
        || gateway.selector.labels.includes(rival.selector.labels)
    else { continue }
    let clusters = Set(gatewayClusters(other, rival, &reader))
    found.append(Rival(resource: other, gateway: rival, clusters: clusters))
  }
  return found
}

/// The servers that no older gateway object of the same proxies contends for.
private func plannedServers(
  _ gateway: Gateway, of resource: Resource, in cluster: String, against rivals: [Rival],
  _ reader: inout Reader
) -> [GatewayServer] {
  let spec = FieldPath() / "spec" / resource.ref.kind.serverLists.http
  var servers: [GatewayServer] = []
  for (index, server) in gateway.http.enumerated() {
    if case .unserved(let reason) = server.tls {
      reader.report(
        .warning, .noEffect, on: resource, at: spec[index],
        "gateways do not serve this yet: \(reason)")
      continue
    }
    if let winner = rivals.winner(against: server.claim) {
      reader.report(
        .error, .duplicate, on: resource, at: spec[index],
        "\(winner.resource.ref.text) (\(winner.resource.ref.fqn)) already serves "
          + "\(server.hostname) on port \(server.port), or uses the port otherwise; "
          + "this server has no effect")
      continue
    }
    servers.append(plannedServer(server, of: resource, in: cluster, at: spec[index], &reader))
  }
  return servers
}

extension ServerTLS {
  var planned: GatewayTLS {
    switch self {
    case .disabled, .unserved: .none
    case .simple(let certificate, let privateKey):
      .files(certificate: certificate, privateKey: privateKey, clientAuthorities: nil)
    case .mutual(let certificate, let privateKey, let clientAuthorities):
      .files(
        certificate: certificate, privateKey: privateKey, clientAuthorities: clientAuthorities)
    }
  }
}

private func plannedServer(
  _ server: HTTPServer, of resource: Resource, in cluster: String, at path: FieldPath,
  _ reader: inout Reader
) -> GatewayServer {
  let rules = server.rules.enumerated().map { index, rule in
    GatewayRule(
      matches: rule.matches.map { RequestMatch($0) },
      action: plannedAction(
        rule,
        Forwarding(
          host: server.hostname, asked: .requests, resource: resource, server: path,
          rule: (path / "routing" / "rules")[index], cluster: cluster), &reader),
      timeout: rule.timeout.map(milliseconds))
  }
  return GatewayServer(
    name: server.name, hostname: server.hostname, port: server.port, tls: server.tls.planned,
    rules: rules)
}

/// Where there is nothing to send a request to, it is answered with 503: were the rule left out, a
/// later one would take its requests.
private func plannedAction(
  _ rule: HTTPServerRule, _ forwarding: Forwarding, _ reader: inout Reader
) -> GatewayAction {
  let (resource, path) = (forwarding.resource, forwarding.path)
  switch rule.action {
  case .respond(let status, let body): return .respond(status: status, body: body)
  case .redirect(let redirect):
    return .redirect(
      scheme: redirect.scheme, authority: redirect.authority, path: redirect.uri,
      port: redirect.port, code: redirect.code)
  case .clusters(let destinations):
    return .forward(
      clusters: forwarding.providers(destinations, &reader), rewritePath: rule.rewrite?.uri,
      rewriteAuthority: rule.rewrite?.authority)
  case .service(let service, let port):
    let offers = reader.offers(of: service)
    guard !offers.isEmpty, reader.address(of: service) != nil else {
      reader.report(
        .warning, .unknownDestination, on: resource, at: path,
        "\(service.host) runs nowhere; requests are answered with 503 until it does")
      return .respond(status: 503, body: nil)
    }
    let ports = ports(of: offers).map(\.number)
    guard port.map({ ports.contains($0) }) ?? (ports.count == 1) else {
      let message =
        port.map { "\(service.host) has no port \($0)" }
        ?? "\(service.host) has \(ports.count) ports: say which one is meant"
      reader.report(
        .warning, .unknownDestination, on: resource, at: path,
        "\(message); requests are answered with 503")
      return .respond(status: 503, body: nil)
    }
    return .route(
      host: service.host, port: port ?? ports.first, rewritePath: rule.rewrite?.uri,
      rewriteAuthority: rule.rewrite?.authority)
  }
}
