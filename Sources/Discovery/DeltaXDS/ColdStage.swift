private import DequeModule
private import Synchronization

/// Lets so many streams at a time get what is large, a view for the first time or most of one anew;
/// the others wait for their turn, first come, first served: with all at once nobody would have
/// everything before the last, and each would need the memory for it meanwhile.
final class ColdStage: Sendable {
  struct Ticket: Hashable, Sendable {
    fileprivate let number: Int
  }

  private struct State {
    var inside: Set<Ticket> = []
    var waiting: [Ticket: AsyncStream<Void>.Continuation] = [:]
    /// Of those that wait, and of some that went.
    var order: Deque<Ticket> = []
    var lastNumber = 0
  }

  private let places: Int
  private let state = Mutex(State())

  init(places: Int) { self.places = places }

  /// Takes a place, or waits for one; then `turn` is told when it is there.
  func enter(telling turn: AsyncStream<Void>.Continuation) -> Ticket {
    state.withLock { state in
      state.lastNumber += 1
      let ticket = Ticket(number: state.lastNumber)
      if state.inside.count < places {
        state.inside.insert(ticket)
      } else {
        state.waiting[ticket] = turn
        state.order.append(ticket)
      }
      return ticket
    }
  }

  func isInside(_ ticket: Ticket) -> Bool { state.withLock { $0.inside.contains(ticket) } }

  func isWaiting(_ ticket: Ticket) -> Bool {
    state.withLock { $0.waiting[ticket] != nil }
  }

  /// Gives back the place or the turn; doing so twice does no harm.
  func leave(_ ticket: Ticket) {
    let next = state.withLock { state -> AsyncStream<Void>.Continuation? in
      guard state.inside.remove(ticket) != nil else {
        state.waiting[ticket] = nil
        return nil
      }
      while let next = state.order.popFirst() {
        guard let turn = state.waiting.removeValue(forKey: next) else { continue }
        state.inside.insert(next)
        return turn
      }
      return nil
    }
    next?.yield()
  }
}
