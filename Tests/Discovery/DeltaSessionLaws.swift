import TestSupport
import Testing

/// A server and one subscriber, with everything between them in the test's hands.
private struct Harness {
  var random: SplitMix64
  var server: SimulatedServer
  var stream: SimulatedStream

  init(seed: Int, faultPercent: Int) {
    random = SplitMix64(seed: UInt64(seed))
    server = SimulatedServer(
      faultPercent: faultPercent, logCapacity: seed.isMultiple(of: 3) ? 4 : 1000)
    stream = SimulatedStream(
      to: server.view, responseBytes: seed.isMultiple(of: 2) ? 300 : 96 << 10)
  }

  mutating func act() throws {
    switch Int.random(in: 0..<100, using: &random) {
    case ..<15: server.publish(using: &random)
    case ..<99: try stream.act(using: &random)
    default:
      server.replaceView(using: &random)
      stream.view = server.view
    }
  }

  mutating func settle() throws {
    try stream.drain()
    stream.checkConvergence(with: server)
  }
}

@Suite struct `Laws of a delta session` {
  @Test(.laborious, arguments: 0..<200)
  func `a subscriber that drops, refuses and returns ends with what the view has`(
    seed: Int
  ) throws {
    var harness = Harness(seed: seed, faultPercent: seed.isMultiple(of: 5) ? 0 : 12)
    for _ in 0..<600 { try harness.act() }
    try harness.settle()
  }

  /// As many as one site may have, some slow and some quick, each with its own losses and refusals.
  @Test(.laborious) func `two thousand subscribers of one view all end with what it has`() throws {
    var random = SplitMix64(seed: 2000)
    var server = SimulatedServer(faultPercent: 6, logCapacity: 1000)
    var streams = (0..<2_000).map { index in
      SimulatedStream(to: server.view, responseBytes: index.isMultiple(of: 2) ? 300 : 96 << 10)
    }
    for step in 0..<30 {
      server.publish(using: &random)
      for index in streams.indices where step.isMultiple(of: 1 + index % 5) {
        for _ in 0..<4 { try streams[index].act(using: &random) }
      }
    }
    for index in streams.indices {
      try streams[index].drain()
      streams[index].checkConvergence(with: server)
    }
  }

  @Test(.laborious, arguments: 0..<50)
  func `an unchanged reconnect brings nothing but empty answers`(seed: Int) throws {
    var harness = Harness(seed: seed, faultPercent: 0)
    for _ in 0..<300 { try harness.act() }
    try harness.settle()
    harness.stream.reconnect()
    try harness.settle()
    #expect(harness.stream.envoy.received.isEmpty)
    #expect((1...2).contains(harness.stream.envoy.emptyResponses))
  }
}
