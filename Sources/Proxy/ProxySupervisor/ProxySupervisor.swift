private import DeltaXDS
private import FleetProtos
private import Foundation
import Identity
package import Logging
private import NIOCore
private import SecureTransport
import ServiceLifecycle

package enum StartProblem: Error, CustomStringConvertible {
  case alreadyRunning(String)
  case pathTooLong(String)
  case wrongRole(told: String, granted: String)
  case rightsNeeded

  package var description: String {
    switch self {
    case .alreadyRunning(let folder): "another rialto proxy uses \(folder)"
    case .pathTooLong(let path):
      "\(path) is longer than a socket's path may be (\(DiscoveryServer.longestPath) bytes)"
    case .wrongRole(let told, let granted):
      "--role \(told) is not what this proxy's token grants: \(granted)"
    case .rightsNeeded: "--capture redirect needs root, or the right to administer the network"
    }
  }
}

/// One proxy: an Envoy and everything that it needs around it.
package struct ProxySupervisor: Service {
  private let settings: ProxySettings
  private let logger: Logger

  package init(_ settings: ProxySettings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// Runs until graceful shutdown: goodbye to the agent, drain, end of Envoy, rules away.
  package func run() async throws {
    try createPrivateFolder(settings.dataFolder)
    try createPrivateFolder(settings.runFolder)
    let socket = settings.runFolder + "/xds-\(ProcessInfo.processInfo.processIdentifier).sock"
    guard socket.utf8.count <= DiscoveryServer.longestPath else {
      throw StartProblem.pathTooLong(socket)
    }
    guard let lock = try FileLock(settings.runFolder + "/lock") else {
      throw StartProblem.alreadyRunning(settings.runFolder)
    }
    if settings.capture == .redirect, geteuid() != 0 { throw StartProblem.rightsNeeded }
    let envoyVersion = try await Machine.envoyVersion(settings.envoy)
    defer { withExtendedLifetime(lock) {} }
    try await runLocked(socket: socket, envoyVersion: envoyVersion)
  }

  private func runLocked(socket: String, envoyVersion: String) async throws {
    removeStaleSockets(except: socket)
    let folder = IdentityFolder(settings.dataFolder)
    let key = try folder.key()
    let identity = try await identity(in: folder, key: key)
    if let role = settings.role, role.rawValue != identity.role {
      throw StartProblem.wrongRole(told: role.rawValue, granted: identity.role)
    }
    let snapshotPath = settings.dataFolder + "/snapshot"
    let snapshot = SnapshotFile.read(at: snapshotPath, nodeID: identity.nodeID, logger: logger)
    let relay = Relay(
      nodeID: identity.nodeID, held: snapshot.resources, reserved: [workloadSecretName],
      binding: settings.binding.map(ListenerBinding.init), logger: logger)
    relay.publishOwn(try workloadSecret(Credentials(chain: identity.chain, key: key)))
    let connection = try AgentConnection(
      agent: settings.agent, identity: identity, key: key, folder: folder, relay: relay,
      logger: logger)
    let envoy = EnvoySupervisor(
      EnvoySupervisor.Settings(
        executable: settings.envoy, runFolder: settings.runFolder, nodeID: identity.nodeID,
        cluster: "\(identity.service).\(identity.namespace)", discoverySocket: socket,
        concurrency: settings.concurrency, drainTime: settings.drainTime),
      logger: logger)
    logger.notice(
      "proxy starts",
      metadata: [
        "node": "\(identity.nodeID)", "service": "\(identity.service).\(identity.namespace)",
        "role": "\(identity.role)", "snapshot": "\(snapshot.resources.count)",
      ])
    let parts = RunningProxy(
      settings: settings, identity: identity, envoyVersion: envoyVersion, socket: socket,
      relay: relay, connection: connection, envoy: envoy,
      writer: SnapshotWriter(
        path: snapshotPath, nodeID: identity.nodeID, after: snapshot.generation, relay: relay,
        logger: logger),
      logger: logger)
    try await parts.run()
  }

  private func identity(in folder: IdentityFolder, key: PrivateKey) async throws -> ProxyIdentity {
    let known = try folder.identity()
    let isExpired =
      try known.map { try Lifespan(certificate: $0.chain.first ?? []).notAfter < Date() } ?? true
    // An expired certificate cannot renew itself: a new token, if there is one, replaces it.
    if let known, !isExpired || settings.token == nil { return known }
    guard let token = settings.token else { throw EnrollmentProblem.tokenNeeded }
    let enrollment = Enrollment(agent: settings.agent, version: settings.version, logger: logger)
    let identity = try await enrollment.join(with: token, key: key)
    try folder.save(identity)
    logger.notice("joined", metadata: ["node": "\(identity.nodeID)"])
    return identity
  }

  /// Left by supervisors that were killed: nobody answers there any more.
  private func removeStaleSockets(except socket: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: settings.runFolder)) ?? []
    for name in names where name.utf8.starts(with: "xds-".utf8) {
      removeFile(settings.runFolder + "/" + name)
    }
  }
}
