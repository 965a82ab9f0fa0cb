import Blueprints
import Documents

extension Mesh {
  /// What some gateways let in: the servers, and per host name where its requests go.
  func writeGateway(_ plan: GatewayPlan, _ writer: inout Writer) {
    let key = ItemKey.gateway(plan.fqn)
    guard !plan.labels.isEmpty else {
      return writer.warn(
        key,
        "left out: a selector without labels selects every proxy of the mesh, sidecars included")
    }
    let name = KubernetesName.object(ofFQN: plan.fqn)
    // One name for every server, those that pass connections on included.
    var names: Set<String> = []
    let all = plan.servers.map(\.name) + plan.connections.map(\.name)
    let portNames = all.enumerated().map { index, name -> String in
      let port = KubernetesName.label(name)
      if names.insert(port).inserted { return port }
      let other = KubernetesName.label("\(name)#\(index)")
      names.insert(other)
      return other
    }
    let servers =
      zip(plan.servers, portNames).map { $0.document(portName: $1) }
      + zip(plan.connections, portNames.dropFirst(plan.servers.count)).map {
        $0.server(portName: $1)
      }
    writer.write(
      IstioObject(
        .gateway, namespace: plan.namespace, name, from: [key],
        [
          "selector": .object(plan.labels.mapValues { .string($0) }), "servers": .list(servers),
        ]))
    var hostnames: [String] = []
    for server in plan.servers where !hostnames.contains(server.hostname) {
      hostnames.append(server.hostname)
    }
    for hostname in hostnames {
      warnOfNeighbours(hostname, of: plan, &writer)
      var host = GatewayRoutes(plan: plan, name: name, hostname: hostname, mesh: self)
      host.write(&writer)
    }
    for connections in plan.connections {
      warnOfNeighbours(connections, of: plan, &writer)
      writeConnections(connections, of: plan, gateway: name, &writer)
    }
  }
}

extension Mesh {
  /// Our gateways answer gateways of other clusters for the host names that they serve.
  private func warnOfNeighbours(
    _ hostname: String, of plan: GatewayPlan, _ writer: inout Writer
  ) {
    let answers = plan.servers.contains { $0.hostname == hostname && $0.answers }
    if answers { warnOfNeighbours(askingFor: hostname, of: plan, &writer) }
  }

  private func warnOfNeighbours(
    _ server: ConnectionPlan, of plan: GatewayPlan, _ writer: inout Writer
  ) {
    guard case .service? = server.target,
      !plan.servers.contains(where: {
        $0.hostname == server.hostname && $0.answers
      })
    else { return }
    warnOfNeighbours(askingFor: server.hostname, of: plan, &writer)
  }

  private func warnOfNeighbours(
    askingFor hostname: String, of plan: GatewayPlan, _ writer: inout Writer
  ) {
    guard hasPeers else { return }
    writer.warn(
      .gateway(plan.fqn),
      "\(hostname) is served to clients only: gateways of other clusters ask for it by a name that "
        + "Istio's gateways cannot be given")
  }
}

extension GatewayServer {
  fileprivate func document(portName: String) -> Document {
    var server: [String: Document] = ["hosts": [.string("./\(hostname)")]]
    if let settings = tls.istioSettings { server["tls"] = .object(settings) }
    server["port"] = [
      "number": .integer(Int64(port)), "name": .string(portName),
      "protocol": tls == .none ? "HTTP" : "HTTPS",
    ]
    return .object(server)
  }
}

/// The virtual service of one host name at a gateway, and the hosts that it needs elsewhere.
private struct GatewayRoutes {
  let plan: GatewayPlan
  let name: String
  let hostname: String
  let mesh: Mesh
  private var http = HTTPRoutes()
  private var origins: Set<ItemKey>
  private var copies: HostCopies

  private var key: ItemKey { .gateway(plan.fqn) }

  init(plan: GatewayPlan, name: String, hostname: String, mesh: Mesh) {
    self.plan = plan
    self.name = name
    self.hostname = hostname
    self.mesh = mesh
    origins = [.gateway(plan.fqn)]
    copies = HostCopies(of: plan, gateway: name, hostname: hostname, .requests, in: mesh)
  }

