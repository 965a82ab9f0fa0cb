import BlueprintCoding
import Blueprints
import Documents

/// The items of a cluster, their numbers and which keys the last deltas touched: a value, so that
/// its rules can be tested without tasks.
struct FeedState {
  /// One delta. Only keys are kept: what a key leads to now is what an agent needs.
  struct LogEntry {
    var generation: Int64
    var keys: [ItemKey]
    /// Of everything, after this delta.
    var digest: StableHash
  }

  /// What publishing did.
  struct Outcome {
    /// nil: neither an item nor a key changed.
    var generation: Int64?
    /// For each key that was given: the item before and after.
    var touched: [Touched] = []
  }

  struct Touched {
    var key: ItemKey
    var before: EncodedItem?
    var after: EncodedItem?

    var contentChanged: Bool { before?.hash != after?.hash }
  }

  private(set) var items: [ItemKey: EncodedItem] = [:]
  private(set) var generation: Int64 = 0
  private(set) var digest = ItemCoding.emptyDigest
  private(set) var revision: Int64 = 0
  private var isPublished = false
  private var seed: (generation: Int64, digest: StableHash)?
  private var log: [LogEntry] = []
  private var loggedKeys = 0
  private let logLimit: Int

  /// Numbers above this come from no honest agent; taking them over would end in an overflow.
  static let largestGeneration: Int64 = 1 << 53

  /// - Parameter logLimit: how many keys the log holds; an agent that missed more gets everything.
  init(logLimit: Int = 20_000) { self.logLimit = logLimit }

  /// Where the numbers of an earlier life of this process ended; without effect once published.
  mutating func seed(generation: Int64, digest: StableHash) {
    guard !isPublished else { return }
    seed = (generation, digest)
  }

  mutating func apply(
    revision: Int64, upserts: [EncodedItem], removals: [ItemKey]
  ) -> Outcome {
    var outcome = Outcome()
    for item in upserts {
      let before = items.updateValue(item, forKey: item.key)
      outcome.touched.append(Touched(key: item.key, before: before, after: item))
    }
    for key in removals {
      guard let before = items.removeValue(forKey: key) else { continue }
      outcome.touched.append(Touched(key: key, before: before, after: nil))
    }
    var changed: [ItemKey] = []
    for touched in outcome.touched where touched.contentChanged {
      changed.append(touched.key)
      for item in [touched.before, touched.after] {
        guard let item else { continue }
        digest = digest ^ ItemCoding.contribution(key: item.key.text, hash: item.hash)
      }
    }
    guard isPublished else {
      publishFirst(revision: revision)
      outcome.generation = generation
      return outcome
    }
    guard !changed.isEmpty else { return outcome }
    generation += 1
    self.revision = max(self.revision, revision)
    append(LogEntry(generation: generation, keys: changed, digest: digest))
    outcome.generation = generation
    return outcome
  }

  private mutating func publishFirst(revision: Int64) {
    isPublished = true
    self.revision = revision
    if let seed {
      generation = max(1, seed.digest == digest ? seed.generation : seed.generation + 1)
    } else {
      generation = max(1, generation)
    }
    log = [LogEntry(generation: generation, keys: [], digest: digest)]
  }

  private mutating func append(_ entry: LogEntry) {
    log.append(entry)
    loggedKeys += entry.keys.count
    // Halving keeps the cost of dropping the oldest constant per delta.
    guard loggedKeys > logLimit || log.count > logLimit else { return }
    let kept = log.suffix(max(1, log.count / 2))
    log = Array(kept)
    loggedKeys = log.reduce(0) { $0 + $1.keys.count }
    while loggedKeys > logLimit, log.count > 1 {
      loggedKeys -= log.removeFirst().keys.count
    }
  }

  mutating func delta(after theirs: Int64, digest theirDigest: StableHash) -> ClusterFeed.Delta? {
    guard isPublished else { return nil }
    if theirs > generation, theirs < Self.largestGeneration {
      generation = theirDigest == digest ? theirs : theirs + 1
      log = [LogEntry(generation: generation, keys: [], digest: digest)]
      loggedKeys = 0
    }
    if theirDigest == digest {
      guard theirs != generation else { return nil }
      return difference(full: false, upserts: [], removals: [])
    }
    guard let known = position(of: theirs), log[known].digest == theirDigest else {
      let everything = items.values.sorted { $0.key < $1.key }
      return difference(full: true, upserts: everything, removals: [])
    }
    var keys: Set<ItemKey> = []
    for entry in log[(known + 1)...] { keys.formUnion(entry.keys) }
    let sorted = keys.sorted()
    return difference(
      full: false, upserts: sorted.compactMap { items[$0] },
      removals: sorted.filter { items[$0] == nil })
  }

  private func difference(
    full: Bool, upserts: [EncodedItem], removals: [ItemKey]
  ) -> ClusterFeed.Delta {
    ClusterFeed.Delta(
      generation: generation, revision: revision, full: full, upserts: upserts, removals: removals,
      digest: digest)
  }

  /// Generations in the log follow each other without a gap.
  private func position(of generation: Int64) -> Int? {
    guard let first = log.first?.generation, generation >= first else { return nil }
    let index = Int(generation - first)
    return index < log.count ? index : nil
  }
}
