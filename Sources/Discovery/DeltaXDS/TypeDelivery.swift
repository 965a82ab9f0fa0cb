/// What one response says about one name.
struct Entry: Sendable {
  var name: String
  /// Nil: the name is gone.
  var framed: FramedResource?
  /// The step of the view at which this was so.
  var readAt: Int64

  /// For what was read in another view.
  static let beforeAnyStep: Int64 = -1
}

/// A response that waits for its acknowledgement.
struct Response: Sendable {
  var nonce: String
  var entries: [Entry]
  /// It answers a subscription, so its generation is settled only once it is acknowledged.
  var isAnswer: Bool
}

/// One type on one stream: what the subscriber asked for, has, refused, and is still to get.
struct TypeDelivery: Sendable {
  private enum Underway {
    case upsert(version: String)
    case removal
  }

  /// What is to be known before anything is sent: what the subscriber has, as its digest is not the
  /// one of the view.
  enum Question: Hashable {
    case unasked
    case asked(nonce: String)
  }

  let type: ResourceType
  var question: Question?
  var isWildcard = false
  var names: Set<String> = []

  /// What the subscriber acknowledged, or said it has.
  var held = Holdings()
  /// The versions that it refused; they are not sent again.
  private(set) var refused: [String: String] = [:]
  /// Sent and not yet acknowledged or refused, isolation included.
  private var underway: [String: Underway] = [:]
  private(set) var inFlight: Response?
  /// Parts of a refused response, to be sent one by one until the offender is found.
  private(set) var isolation: [[Entry]] = []

  /// The first wildcard request must be answered, if need be with nothing.
  var isOwedAnswer = false
  /// Names to be answered whether or not the subscriber has them.
  var answers = NameQueue()
  /// Everything that was in the view when it was first asked for; each is answered in its turn, unless
  /// something else brings it before.
  private(set) var walk: Walk?
  /// Names that changed. Those with an entry are sent as they were at the start of the current step,
  /// others as they are when they are sent.
  private(set) var pending = NameQueue()
  /// Names that go last, once nothing refers to them any more.
  var removals = NameQueue()

  init(type: ResourceType) { self.type = type }

  func isSubscribed(to name: String) -> Bool { isWildcard || names.contains(name) }

  /// Something of this name is, or may be, at the subscriber.
  func knows(_ name: String, in table: Holdings.Table) -> Bool {
    refused[name] != nil || underway[name] != nil || held.version(of: name, in: table) != nil
  }

  /// The names of which it has, refused or is getting something; when it subscribes to everything,
  /// without those that it has as they are in the view.
  var listedNames: Set<String> {
    Set(held.listedNames).union(refused.keys).union(underway.keys)
  }

  /// These, and those that it subscribes to; sorted.
  var allNames: [String] { listedNames.union(names).sorted() }

  /// Names that cost memory on this stream.
  var entryCount: Int {
    held.count + refused.count + underway.count + answers.count + pending.count + removals.count
      + (inFlight?.entries.count ?? 0) + isolation.reduce(0) { $0 + $1.count }
  }

  /// Some version of it is sent and not yet acknowledged or refused.
  func isGetting(_ name: String) -> Bool {
    if case .upsert = underway[name] { true } else { false }
  }

  /// The subscriber neither has this version, nor is getting it, nor refused it.
  func lacks(_ framed: FramedResource, named name: String, in table: Holdings.Table) -> Bool {
    switch underway[name] {
    case .upsert(let version): version != framed.version
    case .removal: true
    case nil:
      refused[name] != framed.version && held.version(of: name, in: table) != framed.version
    }
  }

  var hasAnswers: Bool { !answers.isEmpty || walk != nil }

  /// Something is still to be sent, be it blocked or not. Removals that go last do not count.
  var hasUnsent: Bool {
    question != nil || isOwedAnswer || hasAnswers || !pending.isEmpty || !isolation.isEmpty
  }

  func hasUnsent(_ name: String) -> Bool {
    answers.contains(name) || pending.contains(name)
      || isolation.contains { $0.contains { $0.name == name } } || awaitsWalk(name)
  }

  /// A name among those still to be sent that `matches`.
  func unsentContains(where matches: (String) -> Bool) -> Bool {
    answers.names.contains(where: matches) || pending.names.contains(where: matches)
      || isolation.contains { $0.contains { matches($0.name) } }
      || walk?.rest.contains { matches($0) && !isSeenTo($0) } == true
  }

  /// The walk will come to it, and send it.
  private func awaitsWalk(_ name: String) -> Bool {
    walk?.comes(to: name) == true && !isSeenTo(name)
  }