  mutating func write(_ writer: inout Writer) {
    let servers = plan.servers.filter { $0.hostname == hostname }
    for server in servers {
      let number = servers.count > 1 ? server.port : nil
      for (index, rule) in server.rules.enumerated() {
        let matches = rule.matches.filter { ($0.port ?? server.port) == server.port }
        for match in rule.matches.isEmpty ? [RequestMatch()] : matches {
          append(rule, "\(server.name)#\(index)", when: match, number, &writer)
        }
      }
    }
    for obstacle in http.obstacles { writer.warn(key, mesh.leftOut(obstacle)) }
    guard !http.documents.isEmpty else { return }
    writer.write(
      IstioObject(
        .virtualService, namespace: plan.namespace, KubernetesName.object("\(name).\(hostname)"),
        from: origins,
        [
          "hosts": [.string(hostname)], "gateways": [.string(name)],
          "http": .list(http.documents),
        ]))
  }

  private mutating func append(
    _ rule: GatewayRule, _ routeName: String, when match: RequestMatch, _ port: Int?,
    _ writer: inout Writer
  ) {
    let plain = Match(RequestConditions(match), port: port)
    switch rule.action {
    case .redirect(let scheme, let authority, let path, let number, let code):
      var redirect: [String: Document] = ["redirectCode": .integer(Int64(code))]
      if let scheme { redirect["scheme"] = .string(scheme) }
      if let authority { redirect["authority"] = .string(authority) }
      if let path { redirect["uri"] = .string(path) }
      if let number { redirect["port"] = .integer(Int64(number)) }
      http.append(
        routeName, when: [plain], ["redirect": .object(redirect)], isRefusal: true)
    case .respond(let status, let body):
      var answer: [String: Document] = ["status": .integer(Int64(status))]
      if let body { answer["body"] = ["string": .string(body)] }
      http.append(
        routeName, when: [plain], ["directResponse": .object(answer)], isRefusal: true)
    case .forward(let clusters, let path, let authority):
      let shares = copies.shares(of: clusters, &writer)
      origins.formUnion(shares.origins)
      http.append(
        routeName, when: [plain],
        action(shares, match, path, authority, CallRule(hosts: [], timeout: rule.timeout)))
    case .route(let host, let port, let path, let authority):
      append(
        Target(host: host, port: port, rewrite: path, authority: authority), rule, routeName,
        when: match, plain, &writer)
    }
  }

  private struct Target {
    var host: String
    var port: Int?
    var rewrite: String?
    var authority: String?
  }

  /// The ways of a service behind `match`: every pair of conditions that a request can meet.
  private mutating func append(
    _ target: Target, _ rule: GatewayRule, _ routeName: String, when match: RequestMatch,
    _ plain: Match, _ writer: inout Writer
  ) {
    let ports = mesh.service(host: target.host)?.ports.filter(\.protocolName.isHTTP) ?? []
    guard let service = mesh.service(host: target.host),
      let port = target.port == nil ? ports.first : ports.first(where: { $0.number == target.port })
    else {
      http.append(routeName, when: [plain], Shares.nowhere(from: key).action)
      return
    }
    let number = plain.members["port"]?.integer.map { Int($0) }
    let caller = mesh.sortedNamespaces.first { $0.namespace == plan.namespace }
    let call = caller?.calls.rule(for: service.host)
    if call != nil { origins.insert(.namespace(plan.namespace)) }
    let rewrite = target.rewrite.map { PathRewrite(of: match.path, to: $0) }
    for way in service.rules(for: port) {
      let shares = Shares(way.destinations, of: service, port: port, in: mesh)
      origins.formUnion(shares.origins)
      mesh.warn(about: shares, of: key, &writer)
      let matches = way.matches.compactMap { condition in
        RequestConditions(match).and(condition, after: rewrite).map { Match($0, port: number) }
      }
      guard !matches.isEmpty else { continue }
      var rule = CallRule(hosts: [], timeout: rule.timeout ?? call?.timeout)
      rule.retries = call?.retries
      http.append(
        routeName, when: matches, action(shares, match, target.rewrite, target.authority, rule))
    }
  }

  private func action(
    _ shares: Shares, _ match: RequestMatch, _ path: String?, _ authority: String?, _ call: CallRule
  ) -> [String: Document] {
    var action = shares.action
    guard !shares.shares.isEmpty else { return action }
    action.merge(call.members()) { $1 }
    var rewrite: [String: Document] = [:]
    if let path {
      let change = PathRewrite(of: match.path, to: path)
      rewrite["uriRegexRewrite"] = [
        "match": .string(change.pattern), "rewrite": .string(change.substitution),
      ]
    }
    if let authority { rewrite["authority"] = .string(authority) }
    if !rewrite.isEmpty { action["rewrite"] = .object(rewrite) }
    return action
  }
}
