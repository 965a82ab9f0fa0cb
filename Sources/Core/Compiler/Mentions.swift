import Model

// What objects say that the indices of `World` go by.

extension Resource {
  var serviceRoute: ServiceRoute? {
    if case .serviceRoute(let route) = spec { route } else { nil }
  }

  var gateway: Gateway? {
    if case .gateway(let gateway) = spec { gateway } else { nil }
  }

  var organizationSetting: OrganizationSetting? {
    if case .organizationSetting(let setting) = spec { setting } else { nil }
  }

  var workspaceSetting: WorkspaceSetting? {
    if case .workspaceSetting(let setting) = spec { setting } else { nil }
  }
}

extension ServiceRoute {
  /// Other services that get requests.
  var destinations: Set<ServiceName> {
    Set(routes.flatMap(\.destinations).compactMap(\.service)).subtracting([service])
  }
}

extension Gateway {
  var destinations: Set<ServiceName> {
    let requests = http.filter(\.isServed).flatMap(\.rules).compactMap { rule in
      if case .service(let service, _) = rule.action { service } else { nil as ServiceName? }
    }
    let connections = (tls + tcp).compactMap { server in
      if case .service(let service, _) = server.destination { service } else { nil as ServiceName? }
    }
    return Set(requests + connections)
  }

  /// Whether some requests or connections go to other clusters.
  var forwards: Bool {
    http.filter(\.isServed).flatMap(\.rules).contains {
      if case .clusters = $0.action { true } else { false }
    }
      || (tls + tcp).contains { server in
        if case .clusters = server.destination { server.reasonNotServed == nil } else { false }
      }
  }

  /// The hosts whose requests or connections go to services here.
  var servedHosts: Set<String> {
    Set(http.filter(\.leadsToServices).map(\.hostname))
      .union((tls + tcp).filter(\.leadsToService).map(\.hostname))
  }

  /// The ports on which what is asked for `host` goes to services here.
  func ports(serving host: String, _ asked: MeshRequest) -> Set<Int> {
    let requests = http.filter { server in
      server.hostname == host && server.leadsToServices && asked.isTaken(by: server)
    }
    let connections = (tls + tcp).filter { server in
      server.hostname == host && server.leadsToService && asked.isTaken(by: server)
    }
    return Set(requests.map(\.port) + connections.map(\.port))
  }
}

/// What gateways of one cluster ask of those of another, for a host name.
enum MeshRequest {
  /// Requests, whatever port clients send them to.
  case requests
  /// Connections with TLS for the host, of clients that came to `port`.
  case handshakes(port: Int)
  /// Connections without TLS, or whose TLS has ended, likewise.
  case bytes(port: Int)

  fileprivate func isTaken(by server: HTTPServer) -> Bool {
    switch self {
    case .requests: true
    case .handshakes: server.tls != .disabled
    case .bytes: false
    }
  }

  fileprivate func isTaken(by server: ConnectionServer) -> Bool {
    switch self {
    case .requests: false
    case .handshakes: server.entry != .terminated(.disabled)
    case .bytes: server.entry != .passthrough
    }
  }
}

extension HTTPServer {
  var isServed: Bool { if case .unserved = tls { false } else { true } }

  fileprivate var leadsToServices: Bool {
    isServed && rules.contains { if case .service = $0.action { true } else { false } }
  }
}

extension ConnectionServer {
  fileprivate var leadsToService: Bool {
    if case .service = destination { reasonNotServed == nil } else { false }
  }
}
