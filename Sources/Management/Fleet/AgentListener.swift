import BlueprintCoding
import Blueprints
import Documents
import FleetProtos
import GRPCCore
import Identity
import Model
import Publication
import Storage
import Streams

/// What the reading half of a stream tells the writing half. Newer says replace older ones, so it is
/// bounded by itself.
struct Heard: Sendable {
  /// What the agent's greeting says it has; nil until it has greeted.
  var greeting: (epoch: String, held: DeltaSender.Position)?
  var acknowledged: Int64 = 0
  var isOver = false
}

/// The reading half of a stream: takes what the agent says, one message after the other, into the
/// store and the publication. It never writes to the stream, so the agent is always heard.
struct AgentListener {
  let server: FleetServer
  let cluster: String
  let heard: Latest<Heard>

  private var isGreeted = false
  /// One cluster must not use up the virtual addresses of all.
  private var services = Reported<ServiceName>("services", limit: 30_000)
  private var proxies = Reported<String>("proxies", limit: 50_000)
  private var rejections = Reported<String>("rejections", limit: 20_000)

  init(server: FleetServer, cluster: String, heard: Latest<Heard>) {
    self.server = server
    self.cluster = cluster
    self.heard = heard
  }

  /// Returns when the agent has nothing more to say. Throws `Violation`.
  mutating func listen(
    to messages: RPCAsyncSequence<Rialto_Fleet_V1_AgentMessage, any Error>
  ) async throws {
    for try await message in messages {
      guard let message = message.message else { throw Violation("an empty message") }
      if case .hello(let hello) = message {
        try await greet(hello)
      } else {
        guard isGreeted else { throw Violation("the first message is no greeting") }
        try await take(message)
      }
    }
  }

  private mutating func greet(_ hello: Rialto_Fleet_V1_Hello) async throws {
    guard !isGreeted else { throw Violation("a second greeting") }
    guard hello.cluster.utf8.elementsEqual(cluster.utf8) else {
      throw Violation("the agent of \(cluster) claims to be another cluster's")
    }
    guard let trustDomain = try await server.trustDomain(of: server.ref(of: cluster)) else {
      throw Violation("the cluster does not exist")
    }
    guard hello.schema >= ItemCoding.schema else {
      throw Violation(
        "the agent reads items up to schema \(hello.schema), this server writes "
          + "\(ItemCoding.schema): update the agent first")
    }
    guard (1...4).contains(hello.authorities.count) else {
      throw Violation("a cluster has one to four authorities")
    }
    let authorities = hello.authorities.map { [UInt8]($0) }
    for authority in authorities {
      if let problem = nameConstraintViolation(ofAuthority: authority, trustDomain: trustDomain) {
        throw Violation(problem)
      }
    }
    guard (0..<Self.largestGeneration).contains(hello.generation), hello.version.utf8.count <= 64,
      hello.epoch.utf8.count <= 64
    else { throw Violation("the greeting is malformed") }
    try await recording {
      try await server.store.recordAuthorities(
        cluster: cluster, of: server.ref(of: cluster), certificates: authorities)
    }
    server.publication.connected(cluster: cluster, version: hello.version)
    isGreeted = true
    let position = DeltaSender.Position(
      generation: hello.generation, digest: StableHash(value: hello.digest))
    heard.update { $0.greeting = (hello.epoch, position) }
  }

  private mutating func take(_ message: Rialto_Fleet_V1_AgentMessage.OneOf_Message) async throws {
    let publication = server.publication
    switch message {
    case .hello: break
    case .acknowledgement(let acknowledgement):
      // What was on its way when the database was restored says nothing about this one.
      guard acknowledgement.epoch == server.store.epoch else { return }
      guard acknowledgement.generation >= 0 else { throw Violation("a generation is negative") }
      heard.update { $0.acknowledged = max($0.acknowledged, acknowledgement.generation) }
    case .inventory(let delta):
      try await record(delta)
    case .proxies(let delta):
      try proxies.take(
        full: delta.full, upserts: delta.upserts.lazy.map(\.nodeID), removals: delta.removals)
      publication.report(
        cluster: cluster, full: delta.full, proxies: try delta.upserts.map { try ProxyState($0) },
        removed: delta.removals)
    case .propagation(let report):
      guard report.epoch == server.store.epoch else { return }
      let known = max(
        publication.feed(of: cluster).generation.current,
        heard.current.greeting?.held.generation ?? 0)
      guard (0...known).contains(report.generation) else {
        throw Violation("a report is about generation \(report.generation), which does not exist")
      }
      publication.report(cluster: cluster, try GenerationProgress(report))
    case .rejections(let delta):
      try rejections.take(
        full: delta.full, upserts: delta.upserts.lazy.map(\.key), removals: delta.removals)
      publication.report(
        cluster: cluster, full: delta.full,
        rejections: try delta.upserts.map { try ItemRejection($0) },
        removed: delta.removals.compactMap { ItemKey(text: $0) })
    case .inspectAnswer(let answer):
      publication.answered(
        cluster: cluster, id: answer.id,
        answer.error.isEmpty
          ? .inspection(try checkedJSON([UInt8](answer.json))) : .refused(shown(answer.error)))
    case .tokenAnswer(let answer):
      publication.answered(
        cluster: cluster, id: answer.id,
        answer.error.isEmpty
          ? .token(WorkloadToken(text: try checked(answer.token), expiresAt: answer.expiresMs))
          : .refused(shown(answer.error)))
    }
  }

  /// Somebody will paste the token into a shell.
  private func checked(_ token: String) throws(Violation) -> String {
    guard case .workload(let content)? = try? JoinToken(text: token),
      content.cluster.utf8.elementsEqual(cluster.utf8)
    else { throw Violation("what it minted is no token for a workload of its cluster") }
    return JoinToken.workload(content).text
  }

  private mutating func record(_ delta: Rialto_Fleet_V1_InventoryDelta) async throws {
    var upserts: [ServiceName: ObservedService] = [:]
    for service in delta.upserts {
      upserts[try ServiceName(service.key)] = try ObservedService(service)
    }
    let removals = try delta.removals.map { try ServiceName($0) }
    try services.take(full: delta.full, upserts: upserts.keys, removals: removals)
    var gateways: [ObservedGateway]?
    if delta.full || delta.hasGateways { gateways = try observed(delta.gateways) }
    let recorded = (upserts: upserts, gateways: gateways)
    try await recording {
      try await server.store.recordServices(
        cluster: cluster, of: server.ref(of: cluster), full: delta.full,
        upserts: recorded.upserts, removals: removals, gateways: recorded.gateways)
    }
  }

  /// The cluster may be deleted while its agent is still talking.
  private func recording(_ write: () async throws -> Void) async throws {
    do { try await write() } catch StoreError.missing {
      throw Violation("the cluster does not exist")
    }
  }

  /// Numbers from here on come from no honest agent.
  private static let largestGeneration: Int64 = 1 << 53
}
