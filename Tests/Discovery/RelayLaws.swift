import DiscoveryProtos
import SwiftProtobuf
import TestSupport
import Testing

@testable import DeltaXDS

/// An agent's session, a relay and an Envoy's session, with the streams in the test's hands.
private struct Chain {
  var random: SplitMix64
  var mesh = SimulatedMesh()
  let upstreamView = View()
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
    case ..<98: reconnectEnvoy()
    default: reconnectUpstream()
    }
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

  private mutating func reconnectUpstream() {
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
    case 0: performUpstream(upstream.follow(upstreamView))
    case 1: performDownstream(downstream.follow(relayView))
    case 2:
      guard !toUpstream.isEmpty else { return false }
      performUpstream(try upstream.receive(toUpstream.removeFirst()))
      return true
    case 3:
      guard !fromUpstream.isEmpty else { return false }
      let frame = fromUpstream.removeFirst()
      let received = try subscriber.receive(
        DeltaDiscoveryResponse(serializedBytes: frame.bytes))
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
    #expect(settled == upstreamView.generation)
    #expect(Set(relayView.resources) == Set(upstreamView.resources))
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
}
