import Blueprints
import Documents
import Publication
import Streams
import Synchronization
import Testing

/// A clock that stands still until it is told.
final class ManualClock: Sendable {
  private let microseconds = Mutex<Int64>(1_000_000_000)
  var now: Int64 { microseconds.withLock { $0 } }
  func advance(_ by: Int64) { microseconds.withLock { $0 += by } }
}

@Suite struct StatusTests {
  let clock = ManualClock()
  let publication: Publication
  let fqn = "organizations/acme/route"

  init() {
    let clock = clock
    publication = Publication(now: { clock.now })
  }

  private func publish(
    _ cluster: String, _ name: String, _ text: String, revision: Int64,
    sources: [(String, Int64)]
  ) {
    publication.publish(
      cluster: cluster, revision: revision,
      upserts: [
        item(name, text, sources: sources.map { Source(fqn: $0.0, revision: $0.1) }.sorted())
      ], removals: [])
  }

  private func deliver(_ cluster: String, _ generation: Int64, told: Int = 1, rejected: Int = 0) {
    publication.acknowledged(cluster: cluster, generation: generation)
    publication.report(
      cluster: cluster,
      GenerationProgress(
        generation: generation, told: told, acknowledged: told - rejected, rejected: rejected,
        storedAfter: 10, translatedAfter: 20, toldAfter: 30, acknowledgedAfter: 40))
  }

  private func state(_ fqn: String, _ revision: Int64) -> ObjectState {
    publication.status(ofObject: fqn, revision: revision).state
  }

  @Test func `an object that is not compiled yet is accepted`() {
    #expect(state(fqn, 1) == .accepted)
  }

  @Test func `an object that generates nothing is ready once it is compiled`() {
    publication.publish(revisions: 1...1, [:])
    #expect(state(fqn, 1) == .ready)
    #expect(publication.propagation(ofRevision: 1).isComplete)
  }

  @Test func `an object goes from accepted over partial to ready`() {
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    publish("west", "orders", "a", revision: 1, sources: [(fqn, 1)])
    #expect(state(fqn, 1) == .accepted)
    deliver("east", 1)
    #expect(state(fqn, 1) == .partial)
    #expect(!publication.propagation(ofRevision: 1).isComplete)
    deliver("west", 1)
    #expect(state(fqn, 1) == .ready)
    #expect(publication.propagation(ofRevision: 1).isComplete)
    #expect(publication.propagation(ofRevision: 1).clusters.map(\.cluster) == ["east", "west"])
  }

  @Test func `an object that works and waits for the change of another is dirty`() {
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    deliver("east", 1)
    publish("east", "orders", "b", revision: 2, sources: [(fqn, 1), ("other", 2)])
    #expect(state(fqn, 1) == .dirty)
    #expect(state("other", 2) == .accepted)
    deliver("east", 2)
    #expect(state(fqn, 1) == .ready)
  }

  @Test func `an agent that has a generation but not its proxies' word is delivering`() {
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    publication.acknowledged(cluster: "east", generation: 1)
    publication.report(
      cluster: "east",
      GenerationProgress(
        generation: 1, told: 2, acknowledged: 1, rejected: 0, translatedAfter: 5))
    let row = publication.status(ofObject: fqn, revision: 1).clusters[0]
    #expect(row.state == .delivering)
    #expect(row.told == 2 && row.acknowledged == 1)
  }

  @Test func `generations that travelled together arrive together`() {
    for revision in 1...3 {
      publish("east", "s\(revision)", "a", revision: Int64(revision), sources: [(fqn, 1)])
    }
    deliver("east", 3)
    for revision in 1...3 {
      #expect(publication.propagation(ofRevision: Int64(revision)).isComplete)
    }
  }

  @Test func `a rejected item fails its objects, with the words of the Envoy, and no others`() {
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    publish("east", "cart", "a", revision: 2, sources: [("other", 2)])
    deliver("east", 2, rejected: 1)
    let rejection = ItemRejection(
      key: .service(namespace: "shop", name: "orders"), hash: StableHash("a"),
      reason: "no such thing", nodeIDs: ["n1"], resourceType: "t", resourceName: "r")
    publication.report(cluster: "east", full: true, rejections: [rejection], removed: [])
    let status = publication.status(ofObject: fqn, revision: 1)
    #expect(status.state == .failed)
    #expect(status.clusters[0].rejections == [rejection])
    #expect(state("other", 2) == .ready)
    // A newer content is not the one that was refused.
    publish("east", "orders", "b", revision: 3, sources: [(fqn, 3)])
    #expect(state(fqn, 3) == .accepted)
  }

  @Test func `an object that cannot be compiled is failed until it can`() {
    publication.publish(revisions: 1...1, [:])
    let problem = Diagnostic(code: "RL3001", subject: fqn, message: "broken")
    publication.set(problems: [problem], of: fqn)
    #expect(publication.status(ofObject: fqn, revision: 1).problems == [problem])
    #expect(state(fqn, 1) == .failed)
    publication.set(problems: [], of: fqn)
    #expect(state(fqn, 1) == .ready)
  }

  @Test func `the deletion of an object can be followed to the end`() {
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    deliver("east", 1)
    publication.publish(
      cluster: "east", revision: 2, upserts: [],
      removals: [.service(namespace: "shop", name: "orders")])
    #expect(!publication.propagation(ofRevision: 2).isComplete)
    deliver("east", 2)
    #expect(publication.propagation(ofRevision: 2).isComplete)
  }

