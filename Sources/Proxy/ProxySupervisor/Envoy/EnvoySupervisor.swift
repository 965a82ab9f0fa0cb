private import Documents
private import Glibc
package import Logging
package import Streams
private import Subprocess
private import Synchronization
private import SystemPackage

/// Keeps one Envoy running: starts it, takes over the one that an earlier supervisor left behind,
/// starts it again when it ends by itself, and ends it with a drain.
package final class EnvoySupervisor: Sendable {
  package struct Settings: Sendable {
    package var executable: String
    package var runFolder: String
    package var nodeID: String
    package var cluster: String
    package var discoverySocket: String
    /// nil: one worker per core.
    package var concurrency: Int?
    package var drainTime: Duration

    package init(
      executable: String, runFolder: String, nodeID: String, cluster: String,
      discoverySocket: String, concurrency: Int?, drainTime: Duration
    ) {
      self.executable = executable
      self.runFolder = runFolder
      self.nodeID = nodeID
      self.cluster = cluster
      self.discoverySocket = discoverySocket
      self.concurrency = concurrency
      self.drainTime = drainTime
    }

    fileprivate var recordPath: String { runFolder + "/envoy.json" }
  }

  private struct State {
    var current: EnvoyRecord?
    var isStopping = false
    var restarts = 0
  }

  /// An Envoy that ran for this long had started well.
  private static let settled = Duration.seconds(1)
  /// For the end of Envoy after it was asked to, before it is made to.
  private static let quitTime = Duration.seconds(5)

  private let settings: Settings
  private let logger: Logger
  private let state = Mutex(State())
  /// The Envoy that an earlier supervisor left behind: it serves until ours does.
  private let orphan: EnvoyRecord?
  /// Whether Envoy takes traffic.
  package let isLive = Latest(false)

  package init(_ settings: Settings, logger: Logger) {
    self.settings = settings
    self.logger = logger
    orphan = Self.orphan(settings)
  }

  /// In seconds: how long what is connected by a filter chain may go on that is gone. Chains change
  /// only where those connected must go, because a cluster is believed no more or a port is closed
  /// to them; whatever else changes comes by routes, clusters and secrets.
  private static let cutTime = 1

  /// Whether an Envoy serves already.
  package var takesOver: Bool { orphan != nil }

  package var restarts: Int { state.withLock { $0.restarts } }
  package var processID: Int64? { state.withLock { $0.current?.processID } }

  package var administration: EnvoyAdministration {
    let epoch = state.withLock { $0.current?.epoch ?? 0 }
    return EnvoyAdministration(socket: administrationSocket(epoch: epoch))
  }

  /// Runs Envoy until `stop()`, or throws when it cannot be started at all. Cancelling the task ends
  /// Envoy without a drain.
  package func run() async throws {
    var backoff = Backoff(first: .milliseconds(100), limit: .seconds(5))
    var predecessor = orphan
    if let orphan {
      logger.notice(
        "taking over from a running Envoy",
        metadata: ["pid": "\(orphan.processID)", "epoch": "\(orphan.epoch)"])
      let socket = administrationSocket(epoch: orphan.epoch)
      isLive.publish(await EnvoyAdministration(socket: socket).isLive())
    }
    while !state.withLock({ $0.isStopping }) {
      try Task.checkCancellation()
      let start = ContinuousClock.now
      let status = try await runOnce(after: predecessor)
      isLive.publish(false)
      if state.withLock({ $0.isStopping }) { return }
      let lasted = ContinuousClock.now - start
      logger.error(
        "Envoy ended", metadata: ["status": "\(status)", "seconds": "\(lasted / .seconds(1))"])
      if let old = predecessor {
        // The restart over the orphan failed, or both are gone: nothing may share its ports.
        predecessor = nil
        await end(old)
      }
      state.withLock { $0.restarts += 1 }
      if lasted > Self.settled { backoff.reset() }
      try await Task.sleep(for: backoff.delay())
    }
  }

  /// Drains and ends Envoy; returns once it is gone. No other is started.
  package func stop() async {
    let current = state.withLock { state in
      state.isStopping = true
      return state.current
    }
    guard let current, current.isRunning(executable: settings.executable) else { return }
    logger.info("draining", metadata: ["seconds": "\(settings.drainTime / .seconds(1))"])
    do {
      try await administration.drain()
      try await Task.sleep(for: settings.drainTime)
      try await administration.quit()
    } catch {
      logger.warning("cannot drain Envoy", metadata: ["error": "\(error)"])
    }
    if await !isGone(current, within: Self.quitTime) { await end(current) }
    removeFile(settings.recordPath)
  }

  private func runOnce(after predecessor: EnvoyRecord?) async throws -> TerminationStatus {
    let baseID = EnvoyRecord.baseID(for: settings.runFolder + "\n" + settings.nodeID)
    let epoch = predecessor.map { $0.epoch + 1 } ?? 0
    let bootstrap = Bootstrap(
      nodeID: settings.nodeID, cluster: settings.cluster,
      discoverySocket: settings.discoverySocket,
      administrationSocket: administrationSocket(epoch: epoch))
    let bootstrapPath = settings.runFolder + "/bootstrap.json"
    try replaceFile(at: bootstrapPath, with: bootstrap.document.canonicalJSON)
    let drain = max(1, settings.drainTime.components.seconds)
    var arguments = [
      "-c", bootstrapPath, "--base-id", String(baseID), "--restart-epoch", String(epoch),
      "--drain-time-s", String(Self.cutTime), "--parent-shutdown-time-s", String(drain + 2),
      "--log-level", "warning",
    ]
    if let concurrency = settings.concurrency {
      arguments += ["--concurrency", String(concurrency)]
    }
    var options = PlatformOptions()
    options.processGroupID = 0  // an interrupt from the terminal is ours to pass on
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
    // Envoy writes to our standard error itself: it goes on when we are killed.
    let result = try await Subprocess.run(
      .path(FilePath(EnvoyParent.executable)),
      arguments: Arguments(EnvoyParent.arguments(envoy: settings.executable, arguments)),
      environment: .custom(["PATH": "/usr/bin:/bin"]), platformOptions: options, input: .none,
      output: .sequence,
      error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
    ) { parent in
      guard let processID = try await Self.announced(parent.standardOutput.strings())
      else { return }
      let record = EnvoyRecord(baseID: baseID, epoch: epoch, processID: processID)
      state.withLock { $0.current = record }
      try replaceFile(at: settings.recordPath, with: record.bytes)
      logger.info(
        "Envoy started", metadata: ["pid": "\(record.processID)", "epoch": "\(epoch)"])
      if await becomesLive(record) {
        isLive.publish(true)
        logger.info("Envoy is live", metadata: ["pid": "\(record.processID)"])
        if let predecessor { await retire(predecessor) }
      }
    }
    // It ends after its parent when that was killed; nobody may share its ports meanwhile.
    if let current = state.withLock({ $0.current }) { await end(current) }
    return result.terminationStatus
  }

  /// The one line that the parent says.
  private static func announced(
    _ lines: some AsyncSequence<String, any Error>
  ) async throws -> Int64? {
    var processID: Int64?
    for try await line in lines { processID = processID ?? Int64(line) }
    return processID
  }

  /// True once it takes traffic, false when it ended before.
  private func becomesLive(_ record: EnvoyRecord) async -> Bool {
    let administration = EnvoyAdministration(socket: administrationSocket(epoch: record.epoch))
    var wait = Duration.milliseconds(20)
    while !Task.isCancelled, !record.hasEnded {
      if await administration.isLive() { return true }
      try? await Task.sleep(for: wait)
      wait = min(wait * 1.5, .milliseconds(200))
    }
    return false
  }

  private static func orphan(_ settings: Settings) -> EnvoyRecord? {
    guard let bytes = try? readFile(at: settings.recordPath, limit: 4096),
      let record = EnvoyRecord(parsing: bytes),
      record.baseID == EnvoyRecord.baseID(for: settings.runFolder + "\n" + settings.nodeID),
      record.isRunning(executable: settings.executable)
    else { return nil }
    return record
  }

  /// Envoy ends its predecessor once connections had time to drain; if it does not, we do, or both
  /// would share the ports for ever.
  private func retire(_ predecessor: EnvoyRecord) async {
    let limit = max(settings.drainTime, .seconds(1)) + Self.quitTime
    if await isGone(predecessor, within: limit) { return }
    logger.warning(
      "the Envoy that was taken over does not end", metadata: ["pid": "\(predecessor.processID)"])
    await end(predecessor)
  }

  private func end(_ record: EnvoyRecord) async {
    for signal in [SIGTERM, SIGKILL] {
      guard record.isRunning(executable: settings.executable) else { return }
      kill(pid_t(truncatingIfNeeded: record.processID), signal)
      if await isGone(record, within: .seconds(2)) { return }
    }
  }

  private func isGone(_ record: EnvoyRecord, within limit: Duration) async -> Bool {
    let deadline = ContinuousClock.now + limit
    while record.isRunning(executable: settings.executable) {
      guard ContinuousClock.now < deadline else { return false }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return true
  }

  private func administrationSocket(epoch: Int64) -> String {
    settings.runFolder + "/admin-\(epoch).sock"
  }
}
