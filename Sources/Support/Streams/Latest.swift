private import Synchronization

/// Holds one value and lets any number of tasks follow it.
///
/// A follower that falls behind skips to the newest value, so memory use is bounded by the number
/// of followers and never by the number of updates.
package final class Latest<Value: Sendable>: Sendable {
  private struct State {
    var value: Value
    var followers: [Int: AsyncStream<Value>.Continuation] = [:]
    /// Those who look at the value themselves when they are told.
    var wakes: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextFollower = 0
    var isFinished = false

    func tell() {
      for follower in followers.values { follower.yield(value) }
      for wake in wakes.values { wake.yield() }
    }
  }

  private let state: Mutex<State>

  package init(_ value: Value) { state = Mutex(State(value: value)) }

  package var current: Value { state.withLock { $0.value } }

  package func publish(_ value: Value) {
    state.withLock { state in
      state.value = value
      state.tell()
    }
  }

  /// Changes the value under the lock; followers see the result.
  package func update<Result>(_ change: (inout sending Value) -> sending Result) -> sending Result {
    state.withLock { state in
      let result = change(&state.value)
      state.tell()
      return result
    }
  }

  /// The current value, then every newer one that the follower has time for.
  package func values() -> AsyncStream<Value> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: Value.self, bufferingPolicy: .bufferingNewest(1))
    let id = state.withLock { state -> Int? in
      continuation.yield(state.value)
      guard !state.isFinished else { return nil }
      state.nextFollower += 1
      state.followers[state.nextFollower] = continuation
      return state.nextFollower
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      self?.state.withLock { $0.followers[id] = nil }
    }
    return stream
  }

  /// Wakes `continuation` after every change, until `unfollow`.
  package func follow(_ continuation: AsyncStream<Void>.Continuation) -> Int {
    state.withLock { state in
      state.nextFollower += 1
      state.wakes[state.nextFollower] = continuation
      return state.nextFollower
    }
  }

  package func unfollow(_ follower: Int) { state.withLock { $0.wakes[follower] = nil } }

  /// Ends every follower that has `values`, after the values it has been given.
  package func finish() {
    let followers = state.withLock { state in
      state.isFinished = true
      defer { state.followers = [:] }
      return Array(state.followers.values)
    }
    for follower in followers { follower.finish() }
  }
}
