import AgentStore
import ClusterAgent
import FleetProtos
import Foundation
import GRPCCore
import Identity
import SwiftProtobuf
import Synchronization

/// An agent without workloads: it joins, says what its cluster has, and takes and acknowledges what
/// the server sends, over a real stream.
final class SimulatedAgent: Sendable {
  /// A service that its cluster has.
  struct Service: Hashable, Sendable {
    var namespace: String
    var name: String
    var accounts = ["default"]
    var healthy = 1
  }

  /// A proxy that it says is connected.
  struct Sidecar: Hashable, Sendable {
    var nodeID: String
    var namespace: String
    var service: String
  }

  /// What it remembers of an item.
  struct Item: Hashable, Sendable {
    var hash: UInt64
    /// In bytes, as it was sent.
    var size: Int
  }

  struct Progress: Sendable {
    var epoch = ""
    var generation: Int64 = 0
    var digest: UInt64 = 0
    var deltas = 0
    var bytes = 0
    var isWelcome = false
    /// The items that it has, by their hashed keys.
    var items: [Int: Item] = [:]
    /// Some parts of a delta have come, and not the last one.
    fileprivate var isPartial = false
    /// When the newest delta was complete.
    var changed = ContinuousClock.now
  }

  let cluster: String
  private let enrollment: AgentEnrollment
  private let authority: [UInt8]
  private let gateway: Rialto_Fleet_V1_GatewayInstance?
  private let services: Mutex<[Service]>
  private let sidecars: [Sidecar]
  private let progress = Mutex(Progress())
  private let outgoing = Mutex<AsyncStream<Rialto_Fleet_V1_AgentMessage>.Continuation?>(nil)

  /// Redeems a token; `gatewayAddress` is where the others reach the cluster.
  init(
    _ token: JoinToken.Agent, at server: ServerAddress, services: [Service],
    gatewayAddress: String?, sidecars: [Sidecar] = []
  ) async throws {
    let key = PrivateKey()
    let stored = try await AgentEnrollment.join(
      token, at: server, key: key, version: "bench", now: Date())
    enrollment = AgentEnrollment(server: server, key: key, stored: stored)
    cluster = token.cluster
    authority = try CertificateAuthority.cluster(
      trustDomain: token.trustDomain, key: PrivateKey(), now: Date()
    ).certificate
    self.services = Mutex(services)
    self.sidecars = sidecars
    gateway = gatewayAddress.map { address in
      .with {
        $0.nodeID = "gateway"
        $0.role = "east-west"
        $0.namespace = Testbed.namespace
        $0.serviceAccount = "gateway"
        $0.labels = ["app": "east-west"]
        $0.address = address
        $0.port = 15443
        $0.healthy = true
      }
    }
  }

  var current: Progress { progress.withLock { $0 } }

  /// Forgets everything, as an agent does that lost its disk.
  func forget() { progress.withLock { $0 = Progress() } }

  /// Reports services that are new or have changed.
  func report(_ changed: [Service]) {
    services.withLock { services in
      let names = Set(changed.map { [$0.namespace, $0.name] })
      services.removeAll { names.contains([$0.namespace, $0.name]) }
      services += changed
    }
    outgoing.withLock { outgoing in
      _ = outgoing?.yield(.with { $0.inventory = Self.inventory(changed, full: false) })
    }
  }

  /// Reports that services are gone.
  func withdraw(_ gone: [Service]) {
    let names = Set(gone.map { [$0.namespace, $0.name] })
    services.withLock { $0.removeAll { names.contains([$0.namespace, $0.name]) } }
    outgoing.withLock { outgoing in
      _ = outgoing?.yield(
        .with { message in
          message.inventory.removals = gone.map { service in
            .with {
              $0.namespace = service.namespace
              $0.name = service.name
            }
          }
        })
    }
  }

  /// Connects again and again until the task is cancelled.
  func runPatiently() async {
    while !Task.isCancelled {
      try? await run()
      try? await Task.sleep(for: .milliseconds(Int.random(in: 50...250)))
    }
  }

