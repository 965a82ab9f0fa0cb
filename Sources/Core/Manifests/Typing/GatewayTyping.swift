import Documents
import Model

extension Gateway {
  init?(_ spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
    guard let selector = WorkloadSelector(spec["workloadSelector"], &report) else { return nil }
    let servers = spec["http"]?.elements ?? []
    reportRepetition(of: "name", among: servers, &report)
    let typed = servers.compactMap { server in
      HTTPServer(server, &report).map { (server: $0, path: server.path) }
    }
    // The older gateways call them otherwise.
    let tls = connectionServers(
      spec["tls"] ?? spec["tlsPassthrough"], isPassedThrough: true, to: routedDestination, &report)
    let tcp = connectionServers(
      spec["tcp"], isPassedThrough: false, to: routedDestination, &report)
    checkPorts(typed.map { (PortUse($0.server), $0.path) } + tls + tcp, &report)
    self.init(
      selector: selector, http: typed.map(\.server), tls: tls.compactMap(\.use.connection),
      tcp: tcp.compactMap(\.use.connection),
      egress: (spec["egressAuthorization"]?.elements ?? []).map {
        EgressRule($0, of: ref, &report)
      })
  }

  /// A gateway that chooses among clusters, as it was written before.
  init?(tier1 spec: Cursor, _ report: inout Report) {
    guard let selector = WorkloadSelector(spec["workloadSelector"], &report) else { return nil }
    let servers = spec["externalServers"]?.elements ?? []
    reportRepetition(of: "name", among: servers, &report)
    let typed = servers.compactMap { server in
      HTTPServer(tier1: server, &report).map { (server: $0, path: server.path) }
    }
    let tls = connectionServers(
      spec["passthroughServers"], isPassedThrough: true, to: clusterDestination, &report)
    let tcp = connectionServers(
      spec["tcpExternalServers"], isPassedThrough: false, to: clusterDestination, &report)
    checkPorts(typed.map { (PortUse($0.server), $0.path) } + tls + tcp, &report)
    self.init(
      selector: selector, http: typed.map(\.server), tls: tls.compactMap(\.use.connection),
      tcp: tcp.compactMap(\.use.connection))
  }
}

extension HTTPServer {
  fileprivate init?(_ value: Cursor, _ report: inout Report) {
    let tls = ServerTLS(value["tls"], &report)
    let entries = value["routing"]?["rules"]?.elements ?? []
    let rules = entries.compactMap { HTTPServerRule($0, &report) }
    for entry in entries {
      guard let route = entry["route"], route["serviceDestination"] == nil, route["host"] == nil,
        value["hostname"]?.text?.utf8.contains(UInt8(ascii: "*")) == true
      else { continue }
      report.add(
        .contradiction, at: (route["clusterDestination"] ?? route).path,
        "needs a server with a whole host name: clusters are asked for that host")
    }
    guard let name = value["name"]?.text, let hostname = value["hostname"]?.text else {
      return nil
    }
    if let reason = reasonToPass(value, &report) {
      self.init(
        name: name, hostname: hostname, port: value["port"]?.integer ?? 0,
        tls: .unserved(reason: reason), rules: rules)
    } else if let port = value["port"]?.integer {
      self.init(name: name, hostname: hostname, port: port, tls: tls, rules: rules)
    } else {
      report.add(.missingField, at: value.path / "port", "this field is required")
      return nil
    }
  }

  fileprivate init?(tier1 value: Cursor, _ report: inout Report) {
    let tls = ServerTLS(value["tls"], &report)
    guard let name = value["name"]?.text, let hostname = value["hostname"]?.text,
      let port = value["port"]?.integer
    else { return nil }
    let clusters = clusterDestinations(value["clusters"]?.elements ?? [], &report)
    let action = value["redirect"].map { HTTPServerAction.redirect(Redirect($0, &report)) }
    if hostname.utf8.contains(UInt8(ascii: "*")), action == nil {
      report.add(
        .contradiction, at: value.path / "hostname",
        "has to be a whole host name: clusters are asked for that host")
    }
    self.init(
      name: name, hostname: hostname, port: port, tls: tls,
      rules: [HTTPServerRule(matches: [], action: action ?? .clusters(clusters))])
  }
}

/// Why gateways do not serve it yet: its requests pass through, or go out.
func reasonToPass(_ server: Cursor, _ report: inout Report) -> String? {
  if server["transit"]?.flag == true { return "its requests pass through" }
  guard let mode = server["trafficMode"]?.text, ["TRANSIT", "EGRESS"].contains(mode) else {
    return nil
  }
  for field in ["port", "tls"] where server[field] != nil {
    report.add(
      .contradiction, at: server.path / field, "servers for TRANSIT and EGRESS have none")
  }
  return "it is for \(mode)"
}

