import Allocation
import AsyncAlgorithms
import BlueprintCoding
import FleetProtos
import GRPCCore
import Identity
import Model
import Publication
import SecureTransport
import Storage
import Streams
import SwiftProtobuf

/// The stream of a cluster's agent. One task listens, one loop writes; they meet in `Heard`.
struct FleetService: Rialto_Fleet_V1_Fleet.SimpleServiceProtocol {
  let server: FleetServer

  func connect(
    request: RPCAsyncSequence<Rialto_Fleet_V1_AgentMessage, any Error>,
    response: RPCWriter<Rialto_Fleet_V1_ServerMessage>, context: ServerContext
  ) async throws {
    let address = String(context.remotePeer.prefix(60))
    guard let (cluster, peer) = server.agent(of: try peer(of: context)) else {
      throw await server.refuse(
        .permissionDenied, "stream.refused", actor: address, subject: "",
        "streams are for agents that have joined")
    }
    if let reason = try await server.objection(to: peer, asAgentOf: cluster) {
      throw await server.refuse(
        .permissionDenied, "stream.refused", actor: peer.id.text, subject: cluster, reason)
    }
    let heard = Latest(Heard())
    let end: @Sendable () -> Void = { heard.update { $0.isOver = true } }
    let claim = server.streams.claim(cluster: cluster, serial: peer.serial, close: end)
    guard case .granted(let id) = claim else {
      throw await refuseSecond(claim, cluster, peer, from: address)
    }
    defer { server.streams.release(cluster: cluster, id: id) }
    do {
      // Not ended by the cancellation of the call, which comes together with what the agent said
      // last and with why it is gone: the listener hears both.
      try await serve(request, response, cluster, heard)
    } catch let violation as Violation {
      throw await server.refuse(
        .invalidArgument, "stream.refused", actor: peer.id.text, subject: cluster,
        violation.description)
    } catch let error as RPCError where error.code == .unavailable || error.code == .cancelled {
      // This is how a peer that went away shows up.
    } catch let error as RPCError {
      // What it sent is too large, or no message.
      throw await server.refuse(
        error.code, "stream.refused", actor: peer.id.text, subject: cluster, error.message)
    }
  }

  private func refuseSecond(
    _ claim: StreamRegistry.Claim, _ cluster: String, _ peer: VerifiedPeer, from address: String
  ) async -> RPCError {
    let message = "another agent of cluster \(cluster) is connected"
    guard case .taken(let holder, isNews: true) = claim else {
      return RPCError(code: .alreadyExists, message: message)
    }
    return await server.refuse(
      .alreadyExists, "agent.duplicate", actor: peer.id.text, subject: cluster,
      "certificate \(peer.serial) from \(address), while \(holder) is connected",
      telling: message)
  }

  private func serve(
    _ request: RPCAsyncSequence<Rialto_Fleet_V1_AgentMessage, any Error>,
    _ response: RPCWriter<Rialto_Fleet_V1_ServerMessage>, _ cluster: String, _ heard: Latest<Heard>
  ) async throws {
    let server = server
    defer {
      if heard.current.greeting != nil { server.publication.disconnected(cluster: cluster) }
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { heard.update { $0.isOver = true } }
        var listener = AgentListener(server: server, cluster: cluster, heard: heard)
        try await listener.listen(to: request)
      }
      do { try await write(to: response, cluster, heard) } catch is BrokenStream {
        // Nothing more comes in either, and the listener learns why.
        try await group.next()
      }
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
  }

  private enum Event: Sendable {
    case heard(Heard)
    case generation
    case request(AgentRequest)
  }

  /// Ends when the stream is over, for whichever reason.
  private func write(
    to stream: RPCWriter<Rialto_Fleet_V1_ServerMessage>, _ cluster: String,
    _ heard: Latest<Heard>
  ) async throws {
    let response = Outgoing(stream: stream)
    let feed = server.publication.feed(of: cluster)
    let requests = server.publication.requests(of: cluster)
    let events = merge(
      heard.values().map { Event.heard($0) },
      feed.generation.values().map { _ in Event.generation },
      requests.map { Event.request($0) })
    var sender: DeltaSender?
    var early: [AgentRequest] = []
    for await event in events {
      switch event {
      case .heard(let heard):
        if heard.isOver { return }
        guard let greeting = heard.greeting else { continue }
        if sender == nil {
          sender = DeltaSender(
            epoch: server.store.epoch, heldEpoch: greeting.epoch, held: greeting.held)
          try await response.write(try await welcome(cluster))
          for request in early { try await response.write(Rialto_Fleet_V1_ServerMessage(request)) }
          early = []
        }
        if let sender, heard.acknowledged > sender.newest {
          throw Violation("generation \(heard.acknowledged) was never sent, but is acknowledged")
        }
        if sender?.acknowledged(generation: heard.acknowledged) == true {
          server.publication.acknowledged(cluster: cluster, generation: heard.acknowledged)
        }
      case .generation: break
      case .request(let request):
        guard sender != nil else {
          // The broker's queue is bounded, and so is this one.
          if early.count < 64 { early.append(request) }
          continue
        }
        try await response.write(Rialto_Fleet_V1_ServerMessage(request))
        continue
      }
      switch sender?.next(from: feed) {
      case .send(let delta)?:
        if delta.full, sender?.agentHasSomething == true {
          server.sentEverythingAgain(to: cluster)
        }
        for part in sender?.parts(of: delta) ?? [] { try await response.write(part) }
        FreePages.ofProcess.note(handled: delta.upserts.reduce(0) { $0 + $1.bytes.count })
        server.publication.sent(cluster: cluster, generation: delta.generation)
      case .complete(let generation)?:
        server.publication.acknowledged(cluster: cluster, generation: generation)
      case .wait?, nil: break
      }
    }
  }

  private func welcome(_ cluster: String) async throws -> Rialto_Fleet_V1_ServerMessage {
    let trustDomain = try await server.trustDomain(of: server.ref(of: cluster)) ?? ""
    return .with {
      $0.welcome = .with {
        $0.epoch = server.store.epoch
        $0.organization = server.identity.organization
        $0.trustDomain = trustDomain
        $0.version = server.version
      }
    }
  }
}

/// The writing half of a stream.
private struct Outgoing {
  let stream: RPCWriter<Rialto_Fleet_V1_ServerMessage>

  /// - Throws: `BrokenStream`, whatever the transport says.
  func write(_ message: Rialto_Fleet_V1_ServerMessage) async throws {
    do { try await stream.write(message) } catch { throw BrokenStream() }
  }
}

private struct BrokenStream: Error {}

extension Rialto_Fleet_V1_ServerMessage {
  fileprivate init(_ request: AgentRequest) {
    switch request {
    case .inspect(let id, let nodeID):
      self = .with {
        $0.inspect = .with {
          $0.id = id
          $0.nodeID = nodeID
        }
      }
    case .mintToken(let id, let wanted):
      self = .with {
        $0.token = .with {
          $0.id = id
          $0.namespace = wanted.namespace
          $0.service = wanted.service
          $0.serviceAccount = wanted.serviceAccount
          $0.role = wanted.role
          $0.labels = wanted.labels
        }
      }
    }
  }
}