  /// Connects and follows until the task is cancelled or the stream ends.
  func run() async throws {
    progress.withLock { $0.isWelcome = false }
    defer { progress.withLock { $0.isWelcome = false } }
    let (messages, send) = AsyncStream.makeStream(of: Rialto_Fleet_V1_AgentMessage.self)
    outgoing.withLock { $0 = send }
    let held = current
    let hello = Rialto_Fleet_V1_AgentMessage.with { message in
      message.hello = .with {
        $0.cluster = cluster
        $0.version = "bench"
        $0.epoch = held.epoch
        $0.generation = held.generation
        $0.digest = held.digest
        $0.authorities = [Data(authority)]
        $0.schema = 1
      }
    }
    try await withGRPCClient(transport: try enrollment.serverTransport()) { client in
      var options = CallOptions.defaults
      options.waitForReady = true
      options.maxResponseMessageBytes = 16 << 20
      try await Rialto_Fleet_V1_Fleet.Client(wrapping: client).connect(
        options: options,
        requestProducer: { writer in
          try await writer.write(hello)
          for await message in messages { try await writer.write(message) }
        },
        onResponse: { response in
          defer { send.finish() }
          for try await message in response.messages { self.take(message, send) }
        })
    }
  }

  private func take(
    _ message: Rialto_Fleet_V1_ServerMessage,
    _ send: AsyncStream<Rialto_Fleet_V1_AgentMessage>.Continuation
  ) {
    switch message.message {
    case .welcome:
      progress.withLock { $0.isWelcome = true }
      for report in firstReports() { send.yield(report) }
    case .delta(let delta):
      progress.withLock { progress in
        progress.bytes += delta.upserts.reduce(0) { $0 + $1.bytes.count }
        if delta.full, !progress.isPartial { progress.items = [:] }
        progress.isPartial = !delta.last
        for item in delta.upserts {
          let size = (try? item.serializedData().count) ?? 0
          progress.items[item.key.hashValue] = Item(hash: item.hash, size: size)
        }
        for key in delta.removals { progress.items[key.hashValue] = nil }
        guard delta.last else { return }
        progress.epoch = delta.epoch
        progress.generation = delta.generation
        progress.digest = delta.digest
        progress.deltas += 1
        progress.changed = ContinuousClock.now
      }
      guard delta.last else { return }
      send.yield(
        .with { message in
          message.acknowledgement = .with {
            $0.epoch = delta.epoch
            $0.generation = delta.generation
          }
        })
      send.yield(
        .with { message in
          message.propagation = .with {
            $0.epoch = delta.epoch
            $0.generation = delta.generation
            $0.storedUs = 1
            $0.translatedUs = 1
          }
        })
    case .inspect, .token, nil: break
    }
  }

  private func firstReports() -> [Rialto_Fleet_V1_AgentMessage] {
    let services = services.withLock { $0 }
    let size = 1000
    var reports = stride(from: 0, to: max(services.count, 1), by: size).map { start in
      Self.inventory(
        Array(services.dropFirst(start).prefix(size)), full: start == 0)
    }
    if let gateway { reports[0].gateways = .with { $0.items = [gateway] } }
    return reports.map { report in .with { $0.inventory = report } }
      + [.with { $0.proxies = proxies }]
      + [.with { $0.rejections = .with { $0.full = true } }]
  }

  private var proxies: Rialto_Fleet_V1_ProxyStatusDelta {
    .with { delta in
      delta.full = true
      delta.upserts = sidecars.map { sidecar in
        .with {
          $0.nodeID = sidecar.nodeID
          $0.role = "sidecar"
          $0.namespace = sidecar.namespace
          $0.service = sidecar.service
          $0.serviceAccount = "default"
          $0.connected = true
          $0.healthy = true
        }
      }
    }
  }

  private static func inventory(
    _ services: [Service], full: Bool
  ) -> Rialto_Fleet_V1_InventoryDelta {
    .with { delta in
      delta.full = full
      delta.upserts = services.map { service in
        .with {
          $0.key = .with {
            $0.namespace = service.namespace
            $0.name = service.name
          }
          $0.ports = [
            .with {
              $0.number = 8080
              $0.name = "http"
              $0.protocol = "http"
            }
          ]
          $0.serviceAccounts = service.accounts
          $0.workloads = Int32(service.healthy)
          $0.healthyWorkloads = Int32(service.healthy)
        }
      }
    }
  }
}
