import Blueprints
import ClusterAgent
import EnvoyConfig
import Testing

@Suite struct RegistrationTests {
  static func registration(
    _ nodeID: String, service: String = "orders", address: String = "10.0.0.1",
    ports: [Int] = [8080], labels: [String: String] = [:], healthy: Bool = true,
    role: ProxyRole = .sidecar, account: String = "orders"
  ) -> Registration {
    Registration(
      identity: WorkloadIdentity(
        nodeID: nodeID, namespace: "shop", service: service, serviceAccount: account, role: role,
        labels: ["decided": "yes"]),
      presence: Presence(
        address: address,
        ports: ports.map {
          InboundPort(number: $0, name: "http", protocolName: "http", applicationPort: $0)
        },
        labels: labels, healthy: healthy, capturesTraffic: true))
  }

  private let orders = ServiceKey(namespace: "shop", name: "orders")

  @Test func `a service has what its workloads share and declare together`() throws {
    var registrations = Registrations()
    for registration in [
      Self.registration("a", ports: [8080], labels: ["version": "v1", "zone": "x"]),
      Self.registration(
        "b", address: "10.0.0.2", ports: [8080, 9090], labels: ["version": "v2", "zone": "x"],
        healthy: false, account: "writer"),
    ] { _ = registrations.register(registration, lease: 1, lastChange: 0) }
    let summary = try #require(registrations.summary(of: orders))
    #expect(summary.ports.map(\.number) == [8080, 9090])
    #expect(summary.labels == ["zone": "x", "decided": "yes"])
    #expect(summary.serviceAccounts == ["orders", "writer"])
    #expect(summary.workloads == 2)
    #expect(summary.healthyWorkloads == 1)
    #expect(registrations.endpoints(of: orders).map(\.address) == ["10.0.0.1", "10.0.0.2"])
  }

  @Test func `a workload that only calls others belongs to its service and is no instance`() throws
  {
    var registrations = Registrations()
    _ = registrations.register(Self.registration("a", ports: []), lease: 1, lastChange: 0)
    #expect(registrations.services == [orders])
    #expect(registrations.endpoints(of: orders).isEmpty)
    let summary = try #require(registrations.summary(of: orders))
    #expect(summary.ports.isEmpty)
    #expect((summary.workloads, summary.healthyWorkloads) == (1, 0))
    _ = registrations.remove("a", lease: 1)
    #expect(registrations.summary(of: orders) == nil)
  }

  @Test func `a gateway is no instance of a service`() {
    var registrations = Registrations()
    let gateway = Self.registration("g", service: "ingress", role: .ingress)
    _ = registrations.register(gateway, lease: 1, lastChange: 0)
    #expect(registrations.services.isEmpty)
    #expect(registrations.namespaces == ["shop": 1])
    #expect(gateway.profile(under: nil).labels == ["decided": "yes"])
  }

  @Test func `what the token decided wins over what the workload says`() {
    #expect(Self.registration("a", labels: ["decided": "no"]).labels == ["decided": "yes"])
  }

  @Test func `a lost workload stays for the grace time and then goes`() {
    var registrations = Registrations()
    _ = registrations.register(Self.registration("a"), lease: 1, lastChange: 0)
    registrations.lost("a", lease: 1, at: 100)
    #expect(registrations.nextDeadline == 100 + Registrations.grace)
    #expect(registrations.expire(at: 100 + Registrations.grace - 0.1).isEmpty)
    #expect(registrations.endpoints(of: orders).count == 1)
    let gone = registrations.expire(at: 100 + Registrations.grace)
    #expect(gone.map(\.before?.identity.nodeID) == ["a"])
    #expect(registrations.endpoints(of: orders).isEmpty)
    #expect(registrations.nextDeadline == nil)
  }

  @Test func `a workload that comes back in time keeps its registration unchanged`() {
    var registrations = Registrations()
    _ = registrations.register(Self.registration("a"), lease: 1, lastChange: 7)
    registrations.lost("a", lease: 1, at: 0)
    let change = registrations.register(Self.registration("a"), lease: 2, lastChange: 9)
    #expect(change.before == change.after)
    #expect(registrations.lastChange(of: "a") == 7)
    #expect(registrations.expire(at: 1000).isEmpty)
  }