  /// Something else than the walk has brought the name, or will.
  private func isSeenTo(_ name: String) -> Bool {
    underway[name] != nil || held.lists(name) || refused[name] != nil || names.contains(name)
  }

  /// Sends all of `names`, which are sorted, to a subscriber that has at most what is listed.
  mutating func beginWalk(through names: [String]) {
    walk = Walk(names)
    held.beginWalk()
    // From before it gave up a subscription: whether it has kept it nobody can tell.
    for entry in (inFlight?.entries ?? []) + isolation.joined() { answers.append(entry.name) }
    if walk == nil { held.endWalk(in: [:]) }
  }

  /// Makes room for so many changes.
  mutating func reserve(_ count: Int) { pending.reserveCapacity(count) }

  /// - Parameter entry: what to say about the name, whatever it may be when its turn comes.
  mutating func enqueue(_ name: String, as entry: Entry? = nil) {
    pending.append(name, entry: entry)
  }

  /// It no longer subscribes to everything; forgotten names are returned.
  mutating func narrow(in table: Holdings.Table) -> Set<String> {
    isWildcard = false
    isOwedAnswer = false
    walk = nil
    let others = listedNames.union(answers.names).union(table.keys).subtracting(names)
    held.narrow(to: names, in: table)
    for name in others { forget(name) }
    return others
  }

  mutating func forget(_ name: String) {
    held.forget(name)
    refused[name] = nil
    underway[name] = nil
    answers.remove(name)
    removals.remove(name)
    pending.remove(name)
  }

  /// Another view takes over: forgets what was still to be sent, but not the answers that the
  /// subscriber waits for, nor what is under way.
  mutating func rebase(from old: Holdings.Table, to new: Holdings.Table) {
    let stale = { (entry: Entry) in
      Entry(name: entry.name, framed: entry.framed, readAt: Entry.beforeAnyStep)
    }
    if var response = inFlight {
      response.entries = response.entries.map(stale)
      inFlight = response
    }
    isolation = isolation.map { $0.map(stale) }
    for name in walk?.rest ?? [] where !isSeenTo(name) { answers.append(name) }
    walk = nil
    held.rebase(from: old, to: new)
    pending.removeAll()
    removals.removeAll()
  }
}

// MARK: Sending

extension TypeDelivery {
  /// What may be taken for the next response.
  struct Allowance {
    var answers: Bool
    var changes: Bool
    /// Answers newer than this step wait, as they may refer to clusters that were not sent yet.
    var newestAnswer: Int64?
    /// Bytes of resources.
    var bytes: Int
    /// More bytes, if there is nothing left after them.
    var rest: Int
    /// Answers of wildcard subscriptions that something else must precede. They are looked at again
    /// when one of them is put first, and when an allowance comes that defers nothing.
    var defers: ((String) -> Bool)?
    /// Likewise changes.
    var defersChange: ((String) -> Bool)?
  }

  /// The next response, or nil when there is nothing to send. `dropped` gets the names that turned
  /// out to need nothing.
  mutating func nextEntries(
    from contents: borrowing ViewContents, within allowance: Allowance, dropped: inout [String]
  ) -> (entries: [Entry], isAnswer: Bool)? {
    guard inFlight == nil, question == nil else { return nil }
    while !isolation.isEmpty {
      let group = isolation.removeFirst().filter { isSubscribed(to: $0.name) }
      // What it says about a name answers for that name, too.
      for entry in group { answers.remove(entry.name) }
      if !group.isEmpty { return (group, true) }
    }

    var batch = Batch(limit: allowance.bytes, rest: allowance.rest)
    var isAnswer = false
    if allowance.answers {
      takeAnswers(from: contents, within: allowance, into: &batch, dropped: &dropped)
      isAnswer = !batch.entries.isEmpty
    }
    if allowance.changes {
      if allowance.defersChange == nil { pending.recall() }
      while let (name, captured) = pending.popFirst() {
        if let defers = allowance.defersChange, !names.contains(name), defers(name) {
          pending.postpone(name, entry: captured)
          continue
        }
        if let entry = change(of: name, captured: captured, from: contents) {
          guard batch.add(entry, before: waitingCount) else {
            pending.prepend(name, entry: captured)
            break
          }
          answers.remove(name)
        } else {
          dropped.append(name)
        }
      }
    }
    if !batch.entries.isEmpty { return (batch.entries, isAnswer) }
    guard isOwedAnswer, allowance.answers, !hasAnswers else { return nil }
    return ([], true)
  }

