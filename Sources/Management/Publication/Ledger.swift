import Blueprints
import Documents

/// What has been published and how far it has come: everything but the items themselves.
struct Ledger {
  /// What one call of the reconciler published.
  struct Wave {
    var revisions: ClosedRange<Int64>
    var compiledAt: Int64
    /// By cluster, where something changed.
    var generations: [String: Int64]
  }

  private(set) var clusters: [String: ClusterProgress] = [:]
  private var objects = ObjectIndex()
  private var problems: [String: [Diagnostic]] = [:]
  private var waves: [Wave] = []

  /// How many are kept, and how many generations of clusters in all.
  static let waveLimit = 10_000
  static let generationLimit = 200_000
  private var keptGenerations = 0
  /// The newest revision of a wave that is forgotten, and the newest generation of each cluster in
  /// one: who has that has all of them.
  private var forgotten: (revision: Int64, generations: [String: Int64]) = (0, [:])

  /// Milliseconds since 1970. What was committed before has no times: it is compiled and told again
  /// with every start, and how long it took once is not known any more.
  private let startedAt: Int64

  init(startedAt: Int64) { self.startedAt = startedAt }

  private func timed(_ committedAt: Int64?) -> Int64? {
    committedAt.flatMap { $0 < startedAt ? nil : $0 }
  }

  // MARK: Writing

  mutating func update<Result>(
    _ cluster: String, _ change: (inout ClusterProgress) -> Result
  ) -> Result {
    change(&clusters[cluster, default: ClusterProgress()])
  }

  /// What a cluster's agent says; without effect for a cluster that was never published to or is
  /// forgotten, whose agent may still talk.
  mutating func updateKnown(_ cluster: String, _ change: (inout ClusterProgress) -> Void) {
    guard clusters[cluster] != nil else { return }
    update(cluster, change)
  }

  /// The cluster exists no more: nobody waits for it from now on.
  mutating func forget(cluster: String) {
    clusters[cluster] = nil
    forgotten.generations[cluster] = nil
  }

  mutating func published(
    cluster: String, generation: Int64?, _ touched: [FeedState.Touched]
  ) {
    if let generation { update(cluster) { $0.published(generation: generation) } }
    objects.record(cluster: cluster, generation: generation, touched)
  }

  mutating func published(
    revisions: ClosedRange<Int64>, compiledAt: Int64, generations: [String: Int64]
  ) {
    guard let last = waves.last, revisions.lowerBound <= last.revisions.upperBound else {
      waves.append(
        Wave(revisions: revisions, compiledAt: compiledAt, generations: generations))
      keptGenerations += generations.count
      forgetWaves()
      return
    }
    // The same revisions again, for another cluster.
    waves[waves.count - 1].generations.merge(generations) { max($0, $1) }
    keptGenerations += waves[waves.count - 1].generations.count - last.generations.count
    let upper = max(last.revisions.upperBound, revisions.upperBound)
    waves[waves.count - 1].revisions = last.revisions.lowerBound...upper
  }

  /// A part at a time, so that what it costs to close the gap spreads over many waves. The newest
  /// is never forgotten.
  private mutating func forgetWaves() {
    guard waves.count > Self.waveLimit || keptGenerations > Self.generationLimit else { return }
    let tooMany = waves.count > Self.waveLimit ? Self.waveLimit / 10 : 0
    var count = 0
    while count < waves.count - 1,
      count < tooMany || keptGenerations > Self.generationLimit / 10 * 9
    {
      let wave = waves[count]
      keptGenerations -= wave.generations.count
      forgotten.revision = wave.revisions.upperBound
      forgotten.generations.merge(wave.generations) { max($0, $1) }
      count += 1
    }
    waves.removeFirst(count)
  }

  mutating func set(problems found: [Diagnostic], of fqn: String) {
    problems[fqn] = found.isEmpty ? nil : found
  }

  // MARK: Reading

  /// The newest revision that has been compiled; 0: none.
  var compiledRevision: Int64 { waves.last?.revisions.upperBound ?? 0 }

  func problems(of fqn: String) -> [Diagnostic] { problems[fqn] ?? [] }

  private func wave(of revision: Int64) -> Wave? {
    let index = waves.partitioningIndex { $0.revisions.upperBound >= revision }
    guard index < waves.count, waves[index].revisions.contains(revision) else { return nil }
    return waves[index]
  }

