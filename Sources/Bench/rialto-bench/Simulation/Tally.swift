import DeltaXDS
import Synchronization

/// What simulated proxies were sent since the last mark.
final class Tally: Sendable {
  struct Counts: Sendable {
    var responses = 0
    var bytes = 0
    var faults = Ledger.Faults()
    /// How often a proxy was asked for the list of what it has.
    var lists = 0
    /// How often a proxy refused something.
    var refusals = 0
    /// The proxies that were sent something, and when each acknowledged the last of it.
    var told: [Int: ContinuousClock.Instant] = [:]
    /// When each proxy acknowledged the response with one of the watched resources.
    var acknowledged: [Int: ContinuousClock.Instant] = [:]
    var lastBytes: [ResourceType: Int] = [:]
    /// From the beginning of a timed change to each proxy's acknowledgement of it.
    var delays = Samples()
  }

  private struct State {
    var counts = Counts()
    var watched: Set<Int> = []
    /// What is timed: the subject of each number, and when its newest change began.
    var subjects: [Int: Int] = [:]
    var begun: [Int: ContinuousClock.Instant] = [:]
  }

  private let state = Mutex(State())

  var counts: Counts { state.withLock { $0.counts } }

  /// Begins anew; from now on the resources of these numbers are watched.
  func mark(watching numbers: Set<Int> = []) {
    state.withLock { $0 = State(watched: numbers) }
  }

  /// From now on the resources of these numbers are timed, by subject.
  func time(_ numbers: [[Int]]) {
    state.withLock { state in
      for (subject, numbers) in numbers.enumerated() {
        for number in numbers { state.subjects[number] = subject }
      }
    }
  }

  /// A subject changes now.
  func begin(_ subject: Int) {
    let now = ContinuousClock.now
    state.withLock { $0.begun[subject] = now }
  }

  /// The agent has something else than a proxy that came back.
  func noteList() { state.withLock { $0.counts.lists += 1 } }

  func noteRefusal() { state.withLock { $0.counts.refusals += 1 } }

  /// A proxy has acknowledged a response.
  func note(
    _ proxy: Int, _ response: RawResponse, _ numbers: some Sequence<Int>,
    _ faults: Ledger.Faults, at now: ContinuousClock.Instant
  ) {
    state.withLock { state in
      state.counts.responses += 1
      state.counts.bytes += response.bytes.count
      state.counts.lastBytes[ResourceType(response.typeURL)] = response.bytes.count
      state.counts.faults += faults
      state.counts.told[proxy] = now
      if !state.subjects.isEmpty {
        for number in numbers {
          guard let subject = state.subjects[number], let begun = state.begun[subject] else {
            continue
          }
          state.counts.delays.add(max(.zero, now - begun))
        }
      }
      guard !state.watched.isEmpty, state.counts.acknowledged[proxy] == nil,
        numbers.contains(where: state.watched.contains)
      else { return }
      state.counts.acknowledged[proxy] = now
    }
  }
}
