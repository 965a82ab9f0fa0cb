private import DequeModule
internal import Documents
private import Synchronization

/// The resources that a group of subscribers gets, and a log of what changed.
///
/// One writer publishes; any number of sessions follow. A session holds one sequence number and asks
/// for what changed after it, so that the cost of a change does not depend on the size of the view.
/// The log is bounded: a session that is further behind no longer knows what its subscriber has, and
/// ends, so that the subscriber comes back and says it.
package final class View: Sendable {
  private struct State {
    var contents: ViewContents
    var followers: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextFollower = 0
    /// Somebody has looked at it, and may come back for what changed since.
    var isKnown = false
  }

  private let state: Mutex<State>

  package convenience init() { self.init(logCapacity: 8192, perResource: 2) }

  /// - Parameters:
  ///   - logCapacity: how many changes are remembered.
  ///   - perResource: how many for each resource, when that is more: most of a large view may change
  ///     at once, and who follows must not lose track because of it.
  package init(logCapacity: Int, perResource: Int = 0) {
    state = Mutex(
      State(contents: ViewContents(logCapacity: logCapacity, perResource: perResource)))
  }

  /// Publishes a change as one step. `generation` is what subscribers report back once they have
  /// acknowledged everything of it; it never goes back. A resource whose version is the one already
  /// there, and a removal of what is not there, change nothing.
  package func publish(upserts: [Resource], removals: [ResourceName], generation: Int64) {
    // Hashing is the expensive part and needs no lock.
    let framed = upserts.map { ($0.name, FramedResource($0)) }
    let followers = state.withLock { state in
      state.contents.apply(upserts: framed, removals: removals, generation: generation)
      // Nobody knows a sequence to ask from: what a view begins with is no change to anybody.
      if !state.isKnown { state.contents.cutLog() }
      return Array(state.followers.values)
    }
    for follower in followers { follower.yield() }
  }

  /// The generation of the newest step.
  package var generation: Int64 { state.withLock { $0.contents.generation } }

  package func resource(_ name: ResourceName) -> Resource? {
    state.withLock { $0.contents.resource(name) }?.resource(named: name)
  }

  /// Everything, sorted by type and name. For inspection: the cost follows the size of the view.
  package var resources: [Resource] {
    let tables = state.withLock { $0.contents.types }
    return tables.sorted { ResourceType.precedes($0.key, $1.key) }.flatMap { type, table in
      table.sorted { $0.key < $1.key }.map { $1.resource(named: ResourceName(type, $0)) }
    }
  }

  /// Sorts the names of a type once for all who come while no name comes or goes.
  func sortNames(of type: ResourceType) { state.withLock { $0.contents.sortNames(of: type) } }

  /// Runs `body` with a consistent view of everything, under the lock: it must be short.
  func read<Result>(_ body: (borrowing ViewContents) -> Result) -> Result {
    state.withLock { state in
      state.isKnown = true
      return body(state.contents)
    }
  }

  /// Wakes `continuation` after every step, until `unfollow`.
  func follow(_ continuation: AsyncStream<Void>.Continuation) -> Int {
    state.withLock { state in
      state.nextFollower += 1
      state.followers[state.nextFollower] = continuation
      return state.nextFollower
    }
  }

  func unfollow(_ follower: Int) {
    state.withLock { _ = $0.followers.removeValue(forKey: follower) }
  }
}

/// A resource as it goes into responses. Small, as every response copies those that it is made of.
struct FramedResource: Sendable {
  private final class Content: Sendable {
    let version: String
    /// The resource's own, not a copy.
    let body: [UInt8]
    let size: Int
    let hash: StableHash

    init(_ resource: Resource) {
      version = resource.version
      body = resource.body
      size = Framing.size(of: resource)
      hash = ContentDigest.member(resource.name.name, resource.version)
    }
  }

  private let content: Content
  /// The sequence of the step that brought this version.
  var changed: Int64 = 0

  init(_ resource: Resource) { content = Content(resource) }

