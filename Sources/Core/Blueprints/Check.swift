import Documents

/// Something in a blueprint that no proxy could carry out as it stands.
package struct Defect: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var key: ItemKey
  package var message: String

  package init(key: ItemKey, message: String) {
    self.key = key
    self.message = message
  }

  package var description: String { "\(key.text): \(message)" }

  package static func < (left: Defect, right: Defect) -> Bool {
    (left.key, left.message) < (right.key, right.message)
  }
}

/// Everything that is wrong with a blueprint, sorted; none is what the compiler promises.
package func defects(in blueprint: Blueprint) -> [Defect] {
  var found: [Defect] = []
  var addresses: [String: ItemKey] = [:]
  for (key, sourced) in blueprint.items.sorted(by: { $0.key < $1.key }) {
    found += defects(of: sourced.item, under: key) { blueprint.items[$0]?.item }
    guard case .service(let plan) = sourced.item else { continue }
    if let other = addresses.updateValue(key, forKey: plan.address) {
      found.append(
        Defect(key: key, message: "address \(plan.address) belongs to \(other.text) too"))
    }
  }
  if !blueprint.items.isEmpty, blueprint.items[.site] == nil {
    found.append(Defect(key: .site, message: "is missing"))
  }
  return found.sorted()
}

/// What is wrong with one item, given the others of its cluster.
package func defects(
  of item: BlueprintItem, under key: ItemKey,
  among others: @escaping (ItemKey) -> BlueprintItem?
) -> [Defect] {
  var checker = Checker(key: key, others: others)
  checker.expect(item.key == key, "is filed under another key than \(item.key.text)")
  switch item {
  case .site(let plan):
    checker.expect(!plan.cluster.isEmpty && !plan.trustDomain.isEmpty, "has no name")
  case .trust(let plan):
    for (domain, bundle) in plan.bundles.sorted(by: { $0.key < $1.key }) {
      checker.expect(!domain.isEmpty && !bundle.isEmpty, "bundle of \(domain) is empty")
    }
  case .service(let plan): checker.check(plan)
  case .namespace(let plan): checker.check(plan)
  case .workloads(let plan): checker.check(plan)
  case .gateway(let plan): checker.check(plan)
  case .peer(let plan): checker.check(plan)
  }
  return checker.found.sorted()
}

private struct Checker {
  let key: ItemKey
  let others: (ItemKey) -> BlueprintItem?
  var found: [Defect] = []

  init(key: ItemKey, others: @escaping (ItemKey) -> BlueprintItem?) {
    self.key = key
    self.others = others
  }

