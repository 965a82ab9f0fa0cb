private import Allocation
import DiscoveryProtos
import GRPCCore
import Streams

/// One stream of the discovery service: a `DeltaSession`, its view, and its place in the cold stage.
///
/// What the subscriber says and what happens to its view come in two tasks. They take turns: what is
/// to be said because of one is written before the next is looked at. So memory is bounded by the
/// session and one response that is being written.
actor DiscoveryStream {
  /// In bytes, with its connection; measured with `rialto-bench memory`.
  private static let memory = 300 << 10

  private let nodeID: String
  private let settings: DiscoverySettings
  private let coldStage: ColdStage
  private let writer: RPCWriter<ResponseFrame>
  private let observe: @Sendable (DeliveryEvent) -> Void
  private let wake: AsyncStream<Void>.Continuation
  private let place: AsyncStream<ColdStage.Ticket>.Continuation

  private var session: DeltaSession
  private let views: Latest<View>
  private let viewsFollower: Int
  private var view: View
  private var follower: Int

  /// Until what it was for has arrived.
  private var ticket: ColdStage.Ticket?
  /// The one that `attend` was called for.
  private var attended: ColdStage.Ticket?
  /// The first requests of a subscriber that has nothing need one place together.
  private var wasCold = false
  /// What came while there was no place in the cold stage.
  private var waiting: [DeltaDiscoveryRequest] = []
  private var requestCount = 0

  private var isBusy = false
  private var next: CheckedContinuation<Void, Never>?

  /// - Parameters:
  ///   - wake: told when `catchUp` is to be called.
  ///   - place: told for what `attend` is to be called.
  init(
    _ subscription: Subscription, settings: DiscoverySettings, coldStage: ColdStage,
    writer: RPCWriter<ResponseFrame>, observe: @escaping @Sendable (DeliveryEvent) -> Void,
    wake: AsyncStream<Void>.Continuation, place: AsyncStream<ColdStage.Ticket>.Continuation
  ) {
    nodeID = subscription.nodeID
    views = subscription.views
    self.settings = settings
    self.coldStage = coldStage
    self.writer = writer
    self.observe = observe
    self.wake = wake
    self.place = place
    // Followed first, so that nothing between here and the first look is missed.
    viewsFollower = views.follow(wake)
    view = views.current
    follower = view.follow(wake)
    session = DeltaSession(nodeID: nodeID, view: view, settings: settings)
  }

  /// The subscriber asks, acknowledges or refuses.
  func take(_ request: DeltaDiscoveryRequest) async throws {
    await takeTurn()
    defer { endTurn() }
    requestCount += 1
    if try mayAnswer(request) { try await answer(request) }
  }

  /// The view has a new step, another view takes its place, or the stream has its turn in the cold
  /// stage.
  func catchUp() async throws {
    await takeTurn()
    defer { endTurn() }
    guard mayGoOn(after: nil) else { return }
    let requests = waiting
    waiting = []
    for request in requests { try await answer(request) }
    followView()
    try await perform { (session, view) throws(DeltaSession.Violation) in
      try session.follow(view)
    }
  }

  /// A subscriber that does not get on gives its place to the next, and goes on without.
  func attend(to ticket: ColdStage.Ticket) async throws {
    while coldStage.isInside(ticket) {
      let seen = requestCount
      try await Task.sleep(for: settings.coldPatience)
      if requestCount == seen { coldStage.leave(ticket) }
    }
  }

  /// Nothing is called afterwards.
  func end() {
    views.unfollow(viewsFollower)
    view.unfollow(follower)
    if let ticket { coldStage.leave(ticket) }
    FreePages.ofProcess.note(handled: Self.memory)
    observe(.disconnected(nodeID: nodeID))
  }

  // MARK: Turns

  /// At once, or when the other task ends its own.
  private func takeTurn() async {
    guard isBusy else {
      isBusy = true
      return
    }
    await withCheckedContinuation { next = $0 }
  }

  private func endTurn() {
    isBusy = next != nil
    next.take()?.resume()
  }

  // MARK: Answers

  private func answer(_ request: DeltaDiscoveryRequest) async throws {
    guard !request.hasNode || request.node.id == nodeID else {
      throw RPCError(code: .permissionDenied, message: "a stream keeps its node id")
    }
    try await perform { (session, _) throws(DeltaSession.Violation) in
      try session.receive(request)
    }
  }

  private func followView() {
    let current = views.current
    guard current !== view else { return }
    view.unfollow(follower)
    view = current
    follower = current.follow(wake)
  }

  private func perform(
    _ change: (inout DeltaSession, View) throws(DeltaSession.Violation) -> [DeltaSession.Action]
  ) async throws {
    let actions: [DeltaSession.Action]
    do {
      actions = try change(&session, view)
    } catch {
      throw RPCError(error)
    }
    // Whoever keeps account does not wait for a slow subscriber.
    let first = actions.firstIndex { if case .send = $0 { true } else { false } }
    for case .report(let event) in actions[..<(first ?? actions.endIndex)] { observe(event) }
    if let first {
      try await send(actions.compactMap { if case .send(let frame) = $0 { frame } else { nil } })
      for case .report(let event) in actions[first...] { observe(event) }
    }
    if let ticket, session.isSettled {
      coldStage.leave(ticket)
      self.ticket = nil
    }
  }

  /// Together, so that they may share a packet.
  private func send(_ frames: [ResponseFrame]) async throws {
    try await writer.write(contentsOf: frames)
    FreePages.ofProcess.note(handled: frames.reduce(0) { $0 + $1.bytes.count })
  }

  // MARK: The cold stage

  /// Whether the request can be answered now. Otherwise it waits for a place in the cold stage, and
  /// with it what comes after it.
  private func mayAnswer(_ request: DeltaDiscoveryRequest) throws -> Bool {
    if waiting.isEmpty, mayGoOn(after: request) { return true }
    guard waiting.count < settings.types else {
      throw RPCError(code: .resourceExhausted, message: "too many requests before an answer")
    }
    waiting.append(request)
    return false
  }

  /// Whether the stream may go on now, after a request or a change: not if much is to be sent, and
  /// there is no place for that.
  private func mayGoOn(after request: DeltaDiscoveryRequest?) -> Bool {
    if let ticket {
      if coldStage.isWaiting(ticket) { return false }
      if isInside(ticket) { return true }
    }
    let isCold = !wasCold && request.map { session.isCold($0) } == true
    if isCold { wasCold = true }
    guard isCold || session.isFarBehind(views.current) else { return true }
    // Nothing can be done before the step is acknowledged; a place would be taken in vain.
    guard request != nil || session.isBetweenSteps else { return false }
    let ticket = coldStage.enter(telling: wake)
    self.ticket = ticket
    return isInside(ticket)
  }

  private func isInside(_ ticket: ColdStage.Ticket) -> Bool {
    guard coldStage.isInside(ticket) else { return false }
    if attended != ticket {
      attended = ticket
      place.yield(ticket)
    }
    return true
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
