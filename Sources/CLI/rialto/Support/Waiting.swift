import Documents
import ManagementClient
import Model
import Synchronization

extension Session {
  /// A server that ends its streams at once is not asked as often as it can answer.
  private static let pauseBetweenStreams = Duration.milliseconds(250)

  /// Runs something and stops it after a time; nil when the time was up first.
  func within<Result: Sendable>(
    _ timeout: Duration, _ work: @escaping @Sendable () async throws -> Result
  ) async throws -> Result? {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      let sleep = sleep
      group.addTask { try await work() }
      group.addTask {
        try await sleep(timeout)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  /// Comes back when every object is in force; throws as soon as one is refused for good.
  /// - Throws: `Failure`: not ready, or not in time.
  func wait(until refs: [ResourceRef], _ condition: WaitCondition, timeout: Duration) async throws {
    let (client, sleep) = (client, sleep)
    let isDone = try await within(timeout) {
      let pending = Pending(refs)
      // Whatever happens between asking and watching is an event: the stream begins a little
      // before now, and each of its events is a reason to ask again.
      while true {
        if try await pending.check(client, condition) { return true }
        try await client.watch { _ in try await !pending.check(client, condition) }
        if await pending.isEmpty { return true }
        try await sleep(Self.pauseBetweenStreams)
      }
    }
    if isDone == true { return }
    throw Failure(
      .timedOut, .timeout,
      "\(refs.map(\.shortText).joined(separator: ", ")): not \(condition.rawValue) "
        + "within \(timeout.components.seconds)s",
      advice: "'rialto status \(refs.first?.fqn ?? "")' shows how far it has come.")
  }
}

extension Session {
  /// Comes back when every proxy, or agent, that a change concerns has it.
  /// - Throws: `Failure`: a proxy refuses it, or not in time.
  func wait(
    forChange revision: Int64, _ condition: WaitCondition = .ready, timeout: Duration
  ) async throws {
    let (client, sleep) = (client, sleep)
    let isDone = try await within(timeout) {
      while true {
        if try await client.isDone(condition, change: revision) { return true }
        let isDone = Mutex(false)
        try await client.watch { _ in
          let isDoneNow = try await client.isDone(condition, change: revision)
          isDone.withLock { $0 = isDoneNow }
          return !isDoneNow
        }
        if isDone.withLock({ $0 }) { return true }
        try await sleep(Self.pauseBetweenStreams)
      }
    }
    guard isDone == true else {
      throw Failure(
        .timedOut, .timeout,
        "change \(revision) is not \(condition.rawValue) within "
          + "\(timeout.components.seconds)s",
        advice: "'rialto changes \(revision)' shows how far it is.")
    }
    let change = try await client.change(revision)
    let rows = change[["propagation", "clusters"]]?.list ?? []
    guard !rows.contains(where: { ($0["rejected"]?.integer ?? 0) > 0 }) else {
      throw Failure(
        .failed, .notReady, "an Envoy refuses a part of change \(revision)",
        advice: "'rialto changes \(revision)' and 'rialto status' say which.")
    }
  }

  /// Comes back when every change is in force everywhere.
  /// - Throws: `Failure`: something is refused, or not in time.
  func waitForEverything(timeout: Duration) async throws {
    let (client, sleep) = (client, sleep)
    let isDone = try await within(timeout) {
      while true {
        if try await client.isEverythingInForce() { return true }
        let isDone = Mutex(false)
        try await client.watch { _ in
          let isInForce = try await client.isEverythingInForce()
          isDone.withLock { $0 = isInForce }
          return !isInForce
        }
        if isDone.withLock({ $0 }) { return true }
        try await sleep(Self.pauseBetweenStreams)
      }
    }
    guard isDone == true else {
      throw Failure(
        .timedOut, .timeout, "not everything is in force within \(timeout.components.seconds)s",
        advice: "'rialto status' shows what is missing.")
    }
    let refused = try await client.agents()["rejections"]?.list ?? []
    guard refused.isEmpty else {
      throw Failure(
        .failed, ClientCode.notReady.rawValue,
        refused.map { rejection in
          "\(rejection["cluster"]?.string ?? "-"): \(rejection["resourceName"]?.string ?? "-"): "
            + (rejection["reason"]?.string ?? "-")
        }, advice: "'rialto status' shows what is missing.")
    }
  }
}

extension ManagementClient {
  /// Whether a change has come so far.
  fileprivate func isDone(_ condition: WaitCondition, change revision: Int64) async throws -> Bool {
    let propagation = try await change(revision)["propagation"]
    if propagation?["isComplete"]?.bool == true { return true }
    return condition == .configured && propagation?["isCompiled"]?.bool == true
      && isStored(in: propagation?["clusters"])
  }

  /// Whether every recent change has come to its end.
  fileprivate func isEverythingInForce() async throws -> Bool {
    try await changes(limit: 100).allSatisfy { $0[["propagation", "isComplete"]]?.bool == true }
  }
}

/// Whether every cluster's agent has it.
private func isStored(in clusters: Document?) -> Bool {
  (clusters?.list ?? []).allSatisfy { $0[["stages", "stored"]]?.integer != nil }
}

enum WaitCondition: String, CaseIterable, Sendable {
  case ready
  /// Compiled, and kept by every agent concerned; their Envoys may not have it yet.
  case configured
  case deleted
}

/// What is still being waited for. An actor, because one check must be over before the next begins.
private actor Pending {
  private var refs: [ResourceRef]

  init(_ refs: [ResourceRef]) { self.refs = refs }

  var isEmpty: Bool { refs.isEmpty }

  /// Whether nothing is left to wait for.
  func check(_ client: ManagementClient, _ condition: WaitCondition) async throws -> Bool {
    var rest: [ResourceRef] = []
    for ref in refs where try await !Self.holds(condition, for: ref, client) { rest.append(ref) }
    refs = rest
    return rest.isEmpty
  }

  private static func holds(
    _ condition: WaitCondition, for ref: ResourceRef, _ client: ManagementClient
  ) async throws -> Bool {
    let status: Document
    do { status = try await client.status(of: ref) } catch ClientError.refused(let problem)
      where problem.status == 404 && condition == .deleted
    { return true }
    guard condition != .deleted else { return false }
    switch status["state"]?.string {
    case "READY"?: return true
    case "FAILED"?:
      guard try await isCompiled(status, client) else { return false }
      throw Failure(
        .failed, ClientCode.notReady.rawValue, ["\(ref.fqn) has failed:"] + reasons(status),
        advice: "'rialto status \(ref.fqn)' shows all of it.")
    default:
      guard condition == .configured, isStored(in: status["clusters"]) else { return false }
      return try await isCompiled(status, client)
    }
  }

  /// Until the revision is compiled, a failure is that of the one before.
  private static func isCompiled(
    _ status: Document, _ client: ManagementClient
  ) async throws -> Bool {
    guard let revision = status["revision"]?.integer, revision > 0 else { return true }
    let change = try await client.change(revision)
    return change[["propagation", "isCompiled"]]?.bool ?? true
  }

  private static func reasons(_ status: Document) -> [String] {
    let problems = (status["problems"]?.list ?? []).compactMap { $0["detail"]?.string }
    let rejections = (status["clusters"]?.list ?? []).flatMap { cluster in
      (cluster["rejections"]?.list ?? []).compactMap { rejection in
        rejection["reason"]?.string.map { "\(cluster["cluster"]?.string ?? "-"): \($0)" }
      }
    }
    return problems + rejections
  }
}
