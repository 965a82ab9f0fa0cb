import Blueprints
import Documents

/// What one cluster has of what it must have, and who is there: a value that reports are fed into.
struct ClusterProgress {
  /// The way of one generation. Moments are microseconds since 1970 on the server's clock.
  struct Step {
    let generation: Int64
    var sentAt: Int64?
    /// When the agent's word that it is on its disk arrived.
    var storedAt: Int64?
    /// When the agent's word that the last proxy has answered arrived.
    var completedAt: Int64?
    /// The report of the delta that carried this generation, perhaps together with newer ones.
    var carriedBy: GenerationProgress?
  }

  var isConnected = false
  var version = ""
  /// Milliseconds since 1970: when it came or went.
  var since: Int64 = 0
  private(set) var acknowledged: Int64 = 0
  private(set) var proxies: [String: ProxyState] = [:]
  /// What the agent says of its proxies; while it is away, or has not said yet which there are, none
  /// of them is known to be connected.
  var presentProxies: [ProxyState] {
    let isKnown = isConnected && knowsProxies
    return proxies.values.map { proxy in
      var proxy = proxy
      proxy.connected = proxy.connected && isKnown
      return proxy
    }
  }
  private(set) var rejections: [ItemKey: ItemRejection] = [:]
  /// Ascending. Older ones are dropped, and count as complete once acknowledged.
  private(set) var steps: [Step] = []

  /// How many connected proxies stand at which generation: finds the slowest without a walk.
  private var standing: [Int64: Int] = [:]
  /// Whether the agent has said what proxies there are since it connected.
  private var knowsProxies = false

  static let stepLimit = 256

  // MARK: Deltas

  mutating func published(generation: Int64) {
    guard generation > (steps.last?.generation ?? 0) else { return }
    steps.append(Step(generation: generation))
    if steps.count > Self.stepLimit { steps.removeFirst(Self.stepLimit / 2) }
  }

  mutating func sent(generation: Int64, at now: Int64) {
    var index = count(upTo: generation) - 1
    while index >= 0, steps[index].sentAt == nil {
      steps[index].sentAt = now
      index -= 1
    }
  }

  mutating func acknowledged(generation: Int64, at now: Int64) {
    acknowledged = max(acknowledged, generation)
    var index = count(upTo: generation) - 1
    while index >= 0, steps[index].storedAt == nil {
      steps[index].storedAt = now
      index -= 1
    }
  }

  mutating func report(_ progress: GenerationProgress, at now: Int64) {
    var index = count(upTo: progress.generation) - 1
    while index >= 0 {
      if let earlier = steps[index].carriedBy, earlier.generation != progress.generation { break }
      steps[index].carriedBy = progress
      if progress.isComplete, steps[index].completedAt == nil { steps[index].completedAt = now }
      index -= 1
    }
  }

  /// How many steps have a generation that is not newer.
  private func count(upTo generation: Int64) -> Int {
    steps.partitioningIndex { $0.generation > generation }
  }

  func step(_ generation: Int64) -> Step? {
    let index = count(upTo: generation) - 1
    guard index >= 0, steps[index].generation == generation else { return nil }
    return steps[index]
  }

  /// Whether every proxy that this generation concerned has answered.
  func isComplete(_ generation: Int64) -> Bool {
    guard acknowledged >= generation else { return false }
    guard let step = step(generation) else { return true }
    if step.carriedBy?.isComplete == true { return true }
    // Reports are not repeated to a server that restarted, but proxies say where they stand.
    guard isConnected, knowsProxies else { return false }
    return slowest.map { $0 >= generation } ?? true
  }

  private var slowest: Int64? { standing.keys.min() }

  // MARK: Agent and proxies

  mutating func connected(version: String, at now: Int64) {
    isConnected = true
    self.version = version
    since = now
    knowsProxies = false
  }

  mutating func disconnected(at now: Int64) {
    isConnected = false
    since = now
  }

  mutating func report(full: Bool, proxies reported: [ProxyState], removed: [String]) {
    if full {
      proxies = [:]
      standing = [:]
      knowsProxies = true
    }
    for nodeID in removed { replace(nodeID, with: nil) }
    for proxy in reported { replace(proxy.nodeID, with: proxy) }
  }

  private mutating func replace(_ nodeID: String, with proxy: ProxyState?) {
    let before = proxies[nodeID]
    proxies[nodeID] = proxy
    if let before, before.connected {
      let left = (standing[before.acknowledgedGeneration] ?? 1) - 1
      standing[before.acknowledgedGeneration] = left > 0 ? left : nil
    }
    if let proxy, proxy.connected { standing[proxy.acknowledgedGeneration, default: 0] += 1 }
  }

  mutating func report(full: Bool, rejections reported: [ItemRejection], removed: [ItemKey]) {
    if full { rejections = [:] }
    for key in removed { rejections[key] = nil }
    for rejection in reported { rejections[rejection.key] = rejection }
  }
}

extension GenerationProgress {
  /// Whether every proxy that was told has answered.
  package var isComplete: Bool { translatedAfter > 0 && acknowledged + rejected >= told }
}
