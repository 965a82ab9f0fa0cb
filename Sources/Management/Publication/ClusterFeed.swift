package import Blueprints
package import Documents
package import Streams
private import Synchronization

/// The items of one cluster and a log of the deltas that led to them.
package final class ClusterFeed: Sendable {
  package let cluster: String
  /// Grows with every delta; follow it, then ask for `delta(after:digest:)`. 0: nothing has been
  /// published yet, and nothing must be sent.
  package let generation: Latest<Int64>
  private let state = Mutex(FeedState())

  init(cluster: String) {
    self.cluster = cluster
    generation = Latest(0)
  }

  package struct Delta: Sendable {
    package var generation: Int64
    package var revision: Int64
    /// Replaces everything.
    package var full: Bool
    package var upserts: [EncodedItem]
    package var removals: [ItemKey]
    /// Of everything, afterwards.
    package var digest: StableHash
    package init(
      generation: Int64, revision: Int64, full: Bool, upserts: [EncodedItem], removals: [ItemKey],
      digest: StableHash
    ) {
      self.generation = generation
      self.revision = revision
      self.full = full
      self.upserts = upserts
      self.removals = removals
      self.digest = digest
    }
  }

  /// What leads from `generation` (with that digest, as the agent says) to now: nil when the agent
  /// has everything, or nothing has been published yet; one delta that folds all newer ones, empty
  /// when only the number differs; or a full one when the log does not reach back that far or the
  /// digest disagrees. An agent that is ahead, because the server forgot its newest numbers, moves
  /// the feed's own number past the agent's.
  package func delta(after generation: Int64, digest: StableHash) -> Delta? {
    let (delta, current) = state.withLock { state in
      (state.delta(after: generation, digest: digest), state.generation)
    }
    if current > self.generation.current { self.generation.publish(current) }
    return delta
  }

  /// The digest of everything that the cluster must have.
  package var digest: StableHash { state.withLock { $0.digest } }

  /// An item as it is now.
  package func item(_ key: ItemKey) -> EncodedItem? { state.withLock { $0.items[key] } }

  /// Every item, sorted by key.
  package var items: [EncodedItem] {
    state.withLock { $0.items.values.sorted { $0.key < $1.key } }
  }

  func seed(generation: Int64, digest: StableHash) {
    state.withLock { $0.seed(generation: generation, digest: digest) }
  }

  func apply(revision: Int64, upserts: [EncodedItem], removals: [ItemKey]) -> FeedState.Outcome {
    state.withLock { $0.apply(revision: revision, upserts: upserts, removals: removals) }
  }
}