  /// How many names may follow the one at hand.
  private var waitingCount: Int { answers.count + pending.count + (walk?.rest.count ?? 0) }

  /// The entries of one response, as many as fit.
  private struct Batch {
    let limit: Int
    let rest: Int
    private(set) var entries: [Entry] = []
    private var size = 0

    init(limit: Int, rest: Int) {
      self.limit = limit
      self.rest = rest
    }

    /// False when the entry must wait for the next response. `count` of them may follow.
    mutating func add(_ entry: Entry, before count: @autoclosure () -> Int) -> Bool {
      let bytes = entry.framed?.size ?? entry.name.utf8.count + 8
      guard entries.isEmpty || size + bytes <= limit || endsSoon(with: bytes, before: count())
      else { return false }
      size += bytes
      entries.append(entry)
      return true
    }

    /// Whether what is left is a small rest, if it is like what there is so far.
    private func endsSoon(with bytes: Int, before count: Int) -> Bool {
      size + bytes + count * (size / entries.count) <= limit + rest
    }
  }

  private mutating func takeAnswers(
    from contents: borrowing ViewContents, within allowance: Allowance, into batch: inout Batch,
    dropped: inout [String]
  ) {
    if allowance.defers == nil { answers.recall() }
    let table = contents.table(type)
    var later: [String] = []
    var hasRoom = true
    while hasRoom, let name = answers.popFirst()?.name {
      switch answer(to: name, in: table, at: contents.sequence, within: allowance) {
      case .nothing:
        if !pending.contains(name) { dropped.append(name) }
      case .isTooNew: later.append(name)
      case .isDeferred: answers.postpone(name)
      case .entry(let entry):
        hasRoom = batch.add(entry, before: waitingCount)
        guard hasRoom else {
          answers.prepend(name)
          break
        }
        pending.remove(name)
        // So that the walk passes it by.
        if walk?.comes(to: name) == true { held.list(name) }
      }
    }
    walking: while hasRoom, let name = walk?.next {
      if !isSeenTo(name), !answers.contains(name) {
        switch answer(to: name, in: table, at: contents.sequence, within: allowance) {
        case .nothing:
          if !pending.contains(name) { dropped.append(name) }
        case .isTooNew: later.append(name)
        // What comes after it may wait a little longer than it has to.
        case .isDeferred: break walking
        case .entry(let entry):
          hasRoom = batch.add(entry, before: waitingCount - 1)
          guard hasRoom else { break walking }
          pending.remove(name)
        }
      }
      walk?.advance()
      held.pass(name)
    }
    if walk != nil, walk?.next == nil {
      walk = nil
      held.endWalk(in: table)
    }
    for name in later { answers.append(name) }
  }

  private enum Answer {
    case nothing
    /// It may refer to what was not sent yet.
    case isTooNew
    /// Something else must precede it.
    case isDeferred
    case entry(Entry)
  }

  private func answer(
    to name: String, in table: Holdings.Table, at sequence: Int64, within allowance: Allowance
  ) -> Answer {
    guard isSubscribed(to: name) else { return .nothing }
    guard let framed = table[name] else {
      return names.contains(name) || knows(name, in: table)
        ? .entry(Entry(name: name, framed: nil, readAt: sequence)) : .nothing
    }
    if let version = refused[name], version == framed.version { return .nothing }
    if let newest = allowance.newestAnswer, framed.changed > newest { return .isTooNew }
    if let defers = allowance.defers, !names.contains(name), defers(name) { return .isDeferred }
    return .entry(Entry(name: name, framed: framed, readAt: sequence))
  }

  /// What is to be said about a changed name; nil when nothing is.
  private func change(
    of name: String, captured: Entry?, from contents: borrowing ViewContents
  ) -> Entry? {
    guard isSubscribed(to: name) else { return nil }
    if let entry = captured {
      // It may have refused what was under way when the step began, and have this already.
      let table = contents.table(type)
      let isNews =
        entry.framed.map { lacks($0, named: name, in: table) } ?? knows(name, in: table)
      return isNews ? entry : nil
    }
    guard let framed = contents.resource(ResourceName(type, name)),
      lacks(framed, named: name, in: contents.table(type))
    else { return nil }
    return Entry(name: name, framed: framed, readAt: contents.sequence)
  }

