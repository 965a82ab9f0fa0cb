import AgentStore
import ClusterAgent
import DeltaXDS
import Foundation
import Identity
import Logging
import ProxySupervisor
import Synchronization

/// Simulated proxies of one site, which come and go together.
final class Crowd: Sendable {
  let catalogue: Catalogue
  let tally: Tally
  let proxies: [SimulatedProxy]
  private let running = Mutex<[Int: Task<Void, Never>]>([:])
  /// Streams that ended by themselves.
  private let failures = Mutex<[String]>([])

  private init(catalogue: Catalogue, proxies: [SimulatedProxy], tally: Tally) {
    self.catalogue = catalogue
    self.proxies = proxies
    self.tally = tally
  }

  /// What its members are.
  struct Member: Sendable {
    var grant: WorkloadGrant
    var address: String
    var ports: [Int] = []
    /// How long it thinks before each acknowledgement.
    var delay = Duration.zero
    /// It refuses changes of routes with this in their names.
    var refuses: String?
  }

  /// Lets all members join, a few at a time.
  static func join(_ members: [Member], at site: Site, logger: Logger) async throws -> Crowd {
    let catalogue = Catalogue()
    let tally = Tally()
    let enrollment = Enrollment(agent: site.agent, version: "bench", logger: logger)
    let proxies = try await withThrowingTaskGroup(of: SimulatedProxy.self) { group in
      var joined: [SimulatedProxy] = []
      for (index, member) in members.enumerated() {
        if index >= 16, let next = try await group.next() { joined.append(next) }
        group.addTask {
          let token = try JoinToken(text: try await site.socket.mint(member.grant).text)
          let key = PrivateKey()
          return SimulatedProxy(
            index: index, identity: try await enrollment.join(with: token, key: key), key: key,
            agent: site.agent, address: member.address, ports: member.ports,
            delay: member.delay, refuses: member.refuses, catalogue: catalogue, tally: tally)
        }
      }
      for try await proxy in group { joined.append(proxy) }
      return joined.sorted { $0.index < $1.index }
    }
    return Crowd(catalogue: catalogue, proxies: proxies, tally: tally)
  }

  /// Connects these members, or all. Those that are patient connect again when their stream ends;
  /// with others that is a failure.
  func connect(_ indices: Range<Int>? = nil, patiently: Bool = false) {
    for proxy in proxies[indices ?? proxies.indices] {
      let task = Task {
        repeat {
          do {
            try await proxy.run()
            if !Task.isCancelled, !patiently { note("a stream ended") }
          } catch {
            if !Task.isCancelled, !patiently { note("\(error)") }
          }
          if patiently { try? await Task.sleep(for: .milliseconds(Int.random(in: 50...250))) }
        } while patiently && !Task.isCancelled
      }
      running.withLock { $0[proxy.index] = task }
    }
  }

  private func note(_ failure: String) { failures.withLock { $0.append(failure) } }

  /// Drops the connections of these members, or of all.
  func disconnect(_ indices: Range<Int>? = nil) async {
    let tasks = running.withLock { running in
      (indices ?? proxies.indices).compactMap { running.removeValue(forKey: $0) }
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// Waits until `condition` holds for the crowd; a stream that failed ends the wait.
  func expect(
    _ what: String, within deadline: Duration = .seconds(120), _ condition: (Crowd) -> Bool
  ) async throws {
    try await wait(for: what, deadline) {
      if let failure = failures.withLock({ $0.first }) {
        throw Impatience(description: "a simulated proxy failed: \(failure)")
      }
      return condition(self)
    }
  }
}
