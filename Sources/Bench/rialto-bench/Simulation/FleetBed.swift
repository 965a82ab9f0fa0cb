import Documents
import Foundation
import Identity
import ManagementClient
import Model
import Synchronization

/// How many simulated agents are laid out.
struct FleetPlan: Sendable {
  var clusters: Int
  var objects: Int
  var services: Int
  var visible: Int

  var teams: Int { max(1, services / visible) }
  var servicesOfCluster: Int { max(1, services / clusters) }

  func team(_ cluster: Int) -> String { "team-\(cluster % teams)" }
  func name(_ cluster: Int) -> String { "cluster-\(cluster)" }

  func services(of cluster: Int) -> [SimulatedAgent.Service] {
    var services = (0..<servicesOfCluster).map {
      SimulatedAgent.Service(namespace: team(cluster), name: "svc-\(cluster)-\($0)")
    }
    // One that nobody else knows.
    if cluster == 0 { services.append(FleetBed.own) }
    return services
  }

  /// Everything but the tenants that fill up.
  var manifests: [Document] {
    var manifests = (0..<clusters).map { Testbed.cluster(name($0), network: team($0)) }
    manifests += Testbed.workspace("bench", owning: Testbed.namespace)
    manifests += Testbed.workspace("own", owning: FleetBed.own.namespace)
    manifests += (0..<teams).flatMap { Testbed.workspace("team-\($0)", owning: "team-\($0)") }
    manifests += (0..<clusters).flatMap { cluster in
      services(of: cluster).filter { $0 != FleetBed.own }.map { ScaleBed.route(of: $0, variant: 0) }
    }
    return manifests
  }
}

/// A server with simulated agents.
struct FleetBed: Sendable {
  static let own = SimulatedAgent.Service(namespace: "own", name: "svc-own")

  let testbed: Testbed
  let plan: FleetPlan
  let agents: [SimulatedAgent]
  let setUp: Duration
  /// What an object, and what a cluster, its connection included, took at the server.
  let objectBytes: Int
  let clusterBytes: Int
  private let tasks: Tasks

  private final class Tasks: Sendable {
    let running = Mutex<[Task<Void, Never>]>([])
  }

  static func with<Result: Sendable>(
    _ testbed: Testbed, _ plan: FleetPlan, _ body: (FleetBed) async throws -> Result
  ) async throws -> Result {
    let start = ContinuousClock.now
    let empty = try await testbed.settledServerMemory()
    let manifests = plan.manifests
    try await testbed.apply(manifests)
    try await testbed.apply(
      (0..<max(0, plan.objects - manifests.count)).map { Testbed.object("Tenant", "filler-\($0)") })
    let filled = try await testbed.settledServerMemory()
    let agents = try await withThrowingTaskGroup(of: (Int, SimulatedAgent).self) { group in
      var joined: [(Int, SimulatedAgent)] = []
      for index in 0..<plan.clusters {
        if index >= 8, let next = try await group.next() { joined.append(next) }
        group.addTask {
          let agent = try await testbed.simulatedAgent(
            plan.name(index), services: plan.services(of: index),
            gatewayAddress: "127.3.\(index / 250).\(index % 250 + 1)")
          return (index, agent)
        }
      }
      for try await next in group { joined.append(next) }
      return joined.sorted { $0.0 < $1.0 }.map(\.1)
    }
    let tasks = Tasks()
    func bed(connected: Int) -> FleetBed {
      FleetBed(
        testbed: testbed, plan: plan, agents: agents, setUp: ContinuousClock.now - start,
        objectBytes: (filled - empty) / max(1, plan.objects),
        clusterBytes: (connected - filled) / max(1, plan.clusters), tasks: tasks)
    }
    let first = bed(connected: filled)
    first.connect()
    let expected = plan.servicesOfCluster * (plan.clusters / plan.teams)
    try await wait(for: "everything at all agents", .seconds(300)) {
      agents.allSatisfy { $0.current.items.count >= expected }
    }
    try await first.rest()
    let result = try await body(bed(connected: testbed.settledServerMemory()))
    await first.disconnect()
    return result
  }

  func settledMemory() async throws -> Int { try await testbed.settledServerMemory() }

  /// What the server has used so far.
  var processor: Duration {
    ProcessTable.processorTime(of: testbed.children.all["server"] ?? 0) ?? .zero
  }

  /// How many deltas all agents have had.
  var deltas: Int { agents.reduce(0) { $0 + $1.current.deltas } }

