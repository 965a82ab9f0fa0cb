import DiscoveryProtos
import GRPCCore
import GRPCInProcessTransport
import Streams
import Synchronization
import SwiftProtobuf
import Testing

@testable import DeltaXDS

private typealias Client = Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Client

/// The events of a service, for waiting.
private final class Events: Sendable {
  private let seen = Latest<[DeliveryEvent]>([])

  func observe(_ event: DeliveryEvent) { seen.update { $0.append(event) } }

  func wait(for matches: @Sendable (DeliveryEvent) -> Bool) async {
    for await events in seen.values() where events.contains(where: matches) { return }
  }

  var all: [DeliveryEvent] { seen.current }
}

@Suite(.timeLimit(.minutes(3))) struct `The discovery service` {
  private func withService(
    views: Latest<View>, refusing refusal: RPCError? = nil, settings: DiscoverySettings = .init(),
    _ body: @Sendable (InProcessTransport.Client, Events) async throws -> Void
  ) async throws {
    let transport = InProcessTransport()
    let events = Events()
    let service = DiscoveryService(
      subscribe: { _, nodeID in
        if let refusal { throw refusal }
        return Subscription(nodeID: nodeID, views: views)
      }, observe: { events.observe($0) }, settings: settings)
    try await withGRPCServer(transport: transport.server, services: [service]) { _ in
      try await body(transport.client, events)
    }
  }

  private static func request(
    _ type: ResourceType, _ names: [String] = [], node: String? = nil, nonce: String = ""
  ) -> DeltaDiscoveryRequest {
    .with {
      if let node { $0.node.id = node }
      $0.typeURL = type.url
      $0.resourceNamesSubscribe = names
      $0.responseNonce = nonce
    }
  }

  private static func publish(_ version: String, to view: View) {
    view.publish(
      upserts: [
        Resource(
          name: ResourceName(.routes, "web"), version: version, body: Array(version.utf8))
      ], removals: [], generation: view.generation + 1)
  }

  @Test func `a stream follows steps and changes of its view, and ends with the client`()
    async throws
  {
    let first = View()
    Self.publish("1", to: first)
    let views = Latest(first)
    try await withService(views: views) { transport, events in
      try await withGRPCClient(transport: transport) { client in
        let (acknowledgements, acknowledge) = AsyncStream.makeStream(of: String.self)
        let versions = try await Client(wrapping: client).deltaAggregatedResources { writer in
          try await writer.write(Self.request(.routes, ["web"], node: "n1"))
          for await nonce in acknowledgements {
            try await writer.write(Self.request(.routes, nonce: nonce))
          }
        } onResponse: { response in
          var versions: [String] = []
          for try await message in response.messages {
            versions.append(contentsOf: message.resources.map(\.version))
            acknowledge.yield(message.nonce)
            switch versions.count {
            case 1: Self.publish("2", to: first)
            case 2:
              let second = View()
              Self.publish("3", to: second)
              views.publish(second)
            default: acknowledge.finish()
            }
          }
          return versions
        }
        #expect(versions == ["1", "2", "3"])
      }
      await events.wait { $0 == .disconnected(nodeID: "n1") }
      #expect(events.all.first == .connected(nodeID: "n1", userAgent: " "))
    }
  }

  @Test func `shutting down ends an open stream`() async throws {
    let views = Latest(View())
    let transport = InProcessTransport()
    let service = DiscoveryService(
      subscribe: { _, nodeID in Subscription(nodeID: nodeID, views: views) }, observe: { _ in })
    try await withGRPCServer(transport: transport.server, services: [service]) { server in
      try await withGRPCClient(transport: transport.client) { client in
        let (never, keep) = AsyncStream.makeStream(of: Void.self)
        try await Client(wrapping: client).deltaAggregatedResources { writer in
          try await writer.write(Self.request(.cluster, node: "n1"))
          for await _ in never {}
        } onResponse: { response in
          for try await _ in response.messages { server.beginGracefulShutdown() }
          keep.finish()
        }
      }
    }
  }

  @Test(arguments: [
    ([Self.request(.cluster)], RPCError.Code.invalidArgument),
    (
      [Self.request(.cluster, node: "n1"), Self.request(.listener, node: "n2")],
      .permissionDenied
    ),
    ([Self.request(ResourceType(""), node: "n1")], .invalidArgument),
  ])
  func `requests that no honest node sends end the stream`(
    requests: [DeltaDiscoveryRequest], code: RPCError.Code
  ) async throws {
    try await withService(views: Latest(View())) { transport, _ in
      try await withGRPCClient(transport: transport) { client in
        let error = await #expect(throws: RPCError.self) {
          try await Client(wrapping: client).deltaAggregatedResources { writer in
            for request in requests { try await writer.write(request) }
          } onResponse: { response in
            for try await _ in response.messages {}
          }
        }
        #expect(error?.code == code)
      }
    }
  }

  /// Asks for everything; `decide` says whether the first response is acknowledged before the end.
  private static func starts(
    _ node: String, over client: GRPCClient<InProcessTransport.Client>,
    _ decide: @escaping @Sendable () async -> Bool
  ) async throws {
    let (nonces, nonce) = AsyncStream.makeStream(of: String.self)
    try await Client(wrapping: client).deltaAggregatedResources { writer in
      try await writer.write(Self.request(.routes, ["*"], node: node))
      for await nonce in nonces { try await writer.write(Self.request(.routes, nonce: nonce)) }
    } onResponse: { response in
      for try await message in response.messages {
        if await decide() { nonce.yield(message.nonce) }
        nonce.finish()
      }
    }
  }

  enum First: CaseIterable { case settles, goes, stalls }

  @Test(arguments: First.allCases)
  func `with one place, a second cold stream gets something once the first is through`(
    first: First
  ) async throws {
    let view = View()
    Self.publish("1", to: view)
    var settings = DiscoverySettings()
    settings.coldStreams = 1
    settings.coldBytes = 0
    settings.coldPatience = first == .stalls ? .milliseconds(20) : .seconds(600)
    try await withService(views: Latest(view), settings: settings) { transport, events in
      try await withGRPCClient(transport: transport) { client in
        try await withThrowingDiscardingTaskGroup { group in
          group.addTask {
            try await Self.starts("n1", over: client) {
              await events.wait {
                $0 == (first == .stalls ? Self.told("n2") : Self.connected("n2"))
              }
              return first == .settles
            }
          }
          await events.wait { $0 == Self.told("n1") }
          group.addTask { try await Self.starts("n2", over: client) { true } }
        }
      }
      let order = events.all.filter {
        [
          Self.told("n2"), .settled(nodeID: "n1", generation: 1), .disconnected(nodeID: "n1"),
        ].contains($0)
      }
      switch first {
      case .settles: #expect(order.first == .settled(nodeID: "n1", generation: 1))
      case .goes: #expect(order.first == .disconnected(nodeID: "n1"))
      case .stalls: #expect(order.first == Self.told("n2"))
      }
      #expect(order.contains(Self.told("n2")))
    }
  }

  @Test func `with one place, very many changes go to one follower after the other`() async throws {
    let view = View()
    Self.publish("1", to: view)
    var settings = DiscoverySettings()
    settings.coldStreams = 1
    settings.coldChanges = 3
    try await withService(views: Latest(view), settings: settings) { transport, events in
      try await withGRPCClient(transport: transport) { client in
        try await withThrowingDiscardingTaskGroup { group in
          for node in ["n1", "n2", "by name"] {
            group.addTask {
              try await Self.follows(node, over: client, names: node == "by name" ? ["web"] : ["*"])
              {
                // Nobody waits behind who has only the names that it asked for.
                guard node != "by name" else { return }
                await events.wait { $0 == Self.told("by name", 2) }
              }
            }
          }
          for node in ["n1", "n2", "by name"] {
            await events.wait { $0 == .settled(nodeID: node, generation: 1) }
          }
          view.publish(
            upserts: (["web"] + (0..<10).map(String.init)).map {
              Resource(name: ResourceName(.routes, $0), version: "2", body: [2])
            }, removals: [], generation: 2)
        }
      }
      let order = events.all.compactMap { event -> String? in
        switch event {
        case .told(let node, 2) where node != "by name": "told \(node)"
        case .settled(let node, 2) where node != "by name": "settled \(node)"
        default: nil
        }
      }
      let first = order.first == "told n1" ? ["n1", "n2"] : ["n2", "n1"]
      #expect(order == first.flatMap { ["told \($0)", "settled \($0)"] })
    }
  }

  /// Acknowledges everything and ends with generation 2; before that, once it was told, it goes
  /// through `pause`.
  private static func follows(
    _ node: String, over client: GRPCClient<InProcessTransport.Client>, names: [String],
    pause: @escaping @Sendable () async -> Void
  ) async throws {
    let (nonces, nonce) = AsyncStream.makeStream(of: String.self)
    try await Client(wrapping: client).deltaAggregatedResources { writer in
      try await writer.write(Self.request(.routes, names, node: node))
      for await nonce in nonces { try await writer.write(Self.request(.routes, nonce: nonce)) }
    } onResponse: { response in
      for try await message in response.messages {
        let isLast = message.resources.contains { $0.version == "2" }
        if isLast { await pause() }
        nonce.yield(message.nonce)
        if isLast { nonce.finish() }
      }
    }
  }

  private static func told(_ node: String, _ generation: Int64 = 1) -> DeliveryEvent {
    .told(nodeID: node, generation: generation)
  }

  private static func connected(_ node: String) -> DeliveryEvent {
    .connected(nodeID: node, userAgent: " ")
  }

  @Test func `places in the cold stage go to who waits longest`() async {
    let stage = ColdStage(places: 1)
    let (turns, turn) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let (others, other) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let first = stage.enter(telling: other)
    let second = stage.enter(telling: other)
    let third = stage.enter(telling: turn)
    #expect(stage.isInside(first) && stage.isWaiting(second) && stage.isWaiting(third))
    stage.leave(second)
    stage.leave(first)
    stage.leave(first)
    #expect(stage.isInside(third) && !stage.isInside(first))
    for await _ in turns { break }
    withExtendedLifetime(others) {}
  }

  @Test func `a refused node gets the reason`() async throws {
    let refusal = RPCError(code: .permissionDenied, message: "not yours")
    try await withService(views: Latest(View()), refusing: refusal) { transport, events in
      try await withGRPCClient(transport: transport) { client in
        let error = await #expect(throws: RPCError.self) {
          try await Client(wrapping: client).deltaAggregatedResources { writer in
            try await writer.write(Self.request(.cluster, node: "n1"))
          } onResponse: { response in
            for try await _ in response.messages {}
          }
        }
        #expect(error?.code == .permissionDenied && error?.message == "not yours")
      }
      #expect(events.all.isEmpty)
    }
  }
}
