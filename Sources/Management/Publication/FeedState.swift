import BlueprintCoding
import Blueprints
import Documents

/// The items of a cluster, their numbers and which keys the last deltas touched: a value, so that
/// its rules can be tested without tasks.
struct FeedState {
  /// The deltas that led to now, one per generation, without a gap. Only keys are kept: what a key
  /// leads to now is what an agent needs.
  private struct Log {
    struct Delta {
      /// Where its keys end.
      var end: Int
      /// Of everything, after this delta.
      var digest: StableHash
    }

    /// The generation that the oldest one led to.
    var first: Int64
    var deltas: [Delta]
    /// Of all deltas, one after the other.
    var keys: [ItemKey] = []

    /// Begins with a state that nothing that is known led to.
    init(generation: Int64, digest: StableHash) {
      first = generation
      deltas = [Delta(end: 0, digest: digest)]
    }

    mutating func append(_ changed: [ItemKey], digest: StableHash) {
      keys += changed
      deltas.append(Delta(end: keys.count, digest: digest))
    }

    /// Keeps the log short: a key counts with its newest delta only, and when there are too many all
    /// the same, or too many deltas, the oldest are forgotten. Never the newest state. Does nothing
    /// most of the time, so that its cost for each key and delta is constant.
    mutating func shorten(keys keyLimit: Int, deltas deltaLimit: Int) {
      if keys.count > keyLimit {
        dropRepeated()
        let surplus = keys.count - keyLimit / 2
        if surplus > 0 { forget(oldest: deltas.partitioningIndex { $0.end >= surplus }) }
      }
      if deltas.count > deltaLimit { forget(oldest: deltas.count - deltaLimit / 4 * 3) }
    }

    /// Whoever asks from before an older change of a key is told of the newest one.
    private mutating func dropRepeated() {
      var seen: Set<ItemKey> = []
      var newestFirst: [ItemKey] = []
      var counts = Array(repeating: 0, count: deltas.count)
      for index in deltas.indices.dropFirst().reversed() {
        for key in keys[deltas[index - 1].end..<deltas[index].end]
        where seen.insert(key).inserted {
          newestFirst.append(key)
          counts[index] += 1
        }
      }
      keys = newestFirst.reversed()
      var end = 0
      for index in deltas.indices {
        end += counts[index]
        deltas[index].end = end
      }
    }

    private mutating func forget(oldest count: Int) {
      let oldest = min(count, deltas.count - 1)
      let end = deltas[oldest].end
      deltas = deltas[oldest...].map { Delta(end: $0.end - end, digest: $0.digest) }
      keys = Array(keys[end...])
      first += Int64(oldest)
    }

    /// The keys that changed after a generation; nil when it is not in the log, or not with that
    /// digest.
    func keys(after generation: Int64, digest: StableHash) -> Set<ItemKey>? {
      guard generation >= first, generation - first < Int64(deltas.count) else { return nil }
      let known = deltas[Int(generation - first)]
      return known.digest == digest ? Set(keys[known.end...]) : nil
    }
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
  private var log = Log(generation: 0, digest: ItemCoding.emptyDigest)
  private let logLimit: Int

  /// Numbers above this come from no honest agent; taking them over would end in an overflow.
  static let largestGeneration: Int64 = 1 << 53

  /// - Parameter logLimit: how many deltas the log holds, and how many keys; an agent that missed more
  ///   gets everything.
  init(logLimit: Int = 10_000) { self.logLimit = logLimit }

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
    log.append(changed, digest: digest)
    // Once it is much longer than there are items, everything is as short.
    log.shorten(keys: min(logLimit, max(1_024, 4 * items.count)), deltas: logLimit)
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
    log = Log(generation: generation, digest: digest)
  }

  mutating func delta(after theirs: Int64, digest theirDigest: StableHash) -> ClusterFeed.Delta? {
    guard isPublished else { return nil }
    if theirs > generation, theirs < Self.largestGeneration {
      generation = theirDigest == digest ? theirs : theirs + 1
      log = Log(generation: generation, digest: digest)
    }
    if theirDigest == digest {
      guard theirs != generation else { return nil }
      return difference(full: false, upserts: [], removals: [])
    }
    guard let keys = log.keys(after: theirs, digest: theirDigest) else {
      let everything = items.values.sorted { $0.key < $1.key }
      return difference(full: true, upserts: everything, removals: [])
    }
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
}