  @Test func `stages count from the commit at the server and from the arrival at the agent`() {
    let committedAt = clock.now / 1_000
    clock.advance(100)
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    clock.advance(100)
    publication.sent(cluster: "east", generation: 1)
    clock.advance(100)
    publication.acknowledged(cluster: "east", generation: 1)
    clock.advance(100)
    deliver("east", 1)
    let stages = publication.status(
      ofObject: fqn, revision: 1, committedAt: committedAt
    ).clusters[0].stages
    #expect(
      [stages.compiled, stages.sent, stages.stored, stages.completed] == [100, 200, 300, 400])
    #expect(stages.storedAfter == 10 && stages.acknowledgedAfter == 40)
  }

  @Test func `what was written before the server's start has no times`() {
    let committedAt = clock.now / 1_000 - 60_000
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    publication.sent(cluster: "east", generation: 1)
    deliver("east", 1)
    let stages = publication.status(
      ofObject: fqn, revision: 1, committedAt: committedAt
    ).clusters[0].stages
    #expect(stages.compiled == nil && stages.sent == nil && stages.completed == nil)
    let propagation = publication.propagation(ofRevision: 1, committedAt: committedAt)
    #expect(propagation.isComplete && propagation.compiledAfter == nil)
  }

  @Test func `after a restart proxies say how far they are`() {
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    publication.connected(cluster: "east", version: "1")
    publication.acknowledged(cluster: "east", generation: 1)
    #expect(state(fqn, 1) == .accepted)
    publication.report(
      cluster: "east", full: true, proxies: [proxy("a", 1), proxy("b", 0)], removed: [])
    #expect(state(fqn, 1) == .accepted)
    publication.report(cluster: "east", full: false, proxies: [proxy("b", 1)], removed: [])
    #expect(state(fqn, 1) == .ready)
  }

  @Test func `nobody waits for a cluster that is gone`() {
    publish("east", "orders", "a", revision: 1, sources: [(fqn, 1)])
    publish("west", "orders", "a", revision: 1, sources: [(fqn, 1)])
    deliver("east", 1)
    #expect(state(fqn, 1) == .partial)
    publication.forget(cluster: "west")
    #expect(state(fqn, 1) == .ready)
    #expect(publication.propagation(ofRevision: 1).isComplete)
    // Its agent may not have noticed yet.
    publication.report(cluster: "west", full: true, proxies: [proxy("a", 1)], removed: [])
    publication.disconnected(cluster: "west")
    #expect(publication.agents().map(\.cluster) == ["east"])
    #expect(publication.proxies().isEmpty)
  }

  @Test func `no proxy is known to be connected while the agent is away`() {
    func connected() -> [Bool] { publication.proxies().map(\.proxy.isInSync) }
    publication.connected(cluster: "east", version: "1")
    publication.report(cluster: "east", full: true, proxies: [proxy("a", 1)], removed: [])
    #expect(connected() == [true])
    #expect(publication.agents().map(\.connectedProxies) == [1])
    publication.disconnected(cluster: "east")
    #expect(connected() == [false])
    // Back, but it has not said yet which proxies there are.
    publication.connected(cluster: "east", version: "1")
    #expect(connected() == [false])
    #expect(publication.agents().map(\.connectedProxies) == [0])
    publication.report(cluster: "east", full: true, proxies: [proxy("a", 1)], removed: [])
    #expect(connected() == [true])
  }

  private func proxy(_ nodeID: String, _ generation: Int64) -> ProxyState {
    ProxyState(
      nodeID: nodeID, role: "sidecar", namespace: "shop", service: "orders",
      serviceAccount: "orders", labels: [:], version: "1", envoyVersion: "1", connected: true,
      healthy: true, acknowledgedGeneration: generation, toldGeneration: generation, lastChange: 0,
      platform: "vm", hostName: "h")
  }

  @Test func `what the history has dropped is complete only when the last cluster has it`() {
    publish("west", "orders", "a", revision: 1, sources: [(fqn, 1)])
    for revision in 2...10_100 {
      publish("east", "orders", "\(revision)", revision: Int64(revision), sources: [])
    }
    #expect(publication.propagation(ofRevision: 1).clusters.map(\.cluster).contains("west"))
    #expect(!publication.propagation(ofRevision: 1).isComplete)
    deliver("west", 1)
    deliver("east", publication.feed(of: "east").generation.current)
    #expect(publication.propagation(ofRevision: 1).isComplete)
  }

  @Test func `an object that leaves many items of many clusters is followed until all have it`() {
    let clusters = (0..<4).map { "c\($0)" }
    for cluster in clusters {
      publication.publish(
        cluster: cluster, revision: 1,
        upserts: (0..<9_000).map {
          item("s\($0)", "a", sources: [Source(fqn: fqn, revision: 1)])
        }, removals: [])
      deliver(cluster, 1)
    }
    for cluster in clusters {
      publication.publish(
        cluster: cluster, revision: 2, upserts: [],
        removals: (0..<9_000).map { .service(namespace: "shop", name: "s\($0)") })
    }
    #expect(state(fqn, 2) == .accepted)
    for cluster in clusters { deliver(cluster, 2) }
    #expect(state(fqn, 2) == .ready)
  }
}
