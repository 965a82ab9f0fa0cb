import Documents
import Model

/// A server, and what it takes of a port.
struct PortUse {
  let name: String
  let claim: PortClaim?
  /// nil for a server of requests.
  let connection: ConnectionServer?

  init(_ server: HTTPServer) {
    name = server.name
    claim = server.claim
    connection = nil
  }

  init(_ server: ConnectionServer) {
    name = server.name
    claim = server.claim
    connection = server
  }
}

/// Ports on which a proxy itself listens.
private let reservedPorts: Set = [15001, 15006, 15021, 15053, 15443, 15444]

func checkPorts(_ servers: [(use: PortUse, path: FieldPath)], _ report: inout Report) {
  var firstOnPort: [Int: (name: String, claim: PortClaim)] = [:]
  var hosts: Set<String> = []
  for (server, path) in servers {
    guard let claim = server.claim else { continue }
    if reservedPorts.contains(claim.port) {
      report.add(
        .portConflict, at: path / "port", "port \(claim.port) belongs to the proxy itself")
    }
    if !hosts.insert("\(claim.hostname):\(claim.port)").inserted {
      report.add(
        .repeated, at: path / "hostname",
        "another server has the host '\(claim.hostname)' on port \(claim.port)")
    }
    guard let first = firstOnPort[claim.port] else {
      firstOnPort[claim.port] = (server.name, claim)
      continue
    }
    if first.claim.share == .whole || claim.share == .whole {
      report.add(
        .portConflict, at: path / "port",
        "nothing tells connections without TLS apart; '\(first.name)' has port \(claim.port) too")
    } else if first.claim.share != claim.share {
      report.add(
        .portConflict, at: path / "port",
        "plaintext and TLS do not share a port; '\(first.name)' has port \(claim.port) too")
    }
  }
}

/// The servers in a list that pass connections on.
///
/// - Parameter destination: where those of a server go, and where that is written.
func connectionServers(
  _ list: Cursor?, isPassedThrough: Bool,
  to destination: (Cursor, inout Report) -> (ConnectionDestination, at: FieldPath),
  _ report: inout Report
) -> [(use: PortUse, path: FieldPath)] {
  let entries = list?.elements ?? []
  reportRepetition(of: "name", among: entries, &report)
  return entries.compactMap { entry in
    let entryTLS =
      isPassedThrough ? .passthrough : ConnectionEntry.terminated(ServerTLS(entry["tls"], &report))
    guard let name = entry["name"]?.text, let hostname = entry["hostname"]?.text else { return nil }
    var (destination, place) = destination(entry, &report)
    if case .clusters = destination, hostname.utf8.contains(UInt8(ascii: "*")) {
      report.add(
        .contradiction, at: place,
        "needs a server with a whole host name: clusters are asked for that host")
    }
    if let reason = reasonToPass(entry, &report) {
      destination = .unserved(reason: reason)
    } else if entry["port"] == nil {
      report.add(.missingField, at: entry.path / "port", "this field is required")
      return nil
    }
    let server = ConnectionServer(
      name: name, hostname: hostname, port: entry["port"]?.integer ?? 0, entry: entryTLS,
      destination: destination)
    return (PortUse(server), entry.path)
  }
}

/// Where the connections of a server with a route go.
func routedDestination(
  _ server: Cursor, _ report: inout Report
) -> (ConnectionDestination, at: FieldPath) {
  guard let route = server["route"] else {
    return (.unserved(reason: "nothing says where its connections go"), at: server.path)
  }
  // The older gateways name the service at once.
  let destination = route["serviceDestination"] ?? route
  if let service = destination["host"]?.text.flatMap(serviceName) {
    return (.service(service, port: destination["port"]?.integer), at: destination.path)
  }
  let clusters = route["clusterDestination"]
  return (
    .clusters(clusterDestinations(clusters?["clusters"]?.elements ?? [], &report)),
    at: (clusters ?? route).path
  )
}

/// Where those of a server that only knows clusters go.
func clusterDestination(
  _ server: Cursor, _ report: inout Report
) -> (ConnectionDestination, at: FieldPath) {
  (
    .clusters(clusterDestinations(server["clusters"]?.elements ?? [], &report)),
    at: server.path / "hostname"
  )
}
