import Blueprints
import Documents
import Model

/// What some gateways let in, in every cluster that has them.
func gatewayUnit(_ ref: ResourceRef, _ reader: inout Reader) -> UnitOutput {
  guard let resource = reader.resource(ref), let gateway = resource.gateway else { return [:] }
  let clusters = uncontested(
    gatewayClusters(resource, gateway, &reader), resource, gateway, &reader)
  guard !clusters.isEmpty else { return [:] }
  let spec = FieldPath() / "spec" / "http"
  let servers = gateway.http.enumerated().map { index, server in
    plannedServer(server, of: resource, at: spec[index], &reader)
  }
  let plan = GatewayPlan(
    fqn: ref.fqn, namespace: gateway.selector.namespace, labels: gateway.selector.labels,
    servers: servers)
  var sources = [resource.source]
  if let group = ref.parent.flatMap({ reader.resource($0) }) { sources.append(group.source) }
  let item = SourcedItem(item: .gateway(plan), sources: sources.sorted())
  return Dictionary(clusters.map { ($0, item) }) { first, _ in first }
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

/// Those of `clusters` in which no older gateway selects the same proxies.
private func uncontested(
  _ clusters: [String], _ resource: Resource, _ gateway: Gateway, _ reader: inout Reader
) -> [String] {
  var left = clusters
  for other in reader.gateways(in: gateway.selector.namespace)
  where other.ref != resource.ref && other.precedes(resource) {
    guard let rival = other.gateway, rival.selector == gateway.selector else { continue }
    let taken = Set(gatewayClusters(other, rival, &reader))
    guard left.contains(where: { taken.contains($0) }) else { continue }
    left.removeAll { taken.contains($0) }
    reader.report(
      .error, .duplicate, on: resource, at: FieldPath() / "spec" / "workloadSelector",
      "\(other.ref.text) (\(other.ref.fqn)) already configures the same gateways")
  }
  return left
}

private func plannedServer(
  _ server: HTTPServer, of resource: Resource, at path: FieldPath, _ reader: inout Reader
) -> GatewayServer {
  let tls: GatewayTLS =
    switch server.tls {
    case .disabled: .none
    case .simple(let certificate, let privateKey):
      .files(certificate: certificate, privateKey: privateKey, clientAuthorities: nil)
    case .mutual(let certificate, let privateKey, let clientAuthorities):
      .files(
        certificate: certificate, privateKey: privateKey, clientAuthorities: clientAuthorities)
    }
  let rules = server.rules.enumerated().map { index, rule in
    GatewayRule(
      matches: rule.matches.map { RequestMatch($0) },
      action: plannedAction(
        rule, of: resource, at: (path / "routing" / "rules")[index] / "route", &reader),
      timeout: rule.timeout.map(milliseconds))
  }
  return GatewayServer(
    name: server.name, hostname: server.hostname, port: server.port, tls: tls, rules: rules)
}

/// Where there is nothing to send a request to, it is answered with 503: were the rule left out, a
/// later one would take its requests.
private func plannedAction(
  _ rule: HTTPServerRule, of resource: Resource, at path: FieldPath, _ reader: inout Reader
) -> GatewayAction {
  switch rule.action {
  case .respond(let status, let body): return .respond(status: status, body: body)
  case .redirect(let redirect):
    return .redirect(
      scheme: redirect.scheme, authority: redirect.authority, path: redirect.uri,
      port: redirect.port, code: redirect.code)
  case .service(let service, let port):
    let providers = reader.providers(of: service)
    guard !providers.isEmpty, reader.address(of: service) != nil else {
      reader.report(
        .warning, .unknownDestination, on: resource, at: path,
        "\(service.host) runs nowhere; requests are answered with 503 until it does")
      return .respond(status: 503, body: nil)
    }
    let ports = ports(of: providers.map(\.observed)).map(\.number)
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
