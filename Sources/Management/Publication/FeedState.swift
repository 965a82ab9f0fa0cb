import BlueprintCoding
import Blueprints
import Documents

/// The items of a cluster, their numbers and which keys the last deltas touched: a value, so that
/// its rules can be tested without tasks.
struct FeedState {
  /// The deltas that led to now, one per generation, without a gap. Contents are not kept: what a key
  /// leads to now is what an agent needs, unless that is what it has already.
  private struct Log {
    struct Change {
      var key: ItemKey
      /// What was there until then; nil when nothing was.
      var before: StableHash?
      /// Whether older changes of the key have been dropped, so that `before` says nothing to those
      /// who ask from before them.
      var isJoined = false
    }

    struct Delta {
      /// Where its changes end.
      var end: Int
      /// Of everything, after this delta.
      var digest: StableHash
    }

    /// The generation that the oldest one led to.
    var first: Int64
    var deltas: [Delta]
    /// Of all deltas, one after the other.
    var changes: [Change] = []

    /// Begins with a state that nothing that is known led to.
    init(generation: Int64, digest: StableHash) {
      first = generation
      deltas = [Delta(end: 0, digest: digest)]
    }

    mutating func append(_ changed: [Change], digest: StableHash) {
      changes += changed
      deltas.append(Delta(end: changes.count, digest: digest))
    }

    /// Keeps the log short: a key counts with its newest change only, and when there are too many all
    /// the same, or too many deltas, the oldest are forgotten. Never the newest state. Does nothing
    /// most of the time, so that its cost for each change and delta is constant.
    mutating func shorten(changes changeLimit: Int, deltas deltaLimit: Int) {
      if changes.count > changeLimit {
        joinRepeated()
        let surplus = changes.count - changeLimit / 2
        if surplus > 0 { forget(oldest: deltas.partitioningIndex { $0.end >= surplus }) }
      }
      if deltas.count > deltaLimit { forget(oldest: deltas.count - deltaLimit / 4 * 3) }
    }

    /// Whoever asks from before an older change of a key is told of the newest one.
    private mutating func joinRepeated() {
      var places: [ItemKey: Int] = [:]
      var newestFirst: [Change] = []
      var counts = Array(repeating: 0, count: deltas.count)
      for index in deltas.indices.dropFirst().reversed() {
        for change in changes[deltas[index - 1].end..<deltas[index].end].reversed() {
          if let place = places[change.key] {
            newestFirst[place].isJoined = true
          } else {
            places[change.key] = newestFirst.count
            newestFirst.append(change)
            counts[index] += 1
          }
        }
      }
      changes = newestFirst.reversed()
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
      changes = Array(changes[end...])
      first += Int64(oldest)
    }

    /// The first change of each key after a generation; nil when it is not in the log, or not with
    /// that digest.
    func changes(after generation: Int64, digest: StableHash) -> [ItemKey: Change]? {
      guard generation >= first, generation - first < Int64(deltas.count) else { return nil }
      let known = deltas[Int(generation - first)]
      guard known.digest == digest else { return nil }
      return Dictionary(
        changes[known.end...].map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
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

  /// - Parameter logLimit: how many deltas the log holds, and how many changes; an agent that missed more
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
    var changed: [Log.Change] = []
    for touched in outcome.touched where touched.contentChanged {
      changed.append(Log.Change(key: touched.key, before: touched.before?.hash))
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
    log.shorten(changes: min(logLimit, max(1_024, 8 * items.count)), deltas: logLimit)
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
    guard let changes = log.changes(after: theirs, digest: theirDigest) else {
      let everything = items.values.sorted { $0.key < $1.key }
      return difference(full: true, upserts: everything, removals: [])
    }
    let sorted = changes.values
      .filter { $0.isJoined || $0.before != items[$0.key]?.hash }.map(\.key).sorted()
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
