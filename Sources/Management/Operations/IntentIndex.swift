import Model
import Storage
import Synchronization

/// Every object as the model sees it, kept in step with the store inside its transactions, so that
/// a check costs what the change costs and not what the mesh costs.
///
/// Transactions of the store do not overlap; the lock only shows the compiler that.
final class IntentIndex: Sendable {
  private struct State {
    var head: StoreView.Head
    var objects: CurrentObjects
  }

  private let state = Mutex<State?>(nil)

  /// Runs `body` with what is true inside the transaction of `view`.
  func withCurrent<Result: Sendable>(
    _ view: borrowing StoreView, _ body: (CurrentObjects) throws -> Result
  ) throws -> Result {
    try state.withLock { state in
      let head = try view.head()
      var current: State
      // Taken out, so that it is changed in place and not copied.
      if let known = state?.head, try known == head || view.contains(known),
        let taken = state.take()
      {
        current = taken
        if head != current.head {
          for (ref, object) in try view.objects(after: current.head.revision) {
            current.objects.set(object, at: ref)
          }
        }
      } else {
        current = State(head: head, objects: CurrentObjects())
        for object in try view.objects() { current.objects.set(object, at: object.ref) }
      }
      current.head = head
      state = current
      return try body(current.objects)
    }
  }

  /// Takes over what has just been written in the transaction of `withCurrent`, so that the next
  /// write need not read it. Should the transaction fail, no history contains `head`.
  func note(_ committed: Committed, _ head: StoreView.Head) {
    state.withLock { state in
      guard state?.head != head, var current = state.take() else { return }
      for result in committed.results where result.outcome != .unchanged {
        current.objects.set(result.object, at: result.ref)
      }
      current.head = head
      state = current
    }
  }
}
