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

  /// Whether some requests go to other clusters.
  var forwards: Bool {
    http.filter(\.isServed).flatMap(\.rules).contains {
      if case .clusters = $0.action { true } else { false }
    }
  }

  /// The hosts whose requests go to services here.
  var servedHosts: Set<String> {
    Set(
      http.filter { server in
        server.isServed
          && server.rules.contains { if case .service = $0.action { true } else { false } }
      }.map(\.hostname))
  }
}

extension HTTPServer {
  var isServed: Bool { if case .unserved = tls { false } else { true } }
}