  func propagation(ofRevision revision: Int64, committedAt: Int64?) -> RevisionPropagation {
    let committedAt = timed(committedAt)
    guard revision <= compiledRevision else {
      return RevisionPropagation(
        revision: revision, isCompiled: false, isComplete: false, clusters: [])
    }
    let wave = wave(of: revision)
    let isForgotten = wave == nil && revision <= forgotten.revision
    let generations = (wave?.generations ?? (isForgotten ? forgotten.generations : [:])).filter {
      cluster, generation in
      guard let progress = clusters[cluster] else { return false }
      // Of what is forgotten, who is still behind is all that can be said.
      return wave != nil || !progress.isComplete(generation)
    }
    let rows = generations.sorted { $0.key < $1.key }.map { cluster, generation in
      row(
        cluster: cluster, generation: generation, compiledAt: wave?.compiledAt,
        committedAt: committedAt, rejections: [])
    }
    return RevisionPropagation(
      revision: revision, isCompiled: true,
      isComplete: rows.allSatisfy { $0.state == .complete },
      compiledAfter: committedAt.flatMap { committed in
        wave.map { max(0, $0.compiledAt - committed * 1_000) }
      }, clusters: rows)
  }

  /// - Parameter isCurrent: whether a rejection concerns an item as it is now, and with this object
  ///   among its sources.
  func status(
    ofObject fqn: String, revision: Int64, committedAt: Int64?,
    isCurrent: (_ cluster: String, ItemRejection) -> Bool
  ) -> ObjectStatus {
    let found = problems(of: fqn)
    let hasErrors = found.contains { $0.severity == .error }
    guard revision <= compiledRevision else {
      return ObjectStatus(state: hasErrors ? .failed : .accepted, clusters: [], problems: found)
    }
    let own = wave(of: revision)
    let traces = objects.traces(of: fqn).filter { clusters[$0.key] != nil }
    let rows = traces.sorted { $0.key < $1.key }.map { cluster, trace in
      row(
        cluster: cluster, generation: trace.generation, compiledAt: own?.compiledAt,
        committedAt: committedAt,
        rejections: rejections(cluster: cluster, trace: trace, isCurrent: isCurrent))
    }
    let state: ObjectState
    if hasErrors || rows.contains(where: { !$0.rejections.isEmpty }) {
      state = .failed
    } else {
      state = delivery(of: rows, own: own)
    }
    return ObjectStatus(state: state, clusters: rows, problems: found)
  }

  private func delivery(of rows: [ClusterPropagation], own: Wave?) -> ObjectState {
    let waiting = rows.filter { $0.state != .complete }
    if waiting.isEmpty { return .ready }
    let onlyOthers = waiting.allSatisfy { row in
      guard let generation = own?.generations[row.cluster] else { return true }
      return generation < row.generation
        && clusters[row.cluster]?.isComplete(generation) == true
    }
    if onlyOthers { return .dirty }
    return waiting.count < rows.count ? .partial : .accepted
  }

  private func rejections(
    cluster: String, trace: ObjectIndex.Trace, isCurrent: (String, ItemRejection) -> Bool
  ) -> [ItemRejection] {
    guard let all = clusters[cluster]?.rejections, !all.isEmpty else { return [] }
    let candidates =
      trace.keys.count < all.count
      ? trace.keys.compactMap { all[$0] } : all.values.filter { trace.keys.contains($0.key) }
    return candidates.filter { isCurrent(cluster, $0) }.sorted { $0.key < $1.key }
  }

  private func row(
    cluster: String, generation: Int64, compiledAt: Int64?, committedAt: Int64?,
    rejections: [ItemRejection]
  ) -> ClusterPropagation {
    let progress = clusters[cluster] ?? ClusterProgress()
    let step = progress.step(generation)
    let state: ClusterPropagation.State
    if progress.isComplete(generation) {
      state = .complete
    } else {
      state = progress.acknowledged >= generation ? .delivering : .pending
    }
    return ClusterPropagation(
      cluster: cluster, connected: progress.isConnected, generation: generation, state: state,
      told: step?.carriedBy?.told ?? 0, acknowledged: step?.carriedBy?.acknowledged ?? 0,
      rejected: step?.carriedBy?.rejected ?? 0, rejections: rejections,
      stages: StageTimes(step: step, compiledAt: compiledAt, committedAt: timed(committedAt)))
  }
}

extension StageTimes {
  init(step: ClusterProgress.Step?, compiledAt: Int64?, committedAt: Int64?) {
    func sinceCommit(_ moment: Int64?) -> Int64? {
      guard let moment, let committedAt else { return nil }
      return max(0, moment - committedAt * 1_000)
    }
    func happened(_ duration: Int64?) -> Int64? { duration.flatMap { $0 > 0 ? $0 : nil } }
    self.init(
      compiled: sinceCommit(compiledAt), sent: sinceCommit(step?.sentAt),
      stored: sinceCommit(step?.storedAt), completed: sinceCommit(step?.completedAt),
      storedAfter: happened(step?.carriedBy?.storedAfter),
      translatedAfter: happened(step?.carriedBy?.translatedAfter),
      toldAfter: happened(step?.carriedBy?.toldAfter),
      acknowledgedAfter: happened(step?.carriedBy?.acknowledgedAfter))
  }
}
