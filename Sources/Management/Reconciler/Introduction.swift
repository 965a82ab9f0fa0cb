import AsyncAlgorithms
import Logging
import Publication
import Storage
import Streams

/// A cluster whose authorities are on their way to all others. Nothing is sent to it, or from it,
/// until they have arrived: a certificate that somebody does not know yet must not be used.
struct Introduction: Hashable, Sendable {
  var authorities: [[UInt8]]
  /// What the others, and the cluster itself, must have in force.
  var generations: [String: Int64]
}

extension Reconciler {
  /// Notes with which generations those clusters are known everywhere that are not yet.
  func announceStrangers(
    _ strangers: [String: [[UInt8]]], _ introductions: Latest<[String: Introduction]>
  ) {
    let known = introductions.current
    guard known.mapValues(\.authorities) != strangers else { return }
    let generations = publication.generations()
    introductions.update { introductions in
      introductions = introductions.filter { strangers[$0.key] == $0.value.authorities }
      for (cluster, authorities) in strangers where introductions[cluster] == nil {
        introductions[cluster] = Introduction(authorities: authorities, generations: generations)
      }
    }
  }

  /// Hands the ports of clusters out once all others know whom to expect there.
  func introduce(_ introductions: Latest<[String: Introduction]>) async {
    let events = merge(
      introductions.values().map { _ in }, publication.changes.values().map { _ in })
    var done: [String: Introduction] = [:]
    for await _ in events {
      let waiting = introductions.current
      done = done.filter { waiting[$0.key] == $0.value }
      for (cluster, introduction) in waiting.sorted(by: { $0.key < $1.key })
      where done[cluster] != introduction
        && publication.isInForce(introduction.generations, essential: cluster)
      {
        do {
          try await store.recordTrust(in: cluster, certificates: introduction.authorities)
          done[cluster] = introduction
          logger.notice("a cluster is known everywhere", metadata: ["cluster": .string(cluster)])
        } catch {
          // The next report of any agent brings us here again.
          logger.error(
            "a cluster's port cannot be handed out",
            metadata: ["cluster": .string(cluster), "error": .string("\(error)")])
        }
      }
    }
  }
}
