private import DequeModule
private import Synchronization

/// Lets so many streams at a time get a large view for the first time; the others wait for their
/// turn, first come, first served: with all at once nobody would have everything before the last.
final class ColdStage: Sendable {
  struct Ticket: Hashable, Sendable {
    fileprivate let number: Int
  }

  private struct State {
    var inside: Set<Ticket> = []
    var waiting: Deque<(ticket: Ticket, turn: AsyncStream<Void>.Continuation)> = []
    var lastNumber = 0
  }

  private let places: Int
  private let state = Mutex(State())

  init(places: Int) { self.places = places }

  /// Takes a place, or waits for one; `turn` is told when the place is there.
  func enter(telling turn: AsyncStream<Void>.Continuation) -> Ticket {
    state.withLock { state in
      state.lastNumber += 1
      let ticket = Ticket(number: state.lastNumber)
      if state.inside.count < places {
        state.inside.insert(ticket)
        turn.yield()
      } else {
        state.waiting.append((ticket, turn))
      }
      return ticket
    }
  }

  func isInside(_ ticket: Ticket) -> Bool { state.withLock { $0.inside.contains(ticket) } }

  func isWaiting(_ ticket: Ticket) -> Bool {
    state.withLock { $0.waiting.contains { $0.ticket == ticket } }
  }

  /// Gives back the place or the turn; doing so twice does no harm.
  func leave(_ ticket: Ticket) {
    let next = state.withLock { state -> AsyncStream<Void>.Continuation? in
      guard state.inside.remove(ticket) != nil else {
        state.waiting.removeAll { $0.ticket == ticket }
        return nil
      }
      guard let next = state.waiting.popFirst() else { return nil }
      state.inside.insert(next.ticket)
      return next.turn
    }
    next?.yield()
  }
}
