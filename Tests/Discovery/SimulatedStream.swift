import DiscoveryProtos
import SwiftProtobuf
import TestSupport
import Testing

@testable import DeltaXDS

/// The stream of one simulated Envoy: what either side sent waits here until the test delivers it.
struct SimulatedStream {
  /// What the session follows from the next exchange on.
  var view: View
  private(set) var envoy = SimulatedEnvoy()
  private var session: DeltaSession
  private let settings: DiscoverySettings
  private var responses: [ResponseFrame] = []
  private var outstanding: [ResourceType: String] = [:]
  private var settled: Int64 = -1

  init(to view: View, responseBytes: Int) {
    var settings = DiscoverySettings()
    settings.responseBytes = responseBytes
    self.view = view
    self.settings = settings
    session = DeltaSession(nodeID: "envoy", view: view, settings: settings)
    envoy.connect()
  }

  /// Something that happens on a stream by itself.
  mutating func act(using random: inout SplitMix64) throws {
    switch Int.random(in: 0..<84, using: &random) {
    case ..<15: try exchange(nil)
    case ..<48: try deliverRequest()
    case ..<82: try deliverResponse()
    default: reconnect()
    }
  }

  mutating func reconnect() {
    responses = []
    outstanding = [:]
    settled = -1
    session = DeltaSession(nodeID: "envoy", view: view, settings: settings)
    envoy.connect()
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

  func checkConvergence(with server: SimulatedServer) {
    #expect(settled == view.generation)
    #expect(outstanding.isEmpty)
    for type in [ResourceType.cluster, .endpoints, .listener, .routes] {
      let applied = envoy.applied(type)
      let wanted = (server.mesh.tables[type] ?? [:]).filter {
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
    #expect(response.resources.count <= 1 || bytes <= settings.responseBytes + settings.restBytes)
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
}