  /// The names that may go last now, as far as they are still gone.
  mutating func nextRemovals(
    from contents: borrowing ViewContents, bytes: Int, dropped: inout [String]
  ) -> [Entry] {
    guard inFlight == nil else { return [] }
    var entries: [Entry] = []
    var size = 0
    while size <= bytes, let name = removals.popFirst()?.name {
      let table = contents.table(type)
      guard isSubscribed(to: name), table[name] == nil, knows(name, in: table) else {
        dropped.append(name)
        continue
      }
      size += name.utf8.count + 8
      entries.append(Entry(name: name, framed: nil, readAt: contents.sequence))
    }
    return entries
  }

  mutating func sent(_ response: Response) {
    inFlight = response
    isOwedAnswer = false
    for entry in response.entries {
      underway[entry.name] = entry.framed.map { .upsert(version: $0.version) } ?? .removal
    }
  }
}

// MARK: Answers of the subscriber

extension TypeDelivery {
  /// The outcome of a response: names that are done, and what to report.
  struct Outcome {
    var done: [Entry] = []
    var accepted: [AcknowledgedResource] = []
    var rejected: [(resource: AcknowledgedResource, reason: String)] = []
  }

  /// Everything of the response is in force; `position` is that of the view that was last looked at.
  mutating func acknowledge(nonce: String, at position: Int64) -> Outcome {
    guard let response = takeInFlight(nonce) else { return Outcome() }
    // Without striking each off: nothing else is under way.
    if isolation.isEmpty { underway = [:] }
    var outcome = Outcome()
    outcome.done.reserveCapacity(response.entries.count)
    outcome.accepted.reserveCapacity(response.entries.count)
    for entry in response.entries { accept(entry, at: position, into: &outcome) }
    return outcome
  }

  /// Something of the response is refused: the resources in `offenders` (name → reason), or, when
  /// they are not named, one that is found by sending the resources again in parts.
  mutating func refuse(nonce: String, offenders: [String: String], reason: String) -> Outcome {
    guard let response = takeInFlight(nonce) else { return Outcome() }
    var outcome = Outcome()
    let upserts = response.entries.filter { $0.framed != nil }
    let areNamed = upserts.contains { offenders[$0.name] != nil }
    if areNamed || upserts.count <= 1 && upserts.count == response.entries.count {
      for entry in response.entries {
        if let framed = entry.framed, !areNamed || offenders[entry.name] != nil {
          refuse(entry, framed, reason: offenders[entry.name] ?? reason, into: &outcome)
        } else {
          accept(entry, into: &outcome)
        }
      }
      return outcome
    }
    let gone = response.entries.filter { $0.framed == nil }
    if upserts.isEmpty {
      // A removal has no content that could be wrong; there is nothing to find.
      for entry in gone { accept(entry, into: &outcome) }
      return outcome
    }
    let middle = upserts.count / 2
    let groups = [gone, Array(upserts[..<middle]), Array(upserts[middle...])]
    isolation.insert(contentsOf: groups.filter { !$0.isEmpty }, at: 0)
    return outcome
  }

  /// What was acknowledged turns out to be refused; false when it is not what the subscriber has.
  mutating func refuse(_ name: String, version: String, in table: Holdings.Table) -> Bool {
    guard held.version(of: name, in: table) == version else { return false }
    held.set(nil, of: name)
    refused[name] = version
    return true
  }

  private mutating func takeInFlight(_ nonce: String) -> Response? {
    guard let response = inFlight, response.nonce == nonce else { return nil }
    inFlight = nil
    return response
  }

  private mutating func arrived(_ name: String) {
    guard !underway.isEmpty else { return }
    underway[name] = nil
    // An emptied dictionary keeps the memory of its largest size.
    if underway.isEmpty { underway = [:] }
  }

  private mutating func accept(
    _ entry: Entry, at position: Int64? = nil, into outcome: inout Outcome
  ) {
    arrived(entry.name)
    outcome.done.append(entry)
    guard isSubscribed(to: entry.name) else { return }
    if !refused.isEmpty { refused[entry.name] = nil }
    held.set(entry.framed?.version, of: entry.name, isInView: entry.readAt == position)
    if let framed = entry.framed {
      outcome.accepted.append(
        AcknowledgedResource(name: ResourceName(type, entry.name), version: framed.version))
    }
  }

  private mutating func refuse(
    _ entry: Entry, _ framed: FramedResource, reason: String, into outcome: inout Outcome
  ) {
    arrived(entry.name)
    outcome.done.append(entry)
    guard isSubscribed(to: entry.name) else { return }
    refused[entry.name] = framed.version
    outcome.rejected.append(
      (
        AcknowledgedResource(name: ResourceName(type, entry.name), version: framed.version),
        reason
      ))
  }
}
