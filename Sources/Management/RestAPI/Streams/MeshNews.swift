import Documents
import Model
import Operations
import Publication
import Storage
import Streams
import Synchronization

/// How sites, proxies and the last changes fare, worked out once whenever something has happened,
/// however many follow it. Each piece of news has a number; a watcher is told what is above the last
/// that it knows.
final class MeshNews: Sendable {
  /// A watcher has been away longer than news is kept.
  struct Gone: Error {}

  fileprivate struct Proxy {
    var state: ProxyState
    var text: String
  }

  fileprivate struct Progress {
    var version: Int64
    var propagation: RevisionPropagation
    var text: String
    var number: Int64
  }

  fileprivate struct State {
    /// Of the publication; -1: nothing has been looked at.
    var version: Int64 = -1
    var number: Int64 = 0
    var agents: [AgentState] = []
    var rejections: [ItemRejection] = []
    var agentsText = ""
    var agentsNumber: Int64 = 0
    /// By cluster and node.
    var proxies: [String: Proxy] = [:]
    /// Those that are gone, as they are named to watchers.
    var removals: [String: String] = [:]
    /// Which proxies came, changed or went, in the order of the numbers.
    var log: [(number: Int64, key: String)] = []
    /// News of proxies up to here is no longer held.
    var horizon: Int64 = 0
    var progress: [Int64: Progress] = [:]
  }

  private let publication: Publication
  private let state = Mutex(State())

  fileprivate static let loggedProxies = 20_000
  fileprivate static let followedChanges = 200

  init(_ publication: Publication) { self.publication = publication }

  /// Sites and proxies, as far as they are news after a number, and the number that this reaches.
  ///
  /// - Parameter number: 0: everything.
  /// - Throws: `Gone`
  func events(after number: Int64) throws -> (events: [ServerSentEvent], number: Int64) {
    try state.withLock { state in
      state.look(at: publication)
      var events: [ServerSentEvent] = []
      if state.agentsNumber > number {
        events.append(ServerSentEvent(name: "agents", id: nil, data: state.agentsText))
      }
      if let proxies = try state.proxies(after: number) {
        events.append(ServerSentEvent(name: "proxies", id: nil, data: proxies))
      }
      return (events, state.number)
    }
  }

  /// How far a change has come, if that is news after a number.
  func progress(
    of change: StoredChange, after number: Int64
  ) -> (event: ServerSentEvent, number: Int64)? {
    state.withLock { state in
      let progress = state.progress(of: change, publication)
      guard progress.number > number else { return nil }
      return (
        ServerSentEvent(name: "propagation", id: nil, data: progress.text), progress.number
      )
    }
  }
}

extension MeshNews.State {
  fileprivate mutating func look(at publication: Publication) {
    // Read first: what happens from now on is a later version.
    let now = publication.changes.current
    guard now != version else { return }
    version = now
    let agents = publication.agents()
    let rejections = publication.rejections()
    if agents != self.agents || rejections.map(\.rejection) != self.rejections || agentsNumber == 0
    {
      number += 1
      agentsNumber = number
      self.agents = agents
      self.rejections = rejections.map(\.rejection)
      let document: Document = [
        "agents": .list(agents.map(Rendering.agent)),
        "rejections": .list(rejections.map(Rendering.rejection)),
      ]
      agentsText = document.canonicalText
    }
    look(at: publication.proxies())
  }

  private mutating func look(at states: [(cluster: String, proxy: ProxyState)]) {
    var seen: Set<String> = []
    seen.reserveCapacity(states.count)
    for pair in states {
      let key = "\(pair.cluster)/\(pair.proxy.nodeID)"
      seen.insert(key)
      guard proxies[key]?.state != pair.proxy else { continue }
      proxies[key] = MeshNews.Proxy(
        state: pair.proxy, text: Rendering.proxy(pair).canonicalText)
      removals[key] = nil
      note(key)
    }
    guard proxies.count > seen.count else { return }
    for key in proxies.keys.filter({ !seen.contains($0) }) {
      guard let gone = proxies.removeValue(forKey: key) else { continue }
      let name: Document = [
        "cluster": .string(String(key.dropLast(gone.state.nodeID.count + 1))),
        "nodeID": .string(gone.state.nodeID),
      ]
      removals[key] = name.canonicalText
      note(key)
    }
  }

  private mutating func note(_ key: String) {
    number += 1
    log.append((number, key))
    guard log.count > 2 * MeshNews.loggedProxies else { return }
    let dropped = log.prefix(MeshNews.loggedProxies)
    horizon = dropped.last?.number ?? horizon
    let kept = log.dropFirst(MeshNews.loggedProxies)
    let stillNamed = Set(kept.map(\.key))
    for entry in dropped where !stillNamed.contains(entry.key) { removals[entry.key] = nil }
    log = Array(kept)
  }

  /// nil: nothing new.
  fileprivate func proxies(after number: Int64) throws -> String? {
    if number == 0 { return Self.text(proxies.keys.sorted().compactMap { proxies[$0]?.text }, []) }
    guard number >= horizon else { throw MeshNews.Gone() }
    let start = log.partitioningIndex { $0.number > number }
    guard start < log.count else { return nil }
    let keys = Set(log[start...].map(\.key)).sorted()
    return Self.text(keys.compactMap { proxies[$0]?.text }, keys.compactMap { removals[$0] })
  }

  private static func text(_ upserts: [String], _ removals: [String]) -> String {
    "{\"removals\":[\(removals.joined(separator: ","))],\"upserts\":["
      + "\(upserts.joined(separator: ","))]}"
  }

  fileprivate mutating func progress(
    of change: StoredChange, _ publication: Publication
  ) -> MeshNews.Progress {
    let revision = change.revision.number
    let now = publication.changes.current
    if let known = progress[revision], known.version == now { return known }
    let found = publication.propagation(ofRevision: revision, committedAt: change.committedAt)
    if var known = progress[revision], known.propagation == found {
      known.version = now
      progress[revision] = known
      return known
    }
    number += 1
    let made = MeshNews.Progress(
      version: now, propagation: found, text: Rendering.propagation(found).canonicalText,
      number: number)
    progress[revision] = made
    if progress.count > 2 * MeshNews.followedChanges {
      for old in progress.keys.sorted().prefix(MeshNews.followedChanges) { progress[old] = nil }
    }
    return made
  }
}

extension Array {
  /// The first index whose element, and all after it, hold.
  fileprivate func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
