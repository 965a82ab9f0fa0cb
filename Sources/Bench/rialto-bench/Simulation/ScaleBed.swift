import AgentStore
import ClusterAgent
import DeltaXDS
import Documents
import Identity
import ManagementClient
import Model

/// A site whose agent is under test: a simulated agent reports services from elsewhere, and a crowd
/// of simulated proxies follows.
struct ScaleBed: Sendable {
  /// How it is laid out.
  struct Plan: Sendable {
    var services: Int
    var proxies: Int
    /// Into how many workspaces services and proxies are divided alike.
    var workspaces = 1
    /// Everything is in the namespace of the site's real instances and caller, and in no other.
    var isShared = false
    var instances: [String] = []
    var upstreams: [SitePlan.Upstream] = []
    /// So many of the proxies, the last ones, think for a while before each acknowledgement.
    var slow = 0
    var thinking = Duration.zero
    /// Those of the crowd that refuse what changes about the routes of service 1.
    var rejecters: Range<Int> = 0..<0
    /// Where each of the proxies takes calls.
    var ports: [Int] = []
    /// What is written beside the workspaces.
    var more: [Document] = []

    func namespace(_ index: Int) -> String {
      isShared ? Testbed.namespace : "team-\(index % workspaces)"
    }

    var site: SitePlan {
      var site = ScaleBed.site
      site.instances = instances
      site.upstreams = upstreams
      return site
    }

    func service(_ index: Int) -> SimulatedAgent.Service {
      SimulatedAgent.Service(namespace: namespace(index), name: "svc-\(index)")
    }

    /// How many services each proxy calls.
    var visible: Int { services / workspaces }

    var manifests: [Document] {
      [
        Testbed.cluster("site", network: "lan"), Testbed.cluster("elsewhere", network: "lan"),
        Testbed.tenant,
      ]
        + Testbed.workspace("bench", owning: Testbed.namespace)
        + (0..<(isShared ? 0 : workspaces)).flatMap {
          Testbed.workspace("team-\($0)", owning: "team-\($0)")
        } + more
    }
  }

  static let site = SitePlan(name: "site", number: 2)

  let plan: Plan
  let testbed: Testbed
  let elsewhere: SimulatedAgent
  let crowd: Crowd

  var agentProcess: Int32 { testbed.children.all[Self.site.prefix + "agent"] ?? 0 }
  var serverProcess: Int32 { testbed.children.all["server"] ?? 0 }

  /// Sets everything up, and runs `body` before anybody but the gateway is connected.
  static func with<Result: Sendable>(
    _ options: BenchOptions, _ plan: Plan,
    _ body: @escaping @Sendable (ScaleBed) async throws -> Result
  ) async throws -> Result {
    try await Testbed.with(options, [plan.site], manifests: plan.manifests) { testbed in
      let services = (0..<plan.services).map(plan.service)
      let elsewhere = try await testbed.simulatedAgent(
        "elsewhere", services: services, gatewayAddress: "127.0.3.3")
      return try await beside([{ await elsewhere.runPatiently() }]) {
        let crowd = try await Crowd.join(
          members(plan, at: testbed.site(site.name)), at: testbed.site(site.name),
          logger: testbed.logger)
        let bed = ScaleBed(plan: plan, testbed: testbed, elsewhere: elsewhere, crowd: crowd)
        let result = try await body(bed)
        await crowd.disconnect()
        return result
      }
    }
  }

  /// The gateway comes first: without it no way leads elsewhere.
  private static func members(_ plan: Plan, at site: Site) -> [Crowd.Member] {
    let gateway = Crowd.Member(
      grant: site.grant(
        "east-west", account: "east-west", role: "east-west", labels: ["app": "east-west"]),
      address: site.plan.gatewayAddress)
    let refused = plan.service(1)
    let proxies = (0..<plan.proxies).map { index in
      Crowd.Member(
        grant: site.grant(
          "caller", account: "caller", namespace: plan.namespace(index)),
        address: "127.1.\(index / 250).\(index % 250 + 1)", ports: plan.ports,
        delay: index >= plan.proxies - plan.slow ? plan.thinking : .zero,
        refuses: plan.rejecters.contains(index + 1)
          ? "\(refused.name).\(refused.namespace)." : nil)
    }
    return [gateway] + proxies
  }

  /// The members that are no gateways.
  var callers: Range<Int> { 1..<crowd.proxies.count }

  /// Connects everybody and waits until each has everything; says how long that took. Unless all come
  /// `atOnce`, one of each workspace comes first, so that the others find a view that is complete.
  func connectAll(
    patiently: Bool = false, atOnce: Bool = false, _ deadline: Duration = .seconds(900)
  ) async throws -> Duration {
    let start = ContinuousClock.now
    if atOnce {
      crowd.connect(patiently: patiently)
    } else {
      try await connectFirst(patiently: patiently)
      crowd.connect(first.upperBound..<crowd.proxies.count, patiently: patiently)
    }
    try await settle(deadline)
    return ContinuousClock.now - start
  }

  /// The gateway, and one of each workspace.
  private var first: Range<Int> { 0..<min(plan.workspaces + 1, crowd.proxies.count) }

  /// Connects one of each workspace, and waits until they have everything.
  func connectFirst(patiently: Bool = false) async throws {
    crowd.connect(first, patiently: patiently)
    try await crowd.expect("all services at the first proxies", within: .seconds(120)) {
      $0.catalogue.numbers(of: .endpoints, containing: "svc-").count >= plan.services
    }
  }

  /// Waits until every proxy has the endpoints of all services that it may call.
  func settle(_ deadline: Duration = .seconds(900)) async throws {
    // One of each workspace tells which numbers there are.
    try await crowd.expect("all services at the first proxies", within: deadline) {
      $0.catalogue.numbers(of: .endpoints, containing: "svc-").count >= plan.services
    }
    let byTeam = Dictionary(
      grouping: crowd.catalogue.numbers(of: .endpoints, containing: "svc-")
    ) { number in
      let parts = crowd.catalogue.name(number).name.split(separator: ".")
      return parts.first { $0.hasPrefix("team-") }.map(String.init) ?? Testbed.namespace
    }
    try await crowd.expect("all services at all proxies", within: deadline) { crowd in
      callers.allSatisfy { index in
        crowd.proxies[index].has(byTeam[plan.namespace(index - 1)] ?? [])
      }
    }
  }
}

extension Testbed {
  /// Lets a simulated agent join; the caller runs it.
  func simulatedAgent(
    _ cluster: String, services: [SimulatedAgent.Service], gatewayAddress: String?,
    sidecars: [SimulatedAgent.Sidecar] = []
  ) async throws -> SimulatedAgent {
    let ref = ResourceRef(.cluster, [Self.organization, cluster])
    let text = try await client.joinToken(for: ref)["token"]?.string ?? ""
    guard case .agent(let token) = try JoinToken(text: text) else {
      throw Impatience(description: "the server's token is not one for an agent")
    }
    return try await SimulatedAgent(
      token, at: ServerAddress(host: Self.serverAddress, port: 9443), services: services,
      gatewayAddress: gatewayAddress, sidecars: sidecars)
  }
}
