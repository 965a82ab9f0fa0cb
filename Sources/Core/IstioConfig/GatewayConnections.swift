import Blueprints
import Documents

// What gateways pass on without reading it.

extension ConnectionPlan {
  /// The server of Istio's Gateway.
  func server(portName: String) -> Document {
    var protocolName = "TLS"
    var host = hostname
    var settings: [String: Document]? = ["mode": "PASSTHROUGH"]
    if case .terminated(let tls) = entry {
      settings = tls.istioSettings
      if settings == nil {
        // Without TLS there is no name to tell connections apart by.
        protocolName = "TCP"
        host = "*"
      }
    }
    var server: [String: Document] = [
      "hosts": [.string("./\(host)")],
      "port": [
        "number": .integer(Int64(port)), "name": .string(portName),
        "protocol": .string(protocolName),
      ],
    ]
    if let settings { server["tls"] = .object(settings) }
    return .object(server)
  }
}

extension GatewayTLS {
  /// nil: none.
  var istioSettings: [String: Document]? {
    switch self {
    case .none: return nil
    case .files(let certificate, let privateKey, let authorities):
      var settings: [String: Document] = [
        "mode": authorities == nil ? "SIMPLE" : "MUTUAL", "serverCertificate": .string(certificate),
        "privateKey": .string(privateKey),
      ]
      if let authorities { settings["caCertificates"] = .string(authorities) }
      return settings
    }
  }
}

extension Mesh {
  /// Where the connections of one server go; to nowhere there is no route, and they are closed.
  func writeConnections(
    _ connections: ConnectionPlan, of plan: GatewayPlan, gateway name: String,
    _ writer: inout Writer
  ) {
    let key = ItemKey.gateway(plan.fqn)
    guard let shares = shares(of: connections, plan, gateway: name, &writer) else { return }
    guard !shares.shares.isEmpty else { return }
    if shares.failing > 0 {
      writer.warn(
        key,
        "server \(connections.name): \(shares.failing)% of the connections should fail, because "
          + "their destination does not exist; Istio sends them to the others")
    }
    var match: [String: Document] = ["port": .integer(Int64(connections.port))]
    var list = "tcp"
    var host = connections.hostname
    switch connections.entry {
    case .passthrough:
      list = "tls"
      match["sniHosts"] = [.string(host)]
    case .terminated(.none): host = "*"
    case .terminated(.files): break
    }
    writer.write(
      IstioObject(
        .virtualService, namespace: plan.namespace,
        KubernetesName.object("\(name).\(connections.port).\(connections.hostname)"),
        from: shares.origins.union([key]),
        [
          "hosts": [.string(host)], "gateways": [.string(name)],
          list: [["match": [.object(match)], "route": shares.route]],
        ]))
  }
  /// nil: nowhere.
  private func shares(
    of connections: ConnectionPlan, _ plan: GatewayPlan, gateway name: String,
    _ writer: inout Writer
  ) -> Shares? {
    switch connections.target {
    case .service(let host, let number):
      guard let service = service(host: host),
        let port = service.ports.first(where: { $0.number == number })
      else { return nil }
      let shares = Shares(service.defaultDestinations, of: service, port: port, in: self)
      warn(about: shares, of: .gateway(plan.fqn), &writer)
      return shares
    case .clusters(let providers):
      var copies = HostCopies(
        of: plan, gateway: name, hostname: connections.hostname,
        .connections(port: connections.port, withTLS: connections.entry == .passthrough), in: self)
      return copies.shares(of: providers, &writer)
    case nil: return nil
    }
  }
}