  private func connect() {
    tasks.running.withLock { running in
      running += agents.map { agent in Task { await agent.runPatiently() } }
    }
  }

  private func disconnect() async {
    let running = tasks.running.withLock { running in
      defer { running = [] }
      return running
    }
    for task in running { task.cancel() }
    for task in running { await task.value }
  }

  /// Waits until the server has been idle for a while.
  func rest() async throws {
    try await ProcessTable.rest(of: testbed.children.all["server"] ?? 0)
  }

  /// From the acknowledged write of a route to its arrival at the one agent concerned.
  func changeRoute(_ round: Int) async throws -> Duration {
    try await Task.sleep(for: .milliseconds(20))
    let before = agents[0].current.deltas
    _ = try await testbed.client.put(
      ScaleBed.routeRef(of: Self.own), ScaleBed.route(of: Self.own, variant: round))
    let start = ContinuousClock.now
    try await wait(for: "the changed route") { agents[0].current.deltas > before }
    return max(.zero, agents[0].current.changed - start)
  }

  /// From the first word of a new cluster's agent to the last of all others that trusts it.
  func addCluster() async throws -> Duration {
    try await testbed.apply([Testbed.cluster("newcomer", network: "elsewhere")])
    let newcomer = try await testbed.simulatedAgent(
      "newcomer", services: [], gatewayAddress: nil)
    try await rest()
    let before = agents.map(\.current.deltas)
    let start = ContinuousClock.now
    let task = Task { await newcomer.runPatiently() }
    tasks.running.withLock { $0.append(task) }
    try await wait(for: "the newcomer's authority at all agents", .seconds(60)) {
      zip(agents, before).allSatisfy { agent, before in agent.current.deltas > before }
    }
    let last = agents.map(\.current.changed).max() ?? start
    try await rest()
    return last - start
  }

  /// Until the last of all agents is welcome again.
  func reconnect() async throws -> Duration {
    await disconnect()
    try await rest()
    let start = ContinuousClock.now
    connect()
    try await wait(for: "all agents", .seconds(120)) { agents.allSatisfy(\.current.isWelcome) }
    let elapsed = ContinuousClock.now - start
    try await rest()
    return elapsed
  }

  /// What everything takes anew.
  struct FullCompile: Sendable {
    var elapsed = Duration.zero
    var processor = Duration.zero
  }

  /// Starts the server again while no agent is there, and waits until it has nothing to do.
  func compileEverything() async throws -> FullCompile {
    await disconnect()
    let before = testbed.children.all["server"]
    testbed.children.kill("server")
    let start = ContinuousClock.now
    testbed.children.restart("server")
    try await wait(for: "answer of the server", .seconds(120)) {
      guard testbed.children.all["server"] != before else { return false }
      return (try? await testbed.client.agents()) != nil
    }
    try await rest()
    // The idle time that shows it to be at rest is none of it.
    let elapsed = ContinuousClock.now - start - .milliseconds(200)
    let full = FullCompile(elapsed: elapsed, processor: processor)
    connect()
    return full
  }

  /// Kills the server: until it answers, and until the last of all agents is back.
  func restart() async throws -> (start: Duration, back: Duration, processor: Duration) {
    testbed.children.kill("server")
    try await wait(for: "end of the streams") { !agents.contains(where: \.current.isWelcome) }
    let start = ContinuousClock.now
    testbed.children.restart("server")
    try await wait(for: "answer of the server", .seconds(120)) {
      (try? await testbed.client.agents()) != nil
    }
    let answered = ContinuousClock.now - start
    let processor =
      ProcessTable.processorTime(of: testbed.children.all["server"] ?? 0) ?? .zero
    try await wait(for: "all agents", .seconds(120)) { agents.allSatisfy(\.current.isWelcome) }
    let back = ContinuousClock.now - start
    try await rest()
    return (answered, back, processor)
  }
}

extension Testbed {
  /// Resident, in bytes.
  func settledServerMemory() async throws -> Int {
    try await ProcessTable.settledMemory(of: children.all["server"] ?? 0)
  }

  /// Writes objects, some hundreds at a time.
  func apply(_ manifests: [Document]) async throws {
    for start in stride(from: 0, to: manifests.count, by: 500) {
      let file = manifests.dropFirst(start).prefix(500).map(\.canonicalText)
        .joined(separator: "\n---\n")
      _ = try await client.apply(Array(file.utf8), contentType: "application/yaml")
    }
  }
}
