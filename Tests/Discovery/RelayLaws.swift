import DiscoveryProtos
import SwiftProtobuf
import TestSupport
import Testing

@testable import DeltaXDS

/// An agent's session, a relay and an Envoy's session, with the streams in the test's hands.
private struct Chain {
  var random: SplitMix64
  var mesh = SimulatedMesh()
  private let logCapacity: Int
  var upstreamView: View
  var upstream: DeltaSession
  var subscriber: DeltaSubscriber
  var pending = PendingAcknowledgements()
  let relayView = View()
  var relayGeneration: Int64 = 0
  var downstream: DeltaSession
  var envoy = SimulatedEnvoy()

  var generation: Int64 = 0
  var fromUpstream: [ResponseFrame] = []
  var toUpstream: [DeltaDiscoveryRequest] = []
  var fromDownstream: [ResponseFrame] = []
  var rejections: [ResourceName: String] = [:]
  var settled: Int64 = -1

  init(seed: Int) {
    random = SplitMix64(seed: UInt64(seed))
    mesh.faultPercent = seed.isMultiple(of: 4) ? 0 : 10
    logCapacity = seed.isMultiple(of: 3) ? 8 : 1000
    upstreamView = View(logCapacity: logCapacity)
    upstream = DeltaSession(nodeID: "proxy", view: upstreamView)
    downstream = DeltaSession(nodeID: "envoy", view: relayView)
    subscriber = DeltaSubscriber(nodeID: "proxy", held: [])
    toUpstream = subscriber.opening()
    envoy.connect()
  }

  mutating func act() throws {
    switch Int.random(in: 0..<100, using: &random) {
    case ..<10: publish()
    case ..<96: try deliver(Int.random(in: 0..<6, using: &random))
    case ..<97: reconnectEnvoy()
    case ..<98: replaceUpstreamView()
    default: reconnectUpstream()
    }
  }

  /// Nearly the same resources in a view with another past.
  private mutating func replaceUpstreamView() {
    let old = upstreamView.resources
    upstreamView = View(logCapacity: logCapacity)
    upstreamView.publish(upserts: old, removals: [], generation: generation)
    publish()
  }

  private mutating func publish() {
    let change = mesh.change(using: &random)
    generation += 1
    upstreamView.publish(
      upserts: change.upserts, removals: change.removals, generation: generation)
  }

  private mutating func reconnectEnvoy() {
    fromDownstream = []
    downstream = DeltaSession(nodeID: "envoy", view: relayView)
    envoy.connect()
  }

  mutating func reconnectUpstream() {
    fromUpstream = []
    pending.disconnected()
    upstream = DeltaSession(nodeID: "proxy", view: upstreamView)
    toUpstream = subscriber.opening()
    settled = -1
  }

  /// True when there was something to do.
  @discardableResult
  mutating func deliver(_ way: Int) throws -> Bool {
    switch way {
    case 0: try exchangeUpstream(nil)
    case 1: performDownstream(try downstream.follow(relayView))
    case 2:
      guard !toUpstream.isEmpty else { return false }
      try exchangeUpstream(toUpstream.removeFirst())
      return true
    case 3:
      guard !fromUpstream.isEmpty else { return false }
      let frame = fromUpstream.removeFirst()
      let response = try DeltaDiscoveryResponse(serializedBytes: frame.bytes)
      if let list = subscriber.list(askedBy: response) {
        toUpstream.append(list)
        return true
      }
      let received = try subscriber.receive(response)
      for resource in received.upserts where resource.name.type != .endpoints {
        #expect(!subscriber.isInForce(resource), "\(resource.name) was sent again")
      }
      relayGeneration += 1
      pending.published(received, generation: relayGeneration)
      relayView.publish(
        upserts: received.upserts, removals: received.removals, generation: relayGeneration)
      return true
    case 4:
      guard let request = envoy.takeRequest() else { return false }
      performDownstream(try downstream.receive(request))
      return true
    default:
      guard !fromDownstream.isEmpty else { return false }
      envoy.receive(
        try DeltaDiscoveryResponse(serializedBytes: fromDownstream.removeFirst().bytes))
      return true
    }
    return false
  }

  /// A session that fell behind ends its stream; the relay comes back.
  private mutating func exchangeUpstream(_ request: DeltaDiscoveryRequest?) throws {
    do {
      performUpstream(
        try request.map { try upstream.receive($0) } ?? upstream.follow(upstreamView))
    } catch DeltaSession.Violation.fellBehind {
      reconnectUpstream()
    }
  }

  private mutating func performUpstream(_ actions: [DeltaSession.Action]) {
    for action in actions {
      switch action {
      case .send(let frame): fromUpstream.append(frame)
      case .report(.rejected(_, let resource, _)): rejections[resource.name] = resource.version
      case .report(.accepted(_, let resources)):
        for resource in resources { rejections[resource.name] = nil }
      case .report(.settled(_, let generation)): settled = generation
      case .report: break
      }
    }
  }

  private mutating func performDownstream(_ actions: [DeltaSession.Action]) {
    for action in actions {
      switch action {
      case .send(let frame): fromDownstream.append(frame)
      case .report(let event):
        toUpstream += pending.event(event, acknowledgingBy: &subscriber)
      }
    }
  }

  mutating func drain() throws {
    for _ in 0..<20_000 {
      var moved = false
      for way in 0..<6 where try deliver(way) { moved = true }
      if moved { continue }
      envoy.timeOut()
      if envoy.requests.isEmpty { return }
    }
    Issue.record("it never came to rest")
  }

  func check() {
    #expect(pending.isEmpty)
    // Per refused version: the version itself, and what is in force instead.
    #expect(upstream.entryCount <= 2 * rejections.count, "a settled stream keeps names")
    #expect(settled == upstreamView.generation)
    // When a refused version gives way to the one before it, which is in force, nothing is sent.
    let refused = Set(
      relayView.resources.filter { rejections[$0.name] == $0.version }.map(\.name))
    #expect(
      Set(relayView.resources.filter { !refused.contains($0.name) })
        == Set(upstreamView.resources.filter { !refused.contains($0.name) }))
    for resource in upstreamView.resources where envoy.isSubscribed(to: resource.name) {
      let content = mesh.tables[resource.name.type]?[resource.name.name]
      if content?.fault == SimulatedContent.Fault.none {
        #expect(envoy.applied(resource.name.type)[resource.name.name] == content)
      } else {
        #expect(
          rejections[resource.name] == resource.version, "nobody says that \(resource.name) is bad")
      }
    }
  }
}

@Suite struct `Laws of a relay` {
  @Test(.laborious, arguments: 0..<200)
  func `an Envoy behind a relay gets everything, and its refusals come back by name`(
    seed: Int
  ) throws {
    var chain = Chain(seed: seed)
    for _ in 0..<600 { try chain.act() }
    try chain.drain()
    chain.check()
  }

  @Test(.laborious, arguments: 0..<50)
  func `a relay that comes back is sent nothing that it has, and lists nothing`(
    seed: Int
  ) throws {
    var chain = Chain(seed: seed * 4)
    for _ in 0..<300 { try chain.act() }
    try chain.drain()
    chain.reconnectUpstream()
    #expect(chain.toUpstream.allSatisfy { $0.initialResourceVersions.count <= 1 })
    let received = chain.relayGeneration
    try chain.drain()
    chain.check()
    // At most an empty answer per type.
    #expect(chain.relayGeneration - received <= ResourceType.all.count)
    #expect(chain.upstream.entryCount == 0)
  }
}
