private import Blueprints
package import Compiler
private import Documents
package import Logging
package import Model
package import Publication
package import Storage
private import Streams
private import Synchronization

/// Turns what is stored into what every cluster must have: the one place where the compiler meets
/// the world. Runs when something was written, and only then.
package final class Reconciler: Sendable {
  let store: Store
  let publication: Publication
  let logger: Logger
  private let reconciliation = Mutex(Reconciliation())

  package init(store: Store, publication: Publication, logger: Logger) {
    self.store = store
    self.publication = publication
    self.logger = logger
  }

  /// Follows the store until the task is cancelled.
  ///
  /// - Throws: what the store throws when it cannot be read.
  package func run() async throws {
    for (cluster, known) in try await store.generations() {
      publication.seed(cluster: cluster, generation: known.generation, digest: known.digest)
    }
    let numbers = Latest<[String: Store.Generation]>([:])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.record(numbers) }
      let introductions = Latest<[String: Introduction]>([:])
      group.addTask { await self.introduce(introductions) }
      try await follow(numbers, introductions)
      // The follower has ended, and nobody brings anything new.
      numbers.finish()
      group.cancelAll()
    }
  }

  // MARK: Questions

  /// The compiler as it is now.
  var current: IncrementalCompiler { reconciliation.withLock { $0.compiler } }

  /// How traffic gets from one cluster to another, as it was compiled last.
  package func path(from: String, to: String) -> PathExplanation {
    reconciliation.withLock { $0.compiler.path(from: from, to: to) }
  }

  /// Whether workloads of one service may call another, as it was compiled last.
  package func reach(
    service: ServiceName, from caller: ServiceName, cluster: String
  ) -> ReachExplanation {
    reconciliation.withLock {
      $0.compiler.explainReach(service: service, from: caller, cluster: cluster)
    }
  }

  // MARK: Following

  private func follow(
    _ numbers: Latest<[String: Store.Generation]>,
    _ introductions: Latest<[String: Introduction]>
  ) async throws {
    var reached = Store.Position()
    // A batch holds what is newest, so the writes of one commit are read once.
    for await position in store.position.values() where position.isAhead(of: reached) {
      let batch = try await store.batch(after: reached)
      let (outcome, strangers) = reconciliation.withLock { ($0.take(batch), $0.strangers) }
      publish(outcome, after: reached, batch, numbers)
      announceStrangers(strangers, introductions)
      reached = batch.position
    }
  }

  private func publish(
    _ outcome: Reconciliation.Outcome, after reached: Store.Position, _ batch: Store.Batch,
    _ numbers: Latest<[String: Store.Generation]>
  ) {
    for (fqn, problems) in outcome.problems { publication.set(problems: problems, of: fqn) }
    for defect in outcome.defects {
      logger.error(
        "an item is held back",
        metadata: [
          "cluster": .string(defect.cluster), "item": .string(defect.key.text),
          "reason": .string(defect.message),
        ])
    }
    let last = batch.position.revision
    let generations = publication.publish(
      revisions: last > reached.revision ? (reached.revision + 1)...last : nil,
      outcome.differences)
    for case (let ref, .none) in batch.objects where ref.kind == .cluster {
      publication.forget(cluster: ref.name)
    }
    guard !generations.isEmpty else { return }
    logger.debug(
      "published",
      metadata: [
        "revision": .stringConvertible(last), "clusters": .stringConvertible(generations.count),
        "units": .stringConvertible(outcome.computedUnits),
      ])
    numbers.update { numbers in
      for (cluster, generation) in generations {
        numbers[cluster] = Store.Generation(
          generation: generation, digest: publication.feed(of: cluster).digest)
      }
    }
  }

  /// Keeps the numbers for the next start, beside the path on which writes are waited for.
  private func record(_ numbers: Latest<[String: Store.Generation]>) async {
    for await waiting in numbers.values() where !waiting.isEmpty {
      let taken = numbers.update { numbers in
        let taken = numbers
        numbers = [:]
        return taken
      }
      // All at once, so that they share a commit.
      await withDiscardingTaskGroup { group in
        for (cluster, generation) in taken {
          group.addTask { await self.record(cluster: cluster, generation) }
        }
      }
    }
  }

  private func record(cluster: String, _ generation: Store.Generation) async {
    do {
      try await store.recordGeneration(cluster: cluster, generation)
    } catch {
      // The next start then counts on from an older number, and the agent's own pulls it up.
      logger.warning(
        "a generation is not recorded",
        metadata: ["cluster": .string(cluster), "error": .string("\(error)")])
    }
  }
}
