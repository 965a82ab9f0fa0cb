private import Synchronization

/// Something that only the agent of a cluster can answer.
package enum AgentRequest: Hashable, Sendable {
  /// The configuration of one proxy.
  case inspect(id: Int64, nodeID: String)
  case mintToken(id: Int64, WorkloadTokenRequest)
}

/// Which workload a token is to admit.
package struct WorkloadTokenRequest: Hashable, Sendable {
  package var namespace: String
  package var service: String
  package var serviceAccount: String
  package var role: String
  package var labels: [String: String]

  package init(
    namespace: String, service: String, serviceAccount: String, role: String,
    labels: [String: String] = [:]
  ) {
    self.namespace = namespace
    self.service = service
    self.serviceAccount = serviceAccount
    self.role = role
    self.labels = labels
  }
}

/// A token that admits one workload, once.
package struct WorkloadToken: Sendable, CustomStringConvertible {
  /// Secret.
  package var text: String
  /// Milliseconds since 1970.
  package var expiresAt: Int64

  package init(text: String, expiresAt: Int64) {
    self.text = text
    self.expiresAt = expiresAt
  }

  package var description: String { "a workload token (redacted)" }
}

package enum AgentAnswer: Sendable {
  /// A JSON document.
  case inspection([UInt8])
  case token(WorkloadToken)
  /// The agent's words.
  case refused(String)
}

package enum AgentRequestError: Error, Hashable {
  /// No agent of that cluster is connected, or it went away before it answered.
  case notConnected(cluster: String)
  /// Too many requests wait for the agent.
  case busy(cluster: String)
  case refused(String)
}

/// Carries requests to the agents that are connected, and their answers back.
final class AgentRequests: Sendable {
  /// How many requests wait for one agent to take them; further ones are refused.
  static let queueLength = 64

  private struct Connection {
    var id: Int64
    var requests: AsyncStream<AgentRequest>.Continuation
  }

  private struct Waiter {
    var cluster: String
    var connection: Int64
    var continuation: CheckedContinuation<AgentAnswer, any Error>
  }

  private struct State {
    var lastID: Int64 = 0
    var connections: [String: Connection] = [:]
    var waiters: [Int64: Waiter] = [:]

    mutating func nextID() -> Int64 {
      lastID += 1
      return lastID
    }

    mutating func removeWaiters(of connection: Int64) -> [Waiter] {
      let lost = waiters.filter { $0.value.connection == connection }
      for id in lost.keys { waiters[id] = nil }
      return Array(lost.values)
    }
  }

  private let state = Mutex(State())

  /// The requests for the agent of `cluster`, from now on; a newer call takes over from an older.
  func requests(of cluster: String) -> AsyncStream<AgentRequest> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: AgentRequest.self, bufferingPolicy: .bufferingOldest(Self.queueLength))
    let (id, older) = state.withLock { state in
      let id = state.nextID()
      let older = state.connections.updateValue(
        Connection(id: id, requests: continuation), forKey: cluster)
      return (id, older?.requests)
    }
    continuation.onTermination = { [weak self] _ in self?.ended(cluster: cluster, connection: id) }
    older?.finish()
    return stream
  }

  private func ended(cluster: String, connection: Int64) {
    let lost = state.withLock { state in
      if state.connections[cluster]?.id == connection { state.connections[cluster] = nil }
      return state.removeWaiters(of: connection)
    }
    for waiter in lost {
      waiter.continuation.resume(throwing: AgentRequestError.notConnected(cluster: cluster))
    }
  }

  /// Ends when the agent answers, goes away, or the caller's task is cancelled.
  func perform(
    cluster: String, _ request: @Sendable (_ id: Int64) -> AgentRequest
  ) async throws -> AgentAnswer {
    let id = state.withLock { $0.nextID() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        if let failure = enqueue(cluster: cluster, id: id, request(id), continuation) {
          continuation.resume(throwing: failure)
        } else if Task.isCancelled {
          // The handler below may have run before there was a waiter.
          cancel(id)
        }
      }
    } onCancel: {
      cancel(id)
    }
  }

  private func enqueue(
    cluster: String, id: Int64, _ request: AgentRequest,
    _ continuation: CheckedContinuation<AgentAnswer, any Error>
  ) -> AgentRequestError? {
    let connection = state.withLock { state -> Connection? in
      guard let connection = state.connections[cluster] else { return nil }
      state.waiters[id] = Waiter(
        cluster: cluster, connection: connection.id, continuation: continuation)
      return connection
    }
    guard let connection else { return .notConnected(cluster: cluster) }
    let failure: AgentRequestError
    switch connection.requests.yield(request) {
    case .enqueued: return nil
    case .dropped: failure = .busy(cluster: cluster)
    case .terminated: failure = .notConnected(cluster: cluster)
    @unknown default: failure = .busy(cluster: cluster)
    }
    // Whoever removes the waiter resumes it: the end of the connection may have been faster.
    return state.withLock { $0.waiters.removeValue(forKey: id) } == nil ? nil : failure
  }

  private func cancel(_ id: Int64) {
    let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
    waiter?.continuation.resume(throwing: CancellationError())
  }

  /// An answer to a request that `cluster` was not asked, or that nobody waits for, is dropped.
  func answered(cluster: String, id: Int64, _ answer: AgentAnswer) {
    let waiter = state.withLock { state -> Waiter? in
      guard let waiter = state.waiters[id], waiter.cluster == cluster else { return nil }
      return state.waiters.removeValue(forKey: id)
    }
    waiter?.continuation.resume(returning: answer)
  }
}
