import Blueprints
import Documents
import Model

extension [Rival] {
  /// The first that has what is claimed.
  func winner(against claim: PortClaim?) -> Rival? {
    first { rival in
      claim.map { claim in rival.gateway.claims.contains { $0.contends(with: claim) } } ?? false
    }
  }
}

/// The servers of connections that no older gateway object of the same proxies contends for, as the
/// gateways of `cluster` have them.
func plannedConnections(
  _ gateway: Gateway, of resource: Resource, in cluster: String, against rivals: [Rival],
  _ reader: inout Reader
) -> [ConnectionPlan] {
  let lists = resource.ref.kind.serverLists
  return [(lists.tls, gateway.tls), (lists.tcp, gateway.tcp)].flatMap { list, servers in
    servers.enumerated().compactMap { index, server in
      plannedConnection(
        server, of: resource, in: cluster, at: (FieldPath() / "spec" / list)[index],
        against: rivals, &reader)
    }
  }
}

private func plannedConnection(
  _ server: ConnectionServer, of resource: Resource, in cluster: String, at path: FieldPath,
  against rivals: [Rival], _ reader: inout Reader
) -> ConnectionPlan? {
  if let reason = server.reasonNotServed {
    reader.report(
      .warning, .noEffect, on: resource, at: path, "gateways do not serve this yet: \(reason)")
    return nil
  }
  if let winner = rivals.winner(against: server.claim) {
    reader.report(
      .error, .duplicate, on: resource, at: path,
      "\(winner.resource.ref.text) (\(winner.resource.ref.fqn)) already serves "
        + "\(server.hostname) on port \(server.port), or uses the port otherwise; "
        + "this server has no effect")
    return nil
  }
  return ConnectionPlan(
    name: server.name, hostname: server.hostname, port: server.port, entry: server.entry.planned,
    target: target(of: server, of: resource, in: cluster, at: path, &reader))
}

extension ConnectionEntry {
  fileprivate var planned: EntryTLS {
    switch self {
    case .passthrough: .passthrough
    case .terminated(let tls): .terminated(tls: tls.planned)
    }
  }
}

private func target(
  of server: ConnectionServer, of resource: Resource, in cluster: String, at path: FieldPath,
  _ reader: inout Reader
) -> ConnectionTarget? {
  switch server.destination {
  case .service(let service, let port):
    return target(service, port, of: resource, at: path / "route", &reader)
  case .clusters(let destinations):
    let asked: MeshRequest =
      server.entry == .passthrough ? .handshakes(port: server.port) : .bytes(port: server.port)
    let forwarding = Forwarding(
      host: server.hostname, asked: asked, resource: resource, server: path, cluster: cluster)
    return .clusters(forwarding.providers(destinations, &reader))
  case .unserved: return nil
  }
}

/// A port of a service.
private func target(
  _ service: ServiceName, _ wanted: Int?, of resource: Resource, at path: FieldPath,
  _ reader: inout Reader
) -> ConnectionTarget? {
  func nowhere(_ message: String, _ reader: inout Reader) -> ConnectionTarget? {
    reader.report(
      .warning, .unknownDestination, on: resource, at: path, "\(message); connections are closed")
    return nil
  }
  let offers = reader.offers(of: service)
  guard !offers.isEmpty, reader.address(of: service) != nil else {
    return nowhere("\(service.host) runs nowhere", &reader)
  }
  let ports = ports(of: offers)
  let fitting = wanted.map { number in ports.filter { $0.number == number } } ?? ports
  guard fitting.count == 1, let port = fitting.first else {
    let message =
      wanted.map { "\(service.host) has no port \($0)" }
      ?? "\(service.host) has \(ports.count) ports: say which one is meant"
    return nowhere(message, &reader)
  }
  guard !port.protocolName.isHTTP else {
    return nowhere(
      "port \(port.number) of \(service.host) takes HTTP requests, not connections of any kind",
      &reader)
  }
  return .service(host: service.host, port: port.number)
}
