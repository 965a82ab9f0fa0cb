import Blueprints
import Documents

extension Mesh {
  /// What becomes of calls to a service; nothing is written where Istio does it by itself.
  func writeRoutes(of service: ServicePlan, _ writer: inout Writer) {
    let rules = callRules(to: service.host)
    var http = HTTPRoutes()
    var tcp: [Document] = []
    var origins: Set<ItemKey> = []
    var isPlain = rules.isEmpty && service.routes.isEmpty
    for port in service.ports {
      // What Istio counts as one port needs no condition.
      let number = service.ports.count > 1 ? port.number : nil
      let ways = service.rules(for: port).map { rule in
        (rule, Shares(rule.destinations, of: service, port: port, in: self))
      }
      for (_, shares) in port.protocolName.isHTTP ? ways[...] : ways.suffix(1) {
        origins.formUnion(shares.origins)
        isPlain = isPlain && shares.isPlain(service, port)
        warn(about: shares, of: service.key, &writer)
      }
      guard port.protocolName.isHTTP else {
        append(ways.last?.1, port, number, of: service, to: &tcp, &writer)
        continue
      }
      for (rule, shares) in ways {
        for (callers, call) in rules.map({ ($0.0, $0.1) as (Callers?, CallRule?) }) + [(nil, nil)] {
          let matches = rule.matches.map {
            Match(RequestConditions($0), port: number, from: callers)
          }
          http.append(
            callers.map { "\(rule.name) from \($0.text)" } ?? rule.name, when: matches,
            shares.action.merging(
              shares.shares.isEmpty ? [:] : call?.members() ?? [:], uniquingKeysWith: { $1 }))
        }
      }
    }
    for obstacle in http.obstacles { writer.warn(service.key, leftOut(obstacle)) }
    guard !isPlain, !(http.documents.isEmpty && tcp.isEmpty) else { return }
    var spec: [String: Document] = ["hosts": [.string(service.host)], "gateways": ["mesh"]]
    if !http.documents.isEmpty { spec["http"] = .list(http.documents) }
    if !tcp.isEmpty { spec["tcp"] = .list(tcp) }
    writer.write(
      IstioObject(
        .virtualService, namespace: service.namespace, KubernetesName.object(service.name),
        from: origins.union(rules.map(\.0.key)), spec))
  }

  /// How somebody calls depends on who it is: their routes come before those of everybody, and those
  /// of one service, which may have no rule where its namespace has one, before its namespace's.
  private func callRules(to host: String) -> [(Callers, CallRule?)] {
    let namespaces = sortedNamespaces.compactMap { namespace in
      namespace.calls.rule(for: host).map { (Callers(namespace: namespace.namespace), $0) }
    }
    let own = sortedWorkloads.compactMap { plan -> (Callers, CallRule?)? in
      guard let calls = plan.calls else { return nil }
      let rule = calls.rule(for: host)
      guard rule != nil || namespaces.contains(where: { $0.0.namespace == plan.namespace }) else {
        return nil
      }
      return (Callers(namespace: plan.namespace, service: plan.service), rule)
    }
    return own + namespaces
  }

  private func append(
    _ shares: Shares?, _ port: PlannedPort, _ number: Int?, of service: ServicePlan,
    to tcp: inout [Document], _ writer: inout Writer
  ) {
    guard let shares else { return }
    if shares.failing > 0 {
      writer.warn(
        service.key,
        "port \(port.number): \(shares.failing)% of the connections should fail, because their "
          + "destination does not exist; Istio sends them to the others")
    }
    guard !shares.shares.isEmpty else { return }
    var route: [String: Document] = ["route": shares.route]
    if let number { route["match"] = [["port": .integer(Int64(number))]] }
    tcp.append(.object(route))
  }

  func warn(about shares: Shares, of key: ItemKey, _ writer: inout Writer) {
    for cluster in shares.fallbacks {
      writer.warn(
        key,
        "cluster \(cluster) gets nothing while somebody nearer is healthy, and takes over only "
          + "when this is translated again: Istio falls back within a host, not between hosts")
    }
  }

  func leftOut(_ obstacle: String) -> String { "left out, Istio cannot express it: \(obstacle)" }
}
