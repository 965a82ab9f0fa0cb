private import CAllocation
private import Synchronization

/// Gives memory back after a storm. The allocator keeps what was freed between two blocks that are
/// still in use: after a thousand proxies came at once that was more than half of the process, and no
/// setting of its own lets go of it.
package final class FreePages: Sendable {
  /// Those of this process.
  package static let ofProcess = FreePages { _ = rialto_return_free_pages() }

  /// So much has to go through the process before it is worth a walk through its heap.
  private static let worthwhile = 16 << 20
  /// A storm is over when so little went through the process for as long as a pause.
  private static let quiet = 1 << 20
  /// So often a pause may be too short; then pages are returned in the middle of the storm.
  private static let patience = 10

  private struct State {
    var handled = 0
    var isWaiting = false
  }

  private let pause: Duration
  private let returnPages: @Sendable () -> Void
  private let state = Mutex(State())

  package init(pause: Duration = .seconds(1), returnPages: @escaping @Sendable () -> Void) {
    self.pause = pause
    self.returnPages = returnPages
  }

  /// Says that so many bytes were needed for somebody, and are not any more.
  package func note(handled bytes: Int) {
    let begins = state.withLock { state in
      state.handled += bytes
      guard !state.isWaiting, state.handled >= Self.worthwhile else { return false }
      state.isWaiting = true
      return true
    }
    if begins { Task(priority: .background) { await returnAfterTheStorm() } }
  }

  private func returnAfterTheStorm() async {
    for _ in 0..<Self.patience {
      let before = state.withLock { $0.handled }
      try? await Task.sleep(for: pause)
      if state.withLock({ $0.handled }) - before < Self.quiet { break }
    }
    state.withLock { $0 = State() }
    returnPages()
  }
}
