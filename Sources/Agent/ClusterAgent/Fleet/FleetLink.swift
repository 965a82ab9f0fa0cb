import AgentStore
import Allocation
import BlueprintCoding
import Documents
import FleetProtos
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import Logging
import SecureTransport
import Streams
import SwiftProtobuf

/// The agent's stream to the server: opened again for as long as the agent runs, with what it has.
/// Nothing in the site waits for it.
struct FleetLink: Sendable {
  let site: Site
  let enrollment: AgentEnrollment
  let version: String
  let logger: Logger
  let mint: @Sendable (Rialto_Fleet_V1_TokenRequest) async -> Rialto_Fleet_V1_TokenAnswer

  /// Between two attempts, in seconds; the first is immediate.
  static let longestPause = 2.0

  /// Follows the server until the task is cancelled.
  func run() async throws {
    var failures = 0
    var asksForEverything = false
    while !Task.isCancelled {
      do {
        try await follow(asksForEverything: asksForEverything)
        failures = 0
        asksForEverything = false
      } catch is CancellationError {
        return
      } catch let violation as DeltaAssembly.Violation {
        // What we have does not lead to what the server has: begin again from nothing.
        asksForEverything = true
        failures += 1
        logger.error("the server's delta is refused", metadata: ["reason": "\(violation)"])
      } catch {
        failures += 1
        // Every attempt of a long outage would fill the log.
        if failures.nonzeroBitCount == 1 {
          logger.warning(
            "the server is away",
            metadata: [
              "attempts": "\(failures)", "reason": "\(error)",
            ])
        }
      }
      site.counters.set(\.isConnected, to: 0)
      let longest = min(Self.longestPause, 0.1 * Double(1 << min(failures, 6)))
      try await site.clock.sleep(longest * Double.random(in: 0.5...1))
    }
  }

  /// One stream, from Hello to its end.
  private func follow(asksForEverything: Bool) async throws {
    let transport = try enrollment.serverTransport { refusal in
      logger.error("the server's certificate is refused", metadata: ["reason": "\(refusal)"])
    }
    let items = try await site.store.items()
    let position = try await site.store.position()
    let hashes = Dictionary(
      items.map { ($0.item.key, $0.item.hash) }, uniquingKeysWith: { first, _ in first })
    // From what is really there, not from what was once computed.
    let digest = hashes.reduce(ItemCoding.emptyDigest) {
      $0 ^ ItemCoding.contribution(key: $1.key, hash: $1.value)
    }
    let hello = Rialto_Fleet_V1_Hello.with { hello in
      hello.cluster = site.identity.cluster
      hello.version = version
      hello.authorities = site.identity.authorities.map { .init($0) }
      hello.schema = ItemCoding.schema
      hello.epoch = asksForEverything ? "" : position.epoch
      hello.generation = asksForEverything ? 0 : position.generation
      hello.digest = asksForEverything ? 0 : digest.value
    }
    let held = Position(epoch: position.epoch, generation: position.generation, digest: digest)
    let replies = Replies()
    try await withGRPCClient(transport: transport) { client in
      let fleet = Rialto_Fleet_V1_Fleet.Client(wrapping: client)
      var options = CallOptions.defaults
      options.maxResponseMessageBytes = 16 << 20
      // A server that is away ends the attempt, so that the pause is ours.
      options.waitForReady = false
      try await fleet.connect(
        options: options,
        requestProducer: { writer in
          try await writer.write(.with { $0.hello = hello })
          try await send(replies, to: writer)
        },
        onResponse: { response in
          defer { replies.finish() }
          try await receive(response.messages, hashes: hashes, position: held, replies: replies)
        })
    }
  }

  /// The only writer after Hello: answers first, then whatever changed while the last write ran.
  private func send(_ replies: Replies, to writer: RPCWriter<UpMessage>) async throws {
    for await _ in replies.signals(with: site.news) {
      guard let pending = replies.take() else { return }
      for message in pending.messages { try await writer.write(message) }
      guard pending.isWelcome else { continue }
      let reports = pending.isFirst ? site.fullReports() : site.takeReports()
      for message in reports { try await writer.write(message) }
    }
  }

  private func receive(
    _ messages: RPCAsyncSequence<Rialto_Fleet_V1_ServerMessage, any Error>,
    hashes: [String: StableHash], position: Position, replies: Replies
  ) async throws {
    var assembly: DeltaAssembly?
    for try await message in messages {
      switch message.message {
      case .welcome(let welcome):
        guard assembly == nil else { continue }
        try check(welcome)
        assembly = DeltaAssembly(hashes: hashes, position: position, epoch: welcome.epoch)
        site.counters.add(\.serverConnections)
        site.counters.set(\.isConnected, to: 1)
        logger.info(
          "connected to the server",
          metadata: [
            "epoch": "\(welcome.epoch)", "generation": "\(position.generation)",
            "server": "\(welcome.version)",
          ])
        replies.welcome()
      case .delta(let part):
        guard let delta = try assembly?.take(part, at: site.clock.microseconds()) else { continue }
        try await site.take(delta)
        // To compile it took several times its size for a while.
        FreePages.ofProcess.note(handled: 8 * delta.upserts.reduce(0) { $0 + $1.bytes.count })
        replies.acknowledge(epoch: delta.epoch, generation: delta.generation)
      case .inspect(let request):
        replies.add(.with { $0.inspectAnswer = answer(request) })
      case .token(let request):
        let answer = await mint(request)
        replies.add(.with { $0.tokenAnswer = answer })
      case nil: continue
      }
    }
  }

  private func check(_ welcome: Rialto_Fleet_V1_Welcome) throws {
    guard welcome.organization == site.identity.organization,
      welcome.trustDomain == site.identity.trustDomain
    else {
      throw RPCError(
        code: .failedPrecondition,
        message: "the server takes this agent for one of \(welcome.organization), "
          + "\(welcome.trustDomain)")
    }
  }

  private func answer(_ request: Rialto_Fleet_V1_InspectRequest) -> Rialto_Fleet_V1_InspectAnswer {
    .with { answer in
      answer.id = request.id
      if let document = site.inspection(of: request.nodeID) {
        answer.json = .init(document.canonicalJSON)
      } else {
        answer.error = "no proxy \(request.nodeID) is registered here"
      }
    }
  }
}