extension ServerTLS {
  init(_ value: Cursor?, _ report: inout Report) {
    let mode = value?["mode"]?.text ?? "DISABLED"
    guard let value, mode != "DISABLED" else {
      if let files = value?["files"] {
        report.add(
          .incomplete, at: files.path, "files take effect with mode SIMPLE or MUTUAL only")
      }
      self = .disabled
      return
    }
    let files = value["files"]
    if let secret = value["secretName"]?.text {
      self = .unserved(reason: "its certificates are in secret \(secret)")
      return
    }
    guard mode != "OPTIONAL_MUTUAL" else {
      self = .unserved(reason: "mode OPTIONAL_MUTUAL is asked for")
      return
    }
    let needed = ["serverCertificate", "privateKey"] + (mode == "MUTUAL" ? ["caCertificates"] : [])
    for field in needed where files?[field] == nil {
      report.add(
        .incomplete, at: value.path / "files" / field, "mode \(mode) needs this file")
    }
    if mode == "SIMPLE", let authorities = files?["caCertificates"] {
      report.add(.incomplete, at: authorities.path, "takes effect with mode MUTUAL only")
    }
    let certificate = files?["serverCertificate"]?.text ?? ""
    let privateKey = files?["privateKey"]?.text ?? ""
    self =
      mode == "MUTUAL"
      ? .mutual(
        certificate: certificate, privateKey: privateKey,
        clientAuthorities: files?["caCertificates"]?.text ?? "")
      : .simple(certificate: certificate, privateKey: privateKey)
  }
}

extension HTTPServerRule {
  fileprivate init?(_ value: Cursor, _ report: inout Report) {
    let rewrite = value["modify"]?["rewrite"]
    for field in ["modify", "timeout"] where value["route"] == nil && value[field] != nil {
      report.add(.contradiction, at: value.path / field, "takes effect together with route only")
    }
    guard let action = HTTPServerAction(value, &report) else { return nil }
    self.init(
      matches: (value["match"]?.elements ?? []).map { HTTPMatch($0, &report) }, action: action,
      rewrite: rewrite.map {
        Rewrite(uri: $0["uri"]?.text, authority: $0["authority"]?.text)
      },
      timeout: value["timeout"]?.duration)
  }
}

extension HTTPServerAction {
  fileprivate init?(_ value: Cursor, _ report: inout Report) {
    // The older gateways name the service at once.
    let route = value["route"]
    if let destination = route?["serviceDestination"] ?? route?["host"].flatMap({ _ in route }),
      let service = destination["host"]?.text.flatMap(serviceName)
    {
      self = .service(service, port: destination["port"]?.integer)
    } else if let route, route["serviceDestination"] == nil, route["host"] == nil {
      let clusters = route["clusterDestination"]?["clusters"]?.elements ?? []
      self = .clusters(clusterDestinations(clusters, &report))
    } else if let redirect = value["redirect"] {
      self = .redirect(Redirect(redirect, &report))
    } else if let response = value["directResponse"], let status = response["status"]?.integer {
      self = .respond(status: status, body: response["body"]?["string"]?.text)
    } else {
      return nil
    }
  }
}

func clusterDestinations(
  _ entries: [Cursor], _ report: inout Report
) -> [ClusterDestination] {
  reportRepetition(of: "name", among: entries, &report)
  let weighted = entries.filter { $0["weight"] != nil }
  if let first = weighted.first, weighted.count < entries.count {
    report.add(
      .incomplete, at: first.path / "weight", "either all entries have a weight or none has")
  } else if !weighted.isEmpty, weighted.allSatisfy({ $0["weight"]?.integer == 0 }) {
    report.add(.weights, at: weighted[0].path / "weight", "all weights are 0: nothing is sent")
  }
  return entries.compactMap { entry in
    let weight = entry["weight"]?.integer
    if let name = entry["name"]?.text { return ClusterDestination(.name(name), weight: weight) }
    guard let labels = entry["labels"] else { return nil }
    if labels.texts.isEmpty {
      report.add(.missingField, at: labels.path, "at least one label is needed")
    }
    return ClusterDestination(.labels(labels.texts), weight: weight)
  }
}

extension Redirect {
  fileprivate init(_ value: Cursor, _ report: inout Report) {
    let code = value["redirectCode"]
    if let code, let number = code.integer, ![301, 302, 303, 307, 308].contains(number) {
      report.add(.outOfRange, at: code.path, "\(number) is none of 301, 302, 303, 307, 308")
    }
    if ["scheme", "authority", "port", "uri"].allSatisfy({ value[$0] == nil }) {
      report.add(
        .incomplete, at: value.path, "one of scheme, authority, port, uri is needed")
    }
    self.init(
      scheme: value["scheme"]?.text, authority: value["authority"]?.text,
      uri: value["uri"]?.text, port: value["port"]?.integer, code: code?.integer ?? 301)
  }
}
