import Documents
import Model
import Operations
import Publication
import Storage

/// One event of a stream (the `text/event-stream` format of HTML).
struct ServerSentEvent: Equatable {
  var name: String
  /// The revision that a client has read up to with this event.
  var id: Int64?
  var data: Document

  /// JSON has no line breaks here, so one `data` line holds it.
  var text: String {
    let id = id.map { "id: \($0)\n" } ?? ""
    return "event: \(name)\n\(id)data: \(data.canonicalText)\n\n"
  }
}

/// What one watcher has been told, and so what there is to tell it: a value without I/O.
struct WatchSession {
  /// How many of the last changes are followed on their way.
  static let followedChanges = 20

  private(set) var revision: Revision
  private var agents: Document?
  private var proxies: [String: Document] = [:]
  private var hasToldProxies = false
  private var followed: [(change: StoredChange, told: Document?)] = []

  init(after revision: Revision) { self.revision = revision }

  mutating func react(to changes: [StoredChange]) -> [ServerSentEvent] {
    changes.filter { revision < $0.revision }.map { change in
      revision = change.revision
      followed.append((change, nil))
      if followed.count > Self.followedChanges { followed.removeFirst() }
      return ServerSentEvent(
        name: "change", id: change.revision.number, data: Rendering.summary(change))
    }
  }

  /// The sites, and what Envoys refuse there now.
  mutating func react(
    to agents: [AgentState], rejections: [(cluster: String, rejection: ItemRejection)] = []
  ) -> [ServerSentEvent] {
    let document: Document = [
      "agents": .list(agents.map(Rendering.agent)),
      "rejections": .list(rejections.map(Rendering.rejection)),
    ]
    guard document != self.agents else { return [] }
    self.agents = document
    return [ServerSentEvent(name: "agents", id: nil, data: document)]
  }

  /// Only what differs from what has been told.
  mutating func react(to states: [(cluster: String, proxy: ProxyState)]) -> [ServerSentEvent] {
    let now = Dictionary(
      states.map { ("\($0.cluster)/\($0.proxy.nodeID)", Rendering.proxy($0)) },
      uniquingKeysWith: { $1 })
    let upserts = now.keys.sorted().filter { now[$0] != proxies[$0] }.compactMap { now[$0] }
    let removals = proxies.keys.sorted().filter { now[$0] == nil }.compactMap { key in
      proxies[key].map { old -> Document in
        ["cluster": old["cluster"] ?? .null, "nodeID": old["nodeID"] ?? .null]
      }
    }
    defer {
      proxies = now
      hasToldProxies = true
    }
    if upserts.isEmpty && removals.isEmpty && hasToldProxies { return [] }
    return [
      ServerSentEvent(
        name: "proxies", id: nil, data: ["upserts": .list(upserts), "removals": .list(removals)])
    ]
  }

  /// How far the last changes have come, as far as that is news.
  mutating func follow(_ propagation: (StoredChange) -> RevisionPropagation) -> [ServerSentEvent] {
    followed.indices.compactMap { index in
      let document = Rendering.propagation(propagation(followed[index].change))
      guard document != followed[index].told else { return nil }
      followed[index].told = document
      return ServerSentEvent(name: "propagation", id: nil, data: document)
    }
  }
}
