import Synchronization

/// Which clusters have a stream. One each, and the first stays: a second one of the same identity is
/// a clone until the first has ended. One that died unseen ends when its keepalive fails, 40 s at
/// most, and the agent that comes back tries again until then.
final class StreamRegistry: Sendable {
  private struct Live {
    let id: Int
    let serial: String
    let close: @Sendable () -> Void
    /// Certificates of refused seconds that have been told about.
    var reported: Set<String> = []
  }

  private struct State {
    var nextID = 0
    var live: [String: Live] = [:]
    var isShuttingDown = false
  }

  enum Claim: Hashable {
    case granted(id: Int)
    /// Another stream of that identity is alive. `isNews`: the first attempt with that certificate.
    case taken(holder: String, isNews: Bool)
  }

  private let state = Mutex(State())

  var clusters: [String] { state.withLock { $0.live.keys.sorted() } }

  /// - Parameter close: ends the stream; called when its cluster is deleted or the server shuts down,
  ///   at once when it does so already.
  func claim(cluster: String, serial: String, close: @escaping @Sendable () -> Void) -> Claim {
    defer { if state.withLock(\.isShuttingDown) { close() } }
    return state.withLock { state in
      if var holder = state.live[cluster] {
        let isNews = holder.reported.count < 16 && holder.reported.insert(serial).inserted
        state.live[cluster] = holder
        return .taken(holder: holder.serial, isNews: isNews)
      }
      state.nextID += 1
      state.live[cluster] = Live(id: state.nextID, serial: serial, close: close)
      return .granted(id: state.nextID)
    }
  }

  func release(cluster: String, id: Int) {
    state.withLock { state in
      if state.live[cluster]?.id == id { state.live[cluster] = nil }
    }
  }

  func close(cluster: String) {
    let close = state.withLock { $0.live[cluster]?.close }
    close?()
  }

  /// Ends every stream, and every one that is claimed from now on.
  func closeAll() {
    let live = state.withLock { state in
      state.isShuttingDown = true
      return state.live.values.map(\.close)
    }
    for close in live { close() }
  }
}
