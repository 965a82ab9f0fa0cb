import ClusterAgent
import DeltaXDS
import DiscoveryProtos
import Documents
import FleetProtos
import GRPCCore
import GRPCProtobuf
import Identity
import ProxySupervisor
import SwiftProtobuf
import Synchronization

/// A proxy without an Envoy: it joins, registers and follows the agent over real connections, and
/// checks and acknowledges what it is sent.
final class SimulatedProxy: Sendable {
  let index: Int
  private let identity: ProxyIdentity
  private let key: PrivateKey
  private let agent: AgentAddress
  private let address: String
  private let ports: [Int]
  /// How long it thinks before each acknowledgement.
  private let delay: Duration
  /// What it refuses: changes of routes with this in their names.
  private let refuses: String?
  private let catalogue: Catalogue
  private let tally: Tally
  private let ledger = Mutex(Ledger())
  private let connected = Mutex(false)
  /// The types about which the agent has said something on the present stream.
  private let answered = Mutex<Set<ResourceType>>([])

  init(
    index: Int, identity: ProxyIdentity, key: PrivateKey, agent: AgentAddress, address: String,
    ports: [Int], delay: Duration, refuses: String?, catalogue: Catalogue, tally: Tally
  ) {
    self.index = index
    self.identity = identity
    self.key = key
    self.agent = agent
    self.address = address
    self.ports = ports
    self.delay = delay
    self.refuses = refuses
    self.catalogue = catalogue
    self.tally = tally
  }

  /// How many resources it has.
  var count: Int { ledger.withLock { $0.count } }

  /// What it has, in short: alike for all that have the same.
  var digests: [ResourceType: ContentDigest] { ledger.withLock { $0.digests } }

  /// Whether it has all of these.
  func has(_ numbers: [Int]) -> Bool {
    ledger.withLock { ledger in numbers.allSatisfy { ledger.version($0) != 0 } }
  }

  /// Whether a stream is open.
  var isConnected: Bool { connected.withLock { $0 } }

  /// Whether the agent has answered every subscription of the present stream.
  var isAnswered: Bool {
    isConnected && answered.withLock { $0.count >= ResourceType.all.count }
  }

  /// Forgets everything, as a proxy does that lost its disk.
  func forget() { ledger.withLock { $0 = Ledger() } }

  /// Registers and follows until the task is cancelled.
  func run() async throws {
    try await withGRPCClient(transport: try identity.transport(to: agent, key: key)) { client in
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await self.register(client) }
        group.addTask { try await self.follow(client) }
        try await group.next()
        group.cancelAll()
      }
    }
  }

  private var options: CallOptions {
    var options = CallOptions.defaults
    options.waitForReady = true
    return options
  }

  private func register(_ client: GRPCClient<some ClientTransport>) async throws {
    var registration = identity.registration(at: address, port: 0, version: "bench")
    registration.ports = ports.map { port in
      .with {
        $0.number = Int32(truncatingIfNeeded: port)
        $0.name = "http"
        $0.protocol = "http"
      }
    }
    registration.capture = identity.role == "sidecar" ? .redirect : .none
    let (hold, end) = AsyncStream.makeStream(of: Void.self)
    defer { end.finish() }
    try await Rialto_Workload_V1_Registry.Client(wrapping: client).register(
      request: StreamingClientRequest { [registration] writer in
        try await writer.write(.with { $0.registration = registration })
        for await _ in hold {}
      }, options: options
    ) { response in
      for try await _ in response.messages {}
    }
  }

  private func follow(_ client: GRPCClient<some ClientTransport>) async throws {
    let (answers, answer) = AsyncStream.makeStream(of: DeltaDiscoveryRequest.self)
    let opening = opening()
    answered.withLock { $0 = [] }
    defer { connected.withLock { $0 = false } }
    defer { answer.finish() }
    try await client.discover(opening, then: answers, each: delay) { response in
      self.connected.withLock { $0 = true }
      try self.take(response, answer)
    }
  }

  private func take(
    _ response: RawResponse, _ answer: AsyncStream<DeltaDiscoveryRequest>.Continuation
  ) throws {
    let type = ResourceType(response.typeURL)
    if response.removals == [ContentDigest.reservedName] {
      answered.withLock { _ = $0.insert(type) }
      tally.noteList()
      answer.yield(
        .with {
          $0.typeURL = response.typeURL
          $0.responseNonce = response.nonce
          $0.initialResourceVersions = list(of: type)
        })
      return
    }
    let entries = try catalogue.entries(of: response)
    let removals = response.removals.map { catalogue.number(of: ResourceName(type, $0)) }
    answered.withLock { _ = $0.insert(type) }
    let referrers = type == .cluster ? catalogue.referrers(of: removals) : []
    let refusals = refusals(among: entries, of: type)
    let refused = Set(refusals.keys)
    let faults = ledger.withLock {
      $0.take(
        refused.isEmpty ? entries : entries.filter { !refused.contains($0.number) }, of: type,
        removing: removals, leftBy: referrers)
    }
    answer.yield(
      .with {
        $0.typeURL = response.typeURL
        $0.responseNonce = response.nonce
        if !refusals.isEmpty { $0.errorDetail = .rejection(of: Array(refusals.values)) }
      })
    if !refusals.isEmpty { tally.noteRefusal() }
    tally.note(
      index, response, entries.lazy.map(\.number), faults, at: ContinuousClock.now)
  }

  /// What it will not have of a response, by number.
  private func refusals(
    among entries: [Catalogue.Entry], of type: ResourceType
  ) -> [Int: RejectedByEnvoy] {
    guard let refuses, type == .routes else { return [:] }
    return entries.reduce(into: [:]) { refusals, entry in
      let name = catalogue.name(entry.number)
      let held = ledger.withLock { $0.version(entry.number) }
      guard name.name.contains(refuses), held != 0, held != entry.version else { return }
      refusals[entry.number] = RejectedByEnvoy(
        name: name, version: StableHash(value: entry.version).shortText,
        reason: "refused on purpose")
    }
  }

  /// A wildcard subscription of every type, with the digest of what is there already.
  private func opening() -> [DeltaDiscoveryRequest] {
    let digests = ledger.withLock { $0.digests }
    return ResourceType.all.enumerated().map { index, type in
      .with { request in
        if index == 0 { request.node.id = identity.nodeID }
        request.typeURL = type.url
        request.resourceNamesSubscribe = ["*"]
        if let digest = digests[type] {
          request.initialResourceVersions = [ContentDigest.reservedName: digest.text]
        }
      }
    }
  }

  /// Everything of a type that is there, for an agent that has something else.
  private func list(of type: ResourceType) -> [String: String] {
    let ledger = ledger.withLock { $0 }
    var held: [String: String] = [:]
    for number in ledger.versions.indices where ledger.versions[number] != 0 {
      let name = catalogue.name(number)
      guard name.type == type else { continue }
      held[name.name] = StableHash(value: ledger.versions[number]).shortText
    }
    return held
  }
}
