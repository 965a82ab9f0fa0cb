import Documents
import Synchronization

/// What many watchers are told of the same changes, made into text once for all of them.
final class EventTexts: Sendable {
  enum Key: Hashable, Sendable {
    case summary(revision: Int64)
    /// An object as a step of a change left it, or found it.
    case object(revision: Int64, step: Int, isAfter: Bool)
  }

  fileprivate struct State {
    var texts: [Key: String] = [:]
    /// Oldest first, from `first` on.
    var keys: [Key] = []
    var first = 0
  }

  private let state = Mutex(State())
  private static let capacity = 4_096

  func text(_ key: Key, _ make: () -> Document) -> String {
    if let known = state.withLock({ $0.texts[key] }) { return known }
    // Outside of the lock: that two make the same does no harm.
    let text = make().canonicalText
    state.withLock { $0.keep(text, under: key, Self.capacity) }
    return text
  }
}

extension EventTexts.State {
  fileprivate mutating func keep(_ text: String, under key: EventTexts.Key, _ capacity: Int) {
    guard texts.updateValue(text, forKey: key) == nil else { return }
    keys.append(key)
    while keys.count - first > capacity {
      texts[keys[first]] = nil
      first += 1
    }
    if first > capacity {
      keys.removeFirst(first)
      first = 0
    }
  }
}