  var version: String { content.version }
  /// Of field 2 of a response, in bytes.
  var size: Int { content.size }
  /// Of name and version.
  var hash: StableHash { content.hash }

  func append(named name: ResourceName, to bytes: inout [UInt8]) {
    Framing.append(resource(named: name), to: &bytes)
  }

  func resource(named name: ResourceName) -> Resource {
    Resource(name: name, version: content.version, body: content.body)
  }
}

struct ViewContents: Sendable {
  private struct Change {
    var sequence: Int64
    var name: ResourceName
    /// The version that was replaced or removed.
    var before: String?
  }

  private(set) var types: [ResourceType: [String: FramedResource]] = [:]
  private var digests: [ResourceType: ContentDigest] = [:]
  private var sortedNames: [ResourceType: [String]] = [:]
  /// The number of the newest step; grows by one with each.
  private(set) var sequence: Int64 = 0
  private(set) var generation: Int64 = 0
  private let logCapacity: Int
  private let perResource: Int
  private var count = 0
  /// Of all frames.
  private(set) var bytes = 0
  private var log: Deque<Change> = []
  /// Every change after this sequence is in the log.
  private var logStart: Int64 = 0
  private let memo = ViewChanges.Memo()

  init(logCapacity: Int, perResource: Int) {
    self.logCapacity = logCapacity
    self.perResource = perResource
  }

  func table(_ type: ResourceType) -> Holdings.Table { types[type] ?? [:] }

  func digest(_ type: ResourceType) -> ContentDigest { digests[type] ?? ContentDigest() }

  func resource(_ name: ResourceName) -> FramedResource? { types[name.type]?[name.name] }

  func names(of type: ResourceType) -> [String] { sortedNames[type] ?? table(type).keys.sorted() }

  mutating func sortNames(of type: ResourceType) { sortedNames[type] = names(of: type) }

  /// What changed after `sequence`; nil when the log does not reach back so far.
  func changes(after sequence: Int64) -> ViewChanges? {
    guard sequence >= logStart else { return nil }
    guard sequence < self.sequence else { return ViewChanges(after: sequence, until: sequence) }
    return memo.changes(after: sequence, until: self.sequence) {
      let newest = log.reversed().prefix { $0.sequence > sequence }
      return ViewChanges(
        after: sequence, until: self.sequence,
        newestFirst: newest.lazy.map { ($0.name, before: $0.before) })
    }
  }

  /// Whether more than `count` changes came after `sequence`.
  func hasMoreChanges(than count: Int, after sequence: Int64) -> Bool {
    log.count > count && log[log.endIndex - 1 - count].sequence > sequence
  }

  mutating func apply(
    upserts: [(ResourceName, FramedResource)], removals: [ResourceName], generation: Int64
  ) {
    sequence += 1
    self.generation = max(self.generation, generation)
    for (name, framed) in upserts {
      let before = types[name.type]?[name.name]
      guard before?.version != framed.version else { continue }
      var framed = framed
      framed.changed = sequence
      types[name.type, default: [:]][name.name] = framed
      digests[name.type, default: ContentDigest()].insert(framed.hash)
      if before == nil { sortedNames[name.type] = nil }
      count += 1
      bytes += framed.size
      replaced(before, name)
    }
    for name in removals {
      guard let before = types[name.type]?.removeValue(forKey: name.name) else { continue }
      sortedNames[name.type] = nil
      replaced(before, name)
    }
    trim()
  }

  private mutating func replaced(_ before: FramedResource?, _ name: ResourceName) {
    if let before {
      digests[name.type]?.remove(before.hash)
      count -= 1
      bytes -= before.size
    }
    log.append(Change(sequence: sequence, name: name, before: before?.version))
  }

  /// Forgets what has changed so far.
  mutating func cutLog() {
    log = []
    logStart = sequence
  }

  private mutating func trim() {
    let capacity = max(logCapacity, perResource * count)
    while log.count > capacity, let oldest = log.popFirst() { logStart = oldest.sequence }
  }
}