  mutating func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { found.append(Defect(key: key, message: message())) }
  }

  private func service(host: String) -> ServicePlan? {
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.count == 3, labels[2] == "mesh" else { return nil }
    let item = others(.service(namespace: String(labels[1]), name: String(labels[0])))
    if case .service(let plan) = item { return plan }
    return nil
  }

  // MARK: Services

  mutating func check(_ plan: ServicePlan) {
    expect(plan.host == "\(plan.name).\(plan.namespace).mesh", "has the host \(plan.host)")
    expect(IPv4Address(plan.address) != nil, "address \(plan.address) is none")
    expect(
      plan.ports.map(\.number) == Set(plan.ports.map(\.number)).sorted(),
      "ports are not sorted, or not unique")
    for port in plan.ports {
      expect((1...65_535).contains(port.number), "port \(port.number) is none")
    }
    expect(
      plan.providers.map(\.cluster) == Set(plan.providers.map(\.cluster)).sorted(),
      "providers are not sorted, or not unique")
    expect(
      plan.subsets.map(\.name) == Set(plan.subsets.map(\.name)).sorted(),
      "subsets are not sorted, or not unique")
    for rule in plan.routes {
      expect(!rule.destinations.isEmpty, "route \(rule.name) leads nowhere")
      check(rule.destinations, of: "route \(rule.name)", in: plan)
    }
    check(plan.defaultDestinations, of: "the split", in: plan)
  }

  private mutating func check(
    _ destinations: [WeightedDestination], of what: String, in plan: ServicePlan
  ) {
    guard !destinations.isEmpty else { return }
    let weights = destinations.map(\.weight)
    expect(
      weights.allSatisfy { (0...100).contains($0) } && weights.reduce(0, +) == 100,
      "weights of \(what) do not add up to 100")
    for destination in destinations {
      let name = destination.host ?? plan.host
      guard let target = destination.host.map({ service(host: $0) }) ?? plan else {
        expect(false, "\(what) leads to \(name), which is not there")
        continue
      }
      if let port = destination.port {
        expect(
          target.ports.contains { $0.number == port }, "\(what): \(name) has no port \(port)")
      }
      if let subset = destination.subset {
        expect(
          target.subsets.contains { $0.name == subset }, "\(what): \(name) has no subset \(subset)")
      }
    }
  }

  // MARK: Namespaces and gateways

  mutating func check(_ plan: NamespacePlan) {
    check(plan.reach)
    check(plan.admission)
  }

  mutating func check(_ plan: WorkloadsPlan) {
    expect(!plan.isEmpty, "says nothing")
    if let reach = plan.reach { check(reach) }
    if let admission = plan.admission { check(admission) }
    expect(
      plan.subsets.map(\.name) == Set(plan.subsets.map(\.name)).sorted(),
      "subsets are not sorted, or not unique")
    for subset in plan.subsets { check(subset.admission) }
  }

  private mutating func check(_ reach: Reach) {
    guard case .only(let targets) = reach else { return }
    expect(targets == Set(targets).sorted(), "reach is not sorted, or not unique")
  }

  private mutating func check(_ admission: Admission) {
    guard case .rules(let deny, let allow) = admission.authorization else { return }
    let names = (deny + (allow ?? [])).map(\.name)
    expect(Set(names).count == names.count, "two rules have one name")
    for rule in deny + (allow ?? []) {
      expect(
        Set(rule.principals).count == rule.principals.count,
        "rule \(rule.name) names somebody twice")
    }
  }

  mutating func check(_ plan: PeerPlan) {
    expect((1...65_535).contains(plan.port), "port \(plan.port) is none")
    expect(
      !plan.gateways.isEmpty && plan.gateways == Set(plan.gateways).sorted(),
      "gateways are none, not sorted, or not unique")
    for gateway in plan.gateways {
      expect(IPv4Address(gateway.address) != nil, "gateway address \(gateway.address) is none")
    }
  }

  mutating func check(_ plan: GatewayPlan) {
    for server in plan.servers {
      expect(
        (1...65_535).contains(server.port), "server \(server.name): port \(server.port) is none")
      for rule in server.rules { check(rule.action, of: server) }
    }
    for server in plan.connections {
      expect(
        (1...65_535).contains(server.port), "server \(server.name): port \(server.port) is none")
      check(server.target, of: server)
    }
  }

  private mutating func check(_ target: ConnectionTarget?, of server: ConnectionPlan) {
    switch target {
    case .service(let host, let number):
      let port = service(host: host)?.ports.first { $0.number == number }
      expect(
        port?.protocolName.isHTTP == false,
        "server \(server.name): \(host) has no port \(number) for connections")
    case .clusters(let clusters):
      check(clusters, of: server.name)
      expect(
        clusters.allSatisfy { $0.port != nil },
        "server \(server.name): there is no saying on which port a cluster serves it")
    case nil: break
    }
  }

  private mutating func check(_ clusters: [HostProvider], of server: String) {
    expect(
      clusters.map(\.cluster) == Set(clusters.map(\.cluster)).sorted(),
      "server \(server): clusters are not sorted, or not unique")
  }

  private mutating func check(_ action: GatewayAction, of server: GatewayServer) {
    switch action {
    case .route(let host, let port, _, _):
      guard let target = service(host: host) else {
        expect(false, "server \(server.name) leads to \(host), which is not there")
        return
      }
      let fits = port.map { port in target.ports.contains { $0.number == port } }
      expect(
        fits ?? (target.ports.count == 1),
        "server \(server.name): \(host) has no such port")
    case .redirect(_, _, _, _, let code):
      expect(
        [301, 302, 303, 307, 308].contains(code), "server \(server.name): \(code) is no redirect")
    case .forward(let clusters, _, _): check(clusters, of: server.name)
    case .respond(let status, _):
      expect(
        (200...599).contains(status), "server \(server.name): \(status) is no status of an answer")
    }
  }
}
