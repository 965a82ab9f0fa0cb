import Blueprints
import EnvoyConfig
import TestSupport

/// Random items, endpoints and profiles over a few names, so that they meet often.
struct RandomSite {
  var random: SplitMix64
  var items: [ItemKey: BlueprintItem] = [:]
  var endpoints: [ServiceKey: [LocalEndpoint]] = [:]
  var gateways: [LocalGateway] = []
  var profiles: Set<ProxyProfile> = []

  private static let namespaces = ["shop", "bank", "web-1"]
  private static let names = ["a", "b", "c", "d"]
  private static let clusters = ["beta", "gamma"]
  private static let domains = ["alpha.acme.mesh", "beta.acme.mesh"]

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  private mutating func chance(_ percent: Int) -> Bool {
    Int.random(in: 0..<100, using: &random) < percent
  }

  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &random)]
  }

  /// Changes something and says what.
  mutating func change() -> SiteChange {
    var change = SiteChange()
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      switch Int.random(in: 0..<15, using: &random) {
      case 14: put(workloads(), absent: 30, into: &change)
      case 0..<4: put(service(), absent: 20, into: &change)
      case 4: put(namespace(), absent: 15, into: &change)
      case 5: put(gateway(), absent: 20, into: &change)
      case 6: put(trust(), absent: 10, into: &change)
      case 7:
        let key = ServiceKey(namespace: pick(Self.namespaces), name: pick(Self.names))
        let instances = chance(15) ? nil : instances()
        endpoints[key] = instances
        change.endpoints[key] = .some(instances)
      case 8: put(peer(), absent: 25, into: &change)
      case 9:
        gateways = localGateways()
        change.gateways = gateways
      case 10: put(site(), absent: 20, into: &change)
      default: addOrRemoveProfile(&change)
      }
    }
    return change
  }

  private mutating func put(_ item: BlueprintItem, absent: Int, into change: inout SiteChange) {
    let value = chance(absent) ? nil : item
    items[item.key] = value
    change.items[item.key] = .some(value)
  }

  private mutating func addOrRemoveProfile(_ change: inout SiteChange) {
    if profiles.count > 6, let gone = profiles.min(by: { "\($0)" < "\($1)" }),
      !change.addedProfiles.contains(gone)
    {
      profiles.remove(gone)
      change.removedProfiles.append(gone)
    } else {
      let new = profile()
      guard !profiles.contains(new), !change.removedProfiles.contains(new) else { return }
      profiles.insert(new)
      change.addedProfiles.append(new)
    }
  }

  private func host(_ namespace: String, _ name: String) -> String { "\(name).\(namespace).mesh" }

  private mutating func anyHost() -> String { host(pick(Self.namespaces), pick(Self.names)) }

  private mutating func service() -> BlueprintItem {
    let (namespace, name) = (pick(Self.namespaces), pick(Self.names))
    let ports = [
      PlannedPort(number: 80, name: "http", protocolName: chance(80) ? .http : .tcp),
      PlannedPort(number: 90, name: "more", protocolName: pick(PortProtocol.allCases)),
    ]
    return .service(
      ServicePlan(
        namespace: namespace, name: name, host: host(namespace, name),
        address:
          "240.240.1.1\(Self.namespaces.firstIndex(of: namespace) ?? 0)\(Self.names.firstIndex(of: name) ?? 0)",
        ports: chance(60) ? ports : [pick(ports)],
        providers: Self.domains.filter { _ in chance(60) }.map {
          ServiceProvider(cluster: $0, trustDomain: $0, serviceAccounts: [name])
        } + Self.clusters.filter { _ in chance(50) }.map { remote($0, name) },
        subsets: chance(50) ? [PlannedSubset(name: "v1", labels: ["version": "v1"])] : [],
        routes: chance(50) ? [route()] : [],
        defaultDestinations: chance(30) ? destinations() : [],
        isExposed: chance(50)))
  }

  private mutating func remote(_ cluster: String, _ name: String) -> ServiceProvider {
    let healthy = Int.random(in: 0...4, using: &random)
    return ServiceProvider(
      cluster: cluster, trustDomain: pick(Self.domains), serviceAccounts: [name],
      priority: Int.random(in: 0...2, using: &random),
      remote: RemoteInstances(
        healthy: healthy, subsets: chance(50) ? ["v1": healthy / 2] : [:],
        ports: chance(70) ? [80, 90] : [80]))
  }

  private mutating func addresses(_ port: Int) -> [GatewayAddress] {
    (1...Int.random(in: 1...3, using: &random)).map {
      GatewayAddress(address: "198.18.9.\($0)", port: port, healthy: chance(70))
    }
  }

  private mutating func peer() -> BlueprintItem {
    let cluster = pick(Self.clusters)
    return .peer(
      PeerPlan(
        cluster: cluster, trustDomain: pick(Self.domains),
        port: 15500 + (Self.clusters.firstIndex(of: cluster) ?? 0),
        path: chance(50) ? .direct : .edge(clusters: ["edge"]), gateways: addresses(15443)))
  }

  private mutating func site() -> BlueprintItem {
    .site(
      SitePlan(
        organization: "acme", cluster: chance(80) ? "alpha" : "other",
        trustDomain: "alpha.acme.mesh", network: "alpha"))
  }

  private mutating func localGateways() -> [LocalGateway] {
    (0..<Int.random(in: 0...4, using: &random)).map { index in
      LocalGateway(
        role: pick([.eastWest, .ingress, .edge]), namespace: pick(Self.namespaces),
        labels: chance(70) ? ["app": "gw"] : [:], address: "198.18.8.\(index / 2)",
        healthy: chance(70))
    }
  }

  private mutating func forward() -> GatewayAction {
    .forward(
      clusters: hostProviders(port: nil), rewritePath: chance(30) ? "/" : nil,
      rewriteAuthority: nil)
  }

  private mutating func hostProviders(port: Int?) -> [HostProvider] {
    (Self.clusters + ["alpha"]).filter { _ in chance(60) }.map {
      HostProvider(
        cluster: $0, trustDomain: pick(Self.domains), identities: ["shop/gw"],
        weight: Int.random(in: 0...2, using: &random) * 50,
        priority: Int.random(in: 0...1, using: &random),
        healthy: Int.random(in: 0...2, using: &random), port: port)
    }
  }

  private mutating func route() -> HTTPRouteRule {
    HTTPRouteRule(
      name: "rule", matches: chance(70) ? [match()] : [], destinations: destinations())
  }

  private mutating func match() -> RequestMatch {
    let text = pick(["/a", "/a/b", "/c"])
    let path = pick([nil, TextMatch.exact(text: text), .prefix(text: text), .regex(pattern: text)])
    return RequestMatch(
      path: path,
      headers: chance(30) ? [HeaderMatch(name: "x-a", value: .exact(text: "1"))] : [],
      port: chance(20) ? 90 : nil)
  }

  private mutating func destinations() -> [WeightedDestination] {
    let one = WeightedDestination(
      host: chance(60) ? anyHost() : nil, port: chance(20) ? 90 : nil,
      subset: chance(30) ? "v1" : nil, weight: 60)
    return chance(50) ? [one] : [one, WeightedDestination(weight: 40)]
  }

  private mutating func namespace() -> BlueprintItem {
    .namespace(
      NamespacePlan(
        namespace: pick(Self.namespaces), workspace: nil, reach: reach(), calls: calls(),
        admission: admission()))
  }

  private mutating func workloads() -> BlueprintItem {
    .workloads(
      WorkloadsPlan(
        namespace: pick(Self.namespaces), service: pick(Self.names),
        reach: chance(50) ? reach() : nil, calls: chance(50) ? calls() : nil,
        admission: chance(50) ? admission() : nil,
        subsets: chance(50)
          ? []
          : [SubsetAdmission(name: "v1", labels: ["version": "v1"], admission: admission())]))
  }

  private mutating func reach() -> Reach {
    let targets = [
      ReachTarget(namespace: NamePattern("shop")),
      ReachTarget(namespace: NamePattern("web*"), service: chance(50) ? "b" : nil),
      ReachTarget(namespace: NamePattern("*"), service: "a"),
    ]
    return chance(40) ? .everything : .only(targets: targets.filter { _ in chance(60) })
  }

  private mutating func calls() -> [CallRule] {
    guard chance(50) else { return [] }
    return [
      CallRule(
        hosts: [pick(["*", "*.shop.mesh", "a.bank.mesh"])], timeout: chance(50) ? 100 : nil,
        retries: chance(50) ? Retries(attempts: chance(30) ? 0 : 2) : nil)
    ]
  }

  private mutating func admission() -> Admission {
    let principals: [Principal] = [
      .trustDomain(trustDomain: pick(Self.domains)),
      .serviceAccount(trustDomain: pick(Self.domains), namespace: "shop", name: pick(Self.names)),
    ]
    return Admission(
      traffic: chance(50) ? .required : .optional,
      authorization: chance(40)
        ? .open
        : .rules(
          deny: chance(50) ? [AuthorizationRule(name: "d", principals: principals)] : [],
          allow: chance(50) ? [AuthorizationRule(name: "a", principals: principals)] : nil))
  }

  private mutating func gateway() -> BlueprintItem {
    let fqn = pick(["g/1", "g/2"])
    let servers = (0..<Int.random(in: 1...2, using: &random)).map { index in
      GatewayServer(
        name: "s\(index)", hostname: pick(["x.test", "y.test", "*"]), port: pick([8080, 8443]),
        tls: chance(60)
          ? .none : .files(certificate: "/c/\(fqn)", privateKey: "/k", clientAuthorities: nil),
        rules: [
          GatewayRule(
            matches: chance(50) ? [match()] : [],
            action: chance(25)
              ? forward()
              : chance(80)
                ? .route(
                  host: anyHost(), port: chance(50) ? 80 : nil,
                  rewritePath: chance(30) ? "/" : nil, rewriteAuthority: nil)
                : .respond(status: 404, body: nil))
        ])
    }
    return .gateway(
      GatewayPlan(
        fqn: fqn, namespace: pick(Self.namespaces), labels: chance(70) ? ["app": "gw"] : [:],
        servers: servers, connections: chance(50) ? [connection(fqn)] : []))
  }

  private mutating func connection(_ fqn: String) -> ConnectionPlan {
    let files = GatewayTLS.files(
      certificate: "/c/\(fqn)", privateKey: "/k", clientAuthorities: nil)
    return ConnectionPlan(
      name: "c", hostname: pick(["x.test", "*"]), port: pick([8080, 8443, 5432]),
      entry: pick([.passthrough, .terminated(tls: .none), .terminated(tls: files)]),
      target: target())
  }

  private mutating func target() -> ConnectionTarget? {
    switch Int.random(in: 0...9, using: &random) {
    case 0, 1: nil
    case 2, 3, 4: .clusters(hostProviders(port: pick([80, 5432])))
    default: .service(host: anyHost(), port: 80)
    }
  }

  private mutating func trust() -> BlueprintItem {
    var bundles: [String: [String]] = [:]
    for domain in Self.domains where chance(70) { bundles[domain] = ["AAAA\(pick(["A", "B"]))"] }
    return .trust(TrustPlan(bundles: bundles, withdrawals: pick([0, 0, 1])))
  }

  private mutating func instances() -> [LocalEndpoint] {
    (0..<Int.random(in: 0...3, using: &random)).map { index in
      LocalEndpoint(
        address: "198.18.0.\(index)", ports: chance(70) ? [80, 90] : [80],
        labels: chance(50) ? ["version": "v1"] : [:], healthy: chance(70))
    }
  }

  private mutating func profile() -> ProxyProfile {
    let namespace = pick(Self.namespaces)
    if chance(45) {
      return ProxyProfile(
        role: pick([.ingress, .eastWest, .edge, .egress]), namespace: namespace,
        serviceAccount: "gw",
        labels: chance(70) ? ["app": "gw"] : [:], capture: .bind(address: "198.18.0.9"))
    }
    let service = chance(50) ? pick(Self.names) : nil
    return ProxyProfile(
      role: .sidecar, namespace: namespace, serviceAccount: pick(Self.names), service: service,
      labels: service != nil && chance(50) ? ["version": "v1"] : [:],
      ports: [
        InboundPort(
          number: 80, name: "http", protocolName: pick(["http", "tcp"]), applicationPort: 81)
      ],
      capture: chance(60) ? .redirect : .bind(address: "198.18.0.8"),
      upstreams: chance(50)
        ? [
          ExplicitUpstream(
            host: anyHost(), port: pick([80, 90]), listenAddress: "127.0.0.1", listenPort: 9000)
        ]
        : [])
  }
}
