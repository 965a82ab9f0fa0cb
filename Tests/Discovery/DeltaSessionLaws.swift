import DiscoveryProtos
import SwiftProtobuf
import Testing
import TestSupport

@testable import DeltaXDS

/// A server and one subscriber, with everything between them in the test's hands.
private struct Harness {
  var random: SplitMix64
  var mesh = SimulatedMesh()
  var view: View
  var generation: Int64 = 0
  var session: DeltaSession
  var envoy = SimulatedEnvoy()
  var settings = DiscoverySettings()
  private let logCapacity: Int
  private var responses: [ResponseFrame] = []
  private var outstanding: [ResourceType: String] = [:]
  private(set) var settled: Int64 = -1

  init(seed: Int, faultPercent: Int) {
    random = SplitMix64(seed: UInt64(seed))
    mesh.faultPercent = faultPercent
    logCapacity = seed.isMultiple(of: 3) ? 4 : 1000
    view = View(logCapacity: logCapacity)
    settings.responseBytes = seed.isMultiple(of: 2) ? 300 : 96 << 10
    session = DeltaSession(nodeID: "envoy", view: view, settings: settings)
    envoy.connect()
  }

  mutating func act() throws {
    switch Int.random(in: 0..<100, using: &random) {
    case ..<15: publish()
    case ..<30: try exchange(nil)
    case ..<63: try deliverRequest()
    case ..<97: try deliverResponse()
    case ..<99: reconnect()
    default: replaceView()
    }
  }

  mutating func publish() {
    let change = mesh.change(using: &random)
    generation += 1
    view.publish(upserts: change.upserts, removals: change.removals, generation: generation)
  }

  mutating func reconnect() {
    responses = []
    outstanding = [:]
    settled = -1
    session = DeltaSession(nodeID: "envoy", view: view, settings: settings)
    envoy.connect()
  }

  /// The same resources in a view with another past.
  private mutating func replaceView() {
    let old = view.resources
    view = View(logCapacity: logCapacity)
    for resource in old.shuffled(using: &random) {
      view.publish(upserts: [resource], removals: [], generation: generation)
    }
    publish()
  }

  private mutating func deliverRequest() throws {
    guard let request = envoy.takeRequest() else { return }
    let type = ResourceType(request.typeURL)
    if outstanding[type] == request.responseNonce { outstanding[type] = nil }
    try exchange(request)
  }

  /// The session gets a request, or looks at the view. When it fell behind, its stream ends, and the
  /// subscriber comes back.
  private mutating func exchange(_ request: DeltaDiscoveryRequest?) throws {
    do {
      perform(try request.map { try session.receive($0) } ?? session.follow(view))
    } catch DeltaSession.Violation.fellBehind {
      reconnect()
    }
  }

  private mutating func deliverResponse() throws {
    guard !responses.isEmpty else { return }
    let frame = responses.removeFirst()
    let response = try DeltaDiscoveryResponse(serializedBytes: frame.bytes)
    #expect(response.nonce == frame.nonce)
    let bytes = try response.resources.reduce(0) { sum, resource in
      sum + (try resource.serializedBytes() as [UInt8]).count
    }
    #expect(response.resources.count <= 1 || bytes <= settings.responseBytes)
    envoy.receive(response)
  }

  private mutating func perform(_ actions: [DeltaSession.Action]) {
    for action in actions {
      switch action {
      case .send(let frame):
        #expect(outstanding[frame.type] == nil, "two responses of a type in flight")
        outstanding[frame.type] = frame.nonce
        responses.append(frame)
      case .report(.settled(_, let generation)):
        #expect(generation > settled)
        settled = generation
        checkSettled()
      case .report: break
      }
    }
  }

  private func checkSettled() {
    guard settled == view.generation, envoy.requests.isEmpty, responses.isEmpty else { return }
    for resource in view.resources where envoy.isSubscribed(to: resource.name) {
      #expect(envoy.hasSettled(resource), "settled without \(resource.name)")
    }
  }

  /// Delivers everything until nothing moves.
  mutating func drain() throws {
    for _ in 0..<10_000 {
      try exchange(nil)
      if !envoy.requests.isEmpty {
        try deliverRequest()
      } else if !responses.isEmpty {
        try deliverResponse()
      } else {
        envoy.timeOut()
        if envoy.requests.isEmpty { return }
      }
    }
    Issue.record("it never came to rest")
  }

  func checkConvergence() {
    #expect(settled == view.generation)
    #expect(outstanding.isEmpty)
    for type in [ResourceType.cluster, .endpoints, .listener, .routes] {
      let applied = envoy.applied(type)
      let wanted = (mesh.tables[type] ?? [:]).filter {
        envoy.isSubscribed(to: ResourceName(type, $0.key))
      }
      for (name, content) in wanted {
        if content.fault == .none {
          #expect(applied[name] == content, "\(type.url) \(name)")
        } else {
          #expect(envoy.hasSettled(content.resource(type, name)), "\(type.url) \(name)")
        }
      }
      #expect(Set(applied.keys).isSubset(of: wanted.keys), "\(type.url)")
    }
  }
}

@Suite struct `Laws of a delta session` {
  @Test(.laborious, arguments: 0..<200)
  func `a subscriber that drops, refuses and returns ends with what the view has`(
    seed: Int
  ) throws {
    var harness = Harness(seed: seed, faultPercent: seed.isMultiple(of: 5) ? 0 : 12)
    for _ in 0..<600 { try harness.act() }
    try harness.drain()
    harness.checkConvergence()
  }

  @Test(.laborious, arguments: 0..<50)
  func `an unchanged reconnect brings nothing but empty answers`(seed: Int) throws {
    var harness = Harness(seed: seed, faultPercent: 0)
    for _ in 0..<300 { try harness.act() }
    try harness.drain()
    harness.reconnect()
    try harness.drain()
    harness.checkConvergence()
    #expect(harness.envoy.received.isEmpty)
    #expect((1...2).contains(harness.envoy.emptyResponses))
  }
}
