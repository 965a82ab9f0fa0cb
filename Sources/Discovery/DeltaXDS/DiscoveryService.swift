private import Allocation
private import AsyncAlgorithms
private import DiscoveryProtos
package import GRPCCore
private import GRPCProtobuf
private import Streams

/// Aggregated incremental discovery over gRPC: one `DeltaSession` per stream.
///
/// Memory of a stream is bounded by its session and one response that is being written, as writing
/// suspends on flow control and the view's newest state is read when it is sent. A large view takes
/// long to send, and so does a change of most of it, so few subscribers get one at the same time.
package struct DiscoveryService: RegistrableRPCService {
  private let subscribe: @Sendable (ServerContext, _ nodeID: String) async throws -> Subscription
  private let observe: @Sendable (DeliveryEvent) -> Void
  private let settings: DiscoverySettings
  private let coldStage: ColdStage

  /// - Parameters:
  ///   - subscribe: decides, from the peer's certificate and the node id it claims, what it may
  ///     have; throws an `RPCError` to refuse.
  ///   - observe: called in the order of events of one stream; it must not block.
  package init(
    subscribe: @escaping @Sendable (ServerContext, _ nodeID: String) async throws -> Subscription,
    observe: @escaping @Sendable (DeliveryEvent) -> Void, settings: DiscoverySettings = .init()
  ) {
    self.subscribe = subscribe
    self.observe = observe
    self.settings = settings
    coldStage = ColdStage(places: settings.coldStreams)
  }

  package func registerMethods<Transport: ServerTransport>(
    with router: inout RPCRouter<Transport>
  ) {
    router.registerHandler(
      forMethod: Envoy_Service_Discovery_V3_AggregatedDiscoveryService.Method
        .DeltaAggregatedResources.descriptor,
      deserializer: ProtobufDeserializer<DeltaDiscoveryRequest>(),
      serializer: FrameSerializer()
    ) { request, context in
      StreamingServerResponse { writer in
        try await serve(request.messages, context: context, writer: writer)
        return [:]
      }
    }
  }

  private enum Event: Sendable {
    case request(DeltaDiscoveryRequest)
    /// The view has a new step, or another view takes its place.
    case wake
    case closed
  }

  /// A stream whose subscriber is known.
  private struct Subscriber {
    var session: DeltaSession
    let nodeID: String
    let views: Latest<View>
    var view: View
    var follower: Int
    /// Until what it was for has arrived.
    var ticket: ColdStage.Ticket?
    /// The first requests of a subscriber that has nothing need one place together.
    var wasCold = false
    /// What came while there was no place in the cold stage.
    var waiting: [DeltaDiscoveryRequest] = []
    /// Grows with every request.
    let progress = Latest(0)
  }

  /// In bytes, with its connection; measured with `rialto-bench memory`.
  private static let memoryOfAStream = 300 << 10

  private func serve(
    _ requests: RPCAsyncSequence<DeltaDiscoveryRequest, any Error>, context: ServerContext,
    writer: RPCWriter<ResponseFrame>
  ) async throws {
    let (cancelled, cancel) = AsyncStream.makeStream(
      of: Event.self, bufferingPolicy: .bufferingNewest(1))
    let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    try await withRPCCancellationHandler {
      let events = merge(
        chain(requests.map(Event.request), [Event.closed].async), wakes.map { Event.wake },
        cancelled)
      try await withThrowingTaskGroup(of: Void.self) { group in
        defer { group.cancelAll() }
        var subscriber: Subscriber?
        defer {
          if let subscriber {
            subscriber.view.unfollow(subscriber.follower)
            if let ticket = subscriber.ticket { coldStage.leave(ticket) }
            FreePages.ofProcess.note(handled: Self.memoryOfAStream)
            observe(.disconnected(nodeID: subscriber.nodeID))
          }
        }
        do {
          for try await event in events {
            switch event {
            case .closed:
              return
            case .request(let request):
              if subscriber == nil {
                let new = try await admit(request, context: context, wake: wake)
                group.addTask { for await _ in new.views.values() { wake.yield() } }
                subscriber = new
              }
              guard try hasPlace(for: request, of: &subscriber, wake: wake, in: &group) else {
                continue
              }
              try await answer(request, of: &subscriber, writer: writer)
            case .wake:
              guard mayGoOn(&subscriber, after: nil, wake: wake, in: &group) else { continue }
              try await answerWaiting(&subscriber, writer: writer)
              try await catchUp(&subscriber, wake: wake, writer: writer)
            }
          }
        } catch let error as RPCError where error.code == .unavailable {
          // How a peer that went away shows up.
        }
      }
    } onCancelRPC: {
      cancel.yield(.closed)
    }
  }

  private func admit(
    _ first: DeltaDiscoveryRequest, context: ServerContext, wake: AsyncStream<Void>.Continuation
  ) async throws -> Subscriber {
    guard first.hasNode, !first.node.id.isEmpty, first.node.id.utf8.count <= settings.nameBytes
    else {
      throw RPCError(code: .invalidArgument, message: "the first request names no node")
    }
    let nodeID = first.node.id
    let userAgent = first.node.userAgentName + " " + first.node.userAgentVersion
    let subscription = try await subscribe(context, nodeID)
    let view = subscription.views.current
    // Followed first, so that no step between here and the first look is missed.
    let follower = view.follow(wake)
    observe(.connected(nodeID: nodeID, userAgent: userAgent))
    return Subscriber(
      session: DeltaSession(nodeID: nodeID, view: view, settings: settings), nodeID: nodeID,
      views: subscription.views, view: view, follower: follower)
  }

  /// Whether the request can be answered now. Otherwise it waits for a place in the cold stage, and
  /// with it what comes after it.
  private func hasPlace(
    for request: DeltaDiscoveryRequest, of subscriber: inout Subscriber?,
    wake: AsyncStream<Void>.Continuation, in group: inout ThrowingTaskGroup<Void, any Error>
  ) throws -> Bool {
    guard let known = subscriber else { return false }
    known.progress.update { $0 += 1 }
    if known.waiting.isEmpty {
      if mayGoOn(&subscriber, after: request, wake: wake, in: &group) { return true }
    }
    guard known.waiting.count < settings.types else {
      throw RPCError(code: .resourceExhausted, message: "too many requests before an answer")
    }
    subscriber?.waiting.append(request)
    return false
  }

  /// Whether the stream may go on now, after a request or a change: not if much is to be sent, and
  /// there is no place for that.
  private func mayGoOn(
    _ subscriber: inout Subscriber?, after request: DeltaDiscoveryRequest?,
    wake: AsyncStream<Void>.Continuation, in group: inout ThrowingTaskGroup<Void, any Error>
  ) -> Bool {
    guard let known = subscriber else { return true }
    if let ticket = known.ticket {
      if coldStage.isInside(ticket) { return true }
      if coldStage.isWaiting(ticket) { return false }
    }
    let isCold = !known.wasCold && request.map(known.session.isCold) == true
    if isCold { subscriber?.wasCold = true }
    guard isCold || known.session.isFarBehind(known.views.current) else { return true }
    // Nothing can be done before the step is acknowledged; a place would be taken in vain.
    guard request != nil || known.session.isBetweenSteps else { return false }
    let ticket = enterColdStage(progress: known.progress, wake: wake, in: &group)
    subscriber?.ticket = ticket
    return coldStage.isInside(ticket)
  }

  private func enterColdStage(
    progress: Latest<Int>, wake: AsyncStream<Void>.Continuation,
    in group: inout ThrowingTaskGroup<Void, any Error>
  ) -> ColdStage.Ticket {
    let (turns, turn) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let ticket = coldStage.enter(telling: turn)
    group.addTask {
      for await _ in turns {
        wake.yield()
        // A subscriber that does not get on gives its place to the next, and goes on without.
        while coldStage.isInside(ticket) {
          let seen = progress.current
          try await Task.sleep(for: settings.coldPatience)
          if progress.current == seen { coldStage.leave(ticket) }
        }
        return
      }
    }
    return ticket
  }

  /// Goes on with what waited for the turn of the stream.
  private func answerWaiting(
    _ subscriber: inout Subscriber?, writer: RPCWriter<ResponseFrame>
  ) async throws {
    guard let waiting = subscriber?.waiting, !waiting.isEmpty else { return }
    subscriber?.waiting = []
    for request in waiting { try await answer(request, of: &subscriber, writer: writer) }
  }

  private func answer(
    _ request: DeltaDiscoveryRequest, of subscriber: inout Subscriber?,
    writer: RPCWriter<ResponseFrame>
  ) async throws {
    guard let nodeID = subscriber?.nodeID else { return }
    guard !request.hasNode || request.node.id == nodeID else {
      throw RPCError(code: .permissionDenied, message: "a stream keeps its node id")
    }
    let actions: [DeltaSession.Action]?
    do {
      actions = try subscriber?.session.receive(request)
    } catch {
      throw RPCError(error)
    }
    try await perform(actions ?? [], for: &subscriber, writer: writer)
  }

  private func catchUp(
    _ subscriber: inout Subscriber?, wake: AsyncStream<Void>.Continuation,
    writer: RPCWriter<ResponseFrame>
  ) async throws {
    guard let known = subscriber else { return }
    let view = known.views.current
    if view !== known.view {
      known.view.unfollow(known.follower)
      subscriber?.view = view
      subscriber?.follower = view.follow(wake)
    }
    let actions: [DeltaSession.Action]?
    do {
      actions = try subscriber?.session.follow(view)
    } catch {
      throw RPCError(error)
    }
    try await perform(actions ?? [], for: &subscriber, writer: writer)
  }

  private func perform(
    _ actions: [DeltaSession.Action], for subscriber: inout Subscriber?,
    writer: RPCWriter<ResponseFrame>
  ) async throws {
    for action in actions {
      switch action {
      case .send(let frame):
        try await writer.write(frame)
        FreePages.ofProcess.note(handled: frame.bytes.count)
      case .report(let event): observe(event)
      }
    }
    if let ticket = subscriber?.ticket, subscriber?.session.isSettled == true {
      coldStage.leave(ticket)
      subscriber?.ticket = nil
    }
  }
}

extension RPCError {
  fileprivate init(_ violation: DeltaSession.Violation) {
    switch violation {
    case .fellBehind:
      self.init(code: .aborted, message: "too far behind: come back and say what is held")
    case .tooManyNames, .tooManyTypes, .nameTooLong, .missingType:
      self.init(code: .invalidArgument, message: "refused request: \(violation)")
    }
  }
}

/// Responses are serialized when they are put together.
private struct FrameSerializer: MessageSerializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ frame: ResponseFrame) throws -> Bytes {
    Bytes(frame.bytes)
  }
}
