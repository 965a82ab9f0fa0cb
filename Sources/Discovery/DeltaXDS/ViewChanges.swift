private import Synchronization

/// What changed in a view between two of its steps, each name once.
///
/// The same for all who were there at the first and look at the second, so it is put together once.
struct ViewChanges: Sendable {
  struct Change: Sendable {
    var name: String
    /// The version it had at the first step; nil when there was none.
    var before: String?
  }

  /// The sequence of the first step, whose own changes are not among these, and of the last.
  let after: Int64
  let until: Int64
  private var changes: [ResourceType: [Change]] = [:]

  init(after: Int64, until: Int64) {
    self.after = after
    self.until = until
  }

  /// Takes what came last first: what a name was before the oldest change counts.
  init(after: Int64, until: Int64, newestFirst: some Sequence<(ResourceName, before: String?)>) {
    self.init(after: after, until: until)
    for (name, before) in newestFirst {
      changes[name.type, default: []].append(Change(name: name.name, before: before))
    }
    for type in Array(changes.keys) {
      guard let all = changes[type], all.count > 1 else { continue }
      // Of equal names the oldest is the last, as sorting is stable.
      let sorted = all.sorted { $0.name < $1.name }
      changes[type] = sorted.indices.compactMap { index in
        index + 1 < sorted.count && sorted[index + 1].name == sorted[index].name
          ? nil : sorted[index]
      }
    }
  }

  /// Sorted by name.
  subscript(type: ResourceType) -> [Change] { changes[type] ?? [] }

  /// The last that were asked for.
  final class Memo: Sendable {
    private let last = Mutex<ViewChanges?>(nil)

    func changes(
      after: Int64, until: Int64, _ make: () -> ViewChanges
    ) -> ViewChanges {
      if let known = last.withLock({ $0 }), known.after == after, known.until == until {
        return known
      }
      let made = make()
      last.withLock { $0 = made }
      return made
    }
  }
}