  @Test func `an old stream's end does not end a newer lease`() {
    var registrations = Registrations()
    _ = registrations.register(Self.registration("a"), lease: 1, lastChange: 0)
    _ = registrations.register(Self.registration("a"), lease: 2, lastChange: 0)
    registrations.lost("a", lease: 1, at: 0)
    #expect(registrations.remove("a", lease: 1) == nil)
    #expect(registrations.nextDeadline == nil)
    #expect(registrations.remove("a", lease: 2) != nil)
  }

  @Test func `after a start, workloads have longer to come back`() {
    var registrations = Registrations()
    registrations.restore(Self.registration("a"), lastChange: 0, at: 0)
    #expect(registrations.expire(at: Registrations.startGrace - 1).isEmpty)
    #expect(registrations.expire(at: Registrations.startGrace).count == 1)
  }
}

@Suite struct ProvisionalPlanTests {
  @Test func `addresses follow from the host and never meet`() throws {
    var plans = ProvisionalPlans()
    var registrations = Registrations()
    var seen: Set<String> = []
    for number in 0..<1500 {
      let key = ServiceKey(namespace: "shop", name: "s\(number)")
      _ = registrations.register(
        RegistrationTests.registration("n\(number)", service: key.name), lease: number,
        lastChange: 0)
      let summary = try #require(registrations.summary(of: key))
      let item = plans.service(key, summary, cluster: "east", trustDomain: "east.acme.mesh")
      guard case .service(let plan) = item else {
        Issue.record("no plan for \(key)")
        return
      }
      #expect(seen.insert(plan.address).inserted)
      let octets = plan.address.split(separator: ".").compactMap { Int($0) }
      #expect(octets.prefix(2) == [240, 240] && (248...255).contains(octets[2]))
      #expect(plan.host == "s\(number).shop.mesh")
      #expect(plan.providers.map(\.cluster) == ["east"])
    }
  }
}

@Suite struct PropagationTests {
  private func record(_ generation: Int64, step: Int64, _ nodes: [String]) -> Propagation.Record {
    Propagation.Record(
      generation: generation, step: step, arrived: 1000, translated: 20,
      proxies: Dictionary(uniqueKeysWithValues: nodes.map { ($0, .waiting) }))
  }

  @Test func `every proxy is counted once, at each stage`() throws {
    var propagation = Propagation()
    propagation.begin(record(7, step: 3, ["a", "b"]))
    #expect(propagation.told("a", step: 2, at: 1100).isEmpty)
    #expect(propagation.told("a", step: 3, at: 1100) == [7])
    #expect(propagation.told("a", step: 3, at: 1150).isEmpty)
    #expect(propagation.settled("a", step: 4, at: 1200) == [7])
    #expect(propagation[7]?.isComplete == false)
    #expect(propagation.settled("b", step: 4, at: 1300) == [7])
    let done = try #require(propagation[7])
    #expect(done.isComplete)
    #expect(done.count(.acknowledged) == 2)
    #expect(done.told == 300)
    #expect(done.acknowledged == 300)
  }

  @Test func `a refusal stays one, and a proxy that leaves counts no more`() throws {
    var propagation = Propagation()
    propagation.begin(record(1, step: 1, ["a", "b", "c"]))
    _ = propagation.told("a", step: 1, at: 1100)
    #expect(propagation.rejected("a") == [1])
    _ = propagation.settled("a", step: 1, at: 1200)
    #expect(propagation.left("b") == [1])
    _ = propagation.settled("c", step: 1, at: 1300)
    #expect(propagation.left("c").isEmpty)
    let done = try #require(propagation[1])
    #expect(done.count(.rejected) == 1)
    #expect(done.count(.acknowledged) == 1)
    #expect(done.proxies.count == 2)
  }

  @Test func `records are bounded`() {
    var propagation = Propagation()
    for generation in 1...(Int64(Propagation.maximumRecords) * 2) {
      propagation.begin(record(generation, step: generation, ["a"]))
    }
    #expect(propagation.generations.count == Propagation.maximumRecords)
  }
}
