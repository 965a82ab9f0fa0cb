private import Allocation
package import Blueprints
package import Documents
private import FoundationEssentials
package import Streams
private import Synchronization

/// What each cluster must have, and how far each revision has come on its way there.
///
/// The reconciler writes plans in, the fleet follows them per cluster and reports back, operations
/// read the state of objects, changes, clusters and proxies. Everything is in memory; what must
/// survive a restart is the numbers, which the store keeps.
package final class Publication: Sendable {
  /// Grows with everything that a reader here could see; follow it and read again.
  package let changes = Latest<Int64>(0)

  private let now: @Sendable () -> Int64
  private let feeds = Mutex<[String: ClusterFeed]>([:])
  private let ledger: Mutex<Ledger>
  private let requests = AgentRequests()

  /// - Parameter now: microseconds since 1970.
  package init(now: @escaping @Sendable () -> Int64 = Publication.systemClock) {
    self.now = now
    ledger = Mutex(Ledger(startedAt: now() / 1_000))
  }

  /// Microseconds since 1970.
  package static func systemClock() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000) }

  private func change<Result: Sendable>(_ body: (inout Ledger) -> Result) -> Result {
    let result = ledger.withLock { body(&$0) }
    changes.update { $0 += 1 }
    return result
  }

  private func change(_ cluster: String, _ body: (inout ClusterProgress) -> Void) {
    change { $0.updateKnown(cluster, body) }
  }

  // MARK: The reconciler's side

  /// What a cluster must have from now on, as a difference.
  package struct Difference: Sendable {
    package var upserts: [EncodedItem]
    package var removals: [ItemKey]

    package init(upserts: [EncodedItem] = [], removals: [ItemKey] = []) {
      self.upserts = upserts
      self.removals = removals
    }
  }

  /// Where the numbers of a cluster stood when the server stopped; before the first publication.
  package func seed(cluster: String, generation: Int64, digest: StableHash) {
    feed(of: cluster).seed(generation: generation, digest: digest)
  }

  /// Says what clusters must have, as differences; the first one of a cluster has everything in it.
  /// A cluster gets a new generation only where an item or a key changes.
  ///
  /// - Parameters:
  ///   - revisions: the changes that are in force with this, those without an effect included; nil
  ///     when no change of an operator caused it.
  ///   - compiledAt: microseconds since 1970; nil means now.
  /// - Returns: the new generations of the clusters that got one.
  @discardableResult
  package func publish(
    revisions: ClosedRange<Int64>?, compiledAt: Int64? = nil, _ differences: [String: Difference]
  ) -> [String: Int64] {
    let compiledAt = compiledAt ?? now()
    var generations: [String: Int64] = [:]
    for (cluster, difference) in differences.sorted(by: { $0.key < $1.key }) {
      let outcome = feed(of: cluster).apply(
        revision: revisions?.upperBound ?? 0, upserts: difference.upserts,
        removals: difference.removals)
      generations[cluster] = outcome.generation
      FreePages.ofProcess.note(handled: difference.upserts.reduce(0) { $0 + $1.bytes.count })
      ledger.withLock {
        $0.published(cluster: cluster, generation: outcome.generation, outcome.touched)
      }
    }
    if let revisions {
      let generations = generations
      ledger.withLock {
        $0.published(revisions: revisions, compiledAt: compiledAt, generations: generations)
      }
    }
    // The fleet wakes last: whoever it reports to then knows the generation.
    for (cluster, generation) in generations {
      feed(of: cluster).generation.publish(generation)
    }
    changes.update { $0 += 1 }
    return generations
  }

  /// The newest generation of every cluster that has been published to.
  package func generations() -> [String: Int64] {
    feeds.withLock { $0.mapValues(\.generation.current) }
  }

  /// The same as the other for one cluster and one change; `revision` is 0 when no change caused it.
  package func publish(
    cluster: String, revision: Int64, upserts: [EncodedItem], removals: [ItemKey]
  ) {
    publish(
      revisions: revision > 0 ? revision...revision : nil,
      [cluster: Difference(upserts: upserts, removals: removals)])
  }

  /// What is wrong with a stored object; replaces what was said before, an empty list clears it.
  package func set(problems: [Diagnostic], of fqn: String) {
    change { $0.set(problems: problems, of: fqn) }
  }

  /// The cluster exists no more: neither it nor its proxies are shown, and nothing waits for it.
  package func forget(cluster: String) { change { $0.forget(cluster: cluster) } }

  /// Whether the proxies of these clusters have answered everything up to these generations. Clusters
  /// that are away are not waited for, except `essential`.
  package func isInForce(_ generations: [String: Int64], essential: String) -> Bool {
    ledger.withLock { ledger in
      generations.allSatisfy { cluster, generation in
        guard let progress = ledger.clusters[cluster] else { return cluster != essential }
        guard progress.isConnected else { return cluster != essential }
        return progress.isComplete(generation)
      }
    }
  }

  // MARK: The fleet's side

  /// What `cluster` must have; exists as soon as somebody asks, empty until it is published to.
  package func feed(of cluster: String) -> ClusterFeed {
    feeds.withLock { feeds in
      if let feed = feeds[cluster] { return feed }
      let feed = ClusterFeed(cluster: cluster)
      feeds[cluster] = feed
      return feed
    }
  }

  package func connected(cluster: String, version: String) {
    let now = now() / 1_000
    change { $0.update(cluster) { $0.connected(version: version, at: now) } }
  }

  package func disconnected(cluster: String) {
    let now = now() / 1_000
    change(cluster) { $0.disconnected(at: now) }
  }

  package func sent(cluster: String, generation: Int64) {
    let now = now()
    change(cluster) { $0.sent(generation: generation, at: now) }
  }

  /// The agent has `generation` on its disk: by its acknowledgement, or by a greeting whose digest
  /// agrees with the feed's.
  package func acknowledged(cluster: String, generation: Int64) {
    let now = now()
    change(cluster) { $0.acknowledged(generation: generation, at: now) }
  }

  package func report(cluster: String, _ progress: GenerationProgress) {
    let now = now()
    change(cluster) { $0.report(progress, at: now) }
  }

  package func report(cluster: String, full: Bool, proxies: [ProxyState], removed: [String]) {
    change(cluster) { $0.report(full: full, proxies: proxies, removed: removed) }
  }

  package func report(
    cluster: String, full: Bool, rejections: [ItemRejection], removed: [ItemKey]
  ) {
    change(cluster) { $0.report(full: full, rejections: rejections, removed: removed) }
  }

  /// What the agent of `cluster` is asked, from now on. Ends when a newer call takes over.
  package func requests(of cluster: String) -> AsyncStream<AgentRequest> {
    requests.requests(of: cluster)
  }

  package func answered(cluster: String, id: Int64, _ answer: AgentAnswer) {
    requests.answered(cluster: cluster, id: id, answer)
  }

  // MARK: Reading

  /// - Parameters:
  ///   - revision: the change that last wrote the object.
  ///   - committedAt: when that was, in milliseconds since 1970.
  package func status(
    ofObject fqn: String, revision: Int64, committedAt: Int64? = nil
  ) -> ObjectStatus {
    ledger.withLock { ledger in
      ledger.status(ofObject: fqn, revision: revision, committedAt: committedAt) {
        cluster, rejection in
        guard let item = feed(of: cluster).item(rejection.key) else { return false }
        return item.hash == rejection.hash && item.sources.contains { $0.fqn == fqn }
      }
    }
  }

  /// - Parameter committedAt: milliseconds since 1970.
  package func propagation(
    ofRevision revision: Int64, committedAt: Int64? = nil
  ) -> RevisionPropagation {
    ledger.withLock { $0.propagation(ofRevision: revision, committedAt: committedAt) }
  }

  /// The newest revision that has been compiled and published; 0: none yet.
  package var compiledRevision: Int64 { ledger.withLock { $0.compiledRevision } }

  package func problems(of fqn: String) -> [Diagnostic] {
    ledger.withLock { $0.problems(of: fqn) }
  }

  /// What an item came from; empty when there is no such item.
  package func sources(of key: ItemKey, cluster: String) -> [Source] {
    feed(of: cluster).item(key)?.sources ?? []
  }

  /// Every cluster that was published to or whose agent has been seen, sorted.
  package func agents() -> [AgentState] {
    let clusters = ledger.withLock { $0.clusters }
    return clusters.sorted { $0.key < $1.key }.map { cluster, progress in
      let proxies = progress.presentProxies
      let gateways = proxies.filter { $0.role != "sidecar" }
      return AgentState(
        cluster: cluster, connected: progress.isConnected, version: progress.version,
        generation: feed(of: cluster).generation.current,
        acknowledgedGeneration: progress.acknowledged, since: progress.since,
        proxies: progress.proxies.count,
        connectedProxies: proxies.count { $0.connected }, gateways: gateways.count,
        healthyGateways: gateways.count { $0.connected && $0.healthy })
    }
  }

  /// As far as agents have told; sorted by cluster and node id.
  package func proxies() -> [(cluster: String, proxy: ProxyState)] {
    let clusters = ledger.withLock { $0.clusters }
    return clusters.sorted { $0.key < $1.key }.flatMap { cluster, progress in
      progress.presentProxies.sorted { $0.nodeID < $1.nodeID }.map { (cluster, $0) }
    }
  }

  package func rejections() -> [(cluster: String, rejection: ItemRejection)] {
    let clusters = ledger.withLock { $0.clusters }
    return clusters.sorted { $0.key < $1.key }.flatMap { cluster, progress in
      progress.rejections.values.sorted { $0.key < $1.key }.map { (cluster, $0) }
    }
  }

  // MARK: Asking agents

  /// The configuration that an agent has made for one of its proxies, as JSON. Waits for the agent
  /// until the caller's task is cancelled.
  ///
  /// - Throws: `AgentRequestError`, at once when no agent is connected.
  package func inspect(cluster: String, nodeID: String) async throws -> [UInt8] {
    let answer = try await requests.perform(cluster: cluster) { .inspect(id: $0, nodeID: nodeID) }
    switch answer {
    case .inspection(let json): return json
    case .refused(let reason): throw AgentRequestError.refused(reason)
    case .token: throw AgentRequestError.refused("the agent answered another question")
    }
  }

  /// A token with which one workload may join the cluster. Waits and throws like `inspect`.
  package func mintToken(
    cluster: String, _ request: WorkloadTokenRequest
  ) async throws -> WorkloadToken {
    let answer = try await requests.perform(cluster: cluster) { .mintToken(id: $0, request) }
    switch answer {
    case .token(let token): return token
    case .refused(let reason): throw AgentRequestError.refused(reason)
    case .inspection: throw AgentRequestError.refused("the agent answered another question")
    }
  }
}
