import AsyncHTTPClient
import DeltaXDS
import Documents
import FleetProtos
import Foundation
import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Streams
import Synchronization
import TestSupport
import Testing

@testable import ProxySupervisor

/// The body that `url` answers with, nil when it does not.
private func answer(_ url: String) async -> String? {
  var request = HTTPClientRequest(url: url)
  request.headers.add(name: "connection", value: "close")
  guard let response = try? await HTTPClient.shared.execute(request, timeout: .seconds(2)),
    let body = try? await response.body.collect(upTo: 65536)
  else { return nil }
  return String(buffer: body)
}

private func freePort() async throws -> Int {
  let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    .bind(host: "127.0.0.1", port: 0).get()
  let port = channel.localAddress?.port
  try await channel.close()
  return try #require(port)
}

/// One proxy of a test: its folder, its ports, its settings.
private struct Fixture: Sendable {
  let folder: String
  let port: Int
  let readiness: Int
  let metrics: Int

  init(folder: String) async throws {
    self.folder = folder
    port = try await freePort()
    readiness = try await freePort()
    metrics = try await freePort()
  }

  var serves: String { "http://127.0.0.1:\(port)/" }
  var ready: String { "http://127.0.0.1:\(readiness)/ready" }

  func settings(_ agent: FakeAgent, agentPort: Int, joining: Bool) throws -> ProxySettings {
    var settings = ProxySettings(
      dataFolder: folder + "/data", runFolder: folder + "/run",
      agent: try #require(AgentAddress("127.0.0.1:\(agentPort)")), address: "127.0.0.1",
      capture: .none, envoy: try #require(EnvoyBinary.path), drainTime: .seconds(1),
      readiness: try #require(ListenAddress("127.0.0.1:\(readiness)")),
      metrics: try #require(ListenAddress("127.0.0.1:\(metrics)")), version: "test")
    settings.token = joining ? agent.token : nil
    settings.concurrency = 1
    return settings
  }

  var envoyProcess: pid_t? {
    (try? readFile(at: folder + "/run/envoy.json", limit: 4096))
      .flatMap { $0.flatMap(EnvoyRecord.init(parsing:)) }
      .map { pid_t($0.processID) }
  }
}

/// Runs a proxy while `body` runs, then stops it gracefully.
private func withProxy(
  _ settings: ProxySettings, _ body: @escaping @Sendable () async throws -> Void
) async throws {
  let isShown = ProcessInfo.processInfo.environment["RIALTO_TEST_LOGS"] != nil
  let logger = Logger(label: "proxy") { label -> any LogHandler in
    if isShown { StreamLogHandler.standardError(label: label) } else { SwiftLogNoOpLogHandler() }
  }
  let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(
      services: [
        ServiceGroupConfiguration.ServiceConfiguration(
          service: ProxySupervisor(settings, logger: logger),
          successTerminationBehavior: .gracefullyShutdownGroup)
      ], logger: logger))
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    tasks.addTask {
      do {
        try await body()
      } catch {
        await group.triggerGracefulShutdown()
        throw error
      }
      await group.triggerGracefulShutdown()
    }
    while try await tasks.next() != nil {}
  }
}

@Suite(
  .enabled(if: EnvoyBinary.path != nil, "needs Envoy"), .timeLimit(.minutes(3)),
  // Each starts an Envoy: one at a time is enough for a small machine.
  .serialized)
struct `A proxy with a real Envoy` {
  @Test func `it joins, serves what the agent sends, and says goodbye`() async throws {
    try await withFolder { folder in
      let fixture = try await Fixture(folder: folder)
      let agent = try FakeAgent()
      let first = try answers("v1")
      agent.view.publish(
        upserts: [try answering(port: fixture.port), first], removals: [], generation: 1)
      try await agent.serving { agentPort in
        try await withProxy(fixture.settings(agent, agentPort: agentPort, joining: true)) {
          try await waitUntil("the first answer") { await answer(fixture.serves) == "v1" }
          try await waitUntil("readiness") { await answer(fixture.ready) == "ready\n" }
          try await waitUntil("health at the agent") { agent.heard.current.contains("healthy") }
          #expect(agent.heard.current.first == "registered orders-1")
          try await waitUntil("the acknowledgement") {
            agent.accepted.current.contains(
              AcknowledgedResource(name: first.name, version: first.version))
          }

          let second = try answers("v2")
          agent.view.publish(upserts: [second], removals: [], generation: 2)
          try await waitUntil("the changed answer") { await answer(fixture.serves) == "v2" }

          let bad = Resource(
            name: ResourceName(.listener, "bad"), version: "bad", body: [0xFF, 0xFF])
          let third = try answers("v3")
          agent.view.publish(upserts: [bad, third], removals: [], generation: 3)
          try await waitUntil("the good one beside a bad one") {
            await answer(fixture.serves) == "v3"
          }
          try await waitUntil("the refusal at the agent") {
            agent.rejected.current.contains("bad")
          }
          #expect(!agent.rejected.current.contains("answer"))
        }
      }
      #expect(agent.heard.current.last == "goodbye")
      #expect(await answer(fixture.serves) == nil)
      for name in ["key.pem", "identity.json", "snapshot"] {
        let file = try FileManager.default.attributesOfItem(atPath: folder + "/data/" + name)
        #expect(file[.posixPermissions] as? Int == 0o600)
      }
    }
  }

  @Test func `a killed Envoy and a restarted proxy serve again with the agent gone`() async throws {
    try await withFolder { folder in
      let fixture = try await Fixture(folder: folder)
      let agent = try FakeAgent()
      agent.view.publish(
        upserts: [try answering(port: fixture.port), try answers("v1")], removals: [],
        generation: 1)
      let agentPort = try await agent.serving { agentPort in
        try await withProxy(fixture.settings(agent, agentPort: agentPort, joining: true)) {
          try await waitUntil("the first answer") { await answer(fixture.serves) == "v1" }
          try await waitUntil("the snapshot") {
            try readFile(at: folder + "/data/snapshot", limit: 1 << 20) != nil
          }
          try await waitUntil("the acknowledgements") { agent.accepted.current.count == 2 }
        }
        return agentPort
      }
      try await withProxy(fixture.settings(agent, agentPort: agentPort, joining: false)) {
        try await waitUntil("an answer without the agent") {
          await answer(fixture.serves) == "v1"
        }
        try await waitUntil("readiness") { await answer(fixture.ready) == "ready\n" }
        let process = try #require(fixture.envoyProcess)
        kill(process, SIGKILL)
        try await waitUntil("another Envoy") {
          fixture.envoyProcess != process && fixture.envoyProcess != nil
        }
        try await waitUntil("an answer of the other Envoy") {
          await answer(fixture.serves) == "v1"
        }
      }
      // Back with the agent, which has nothing new: nothing is sent.
      let told = agent.told.current
      let healthy = agent.heard.current.count { $0 == "healthy" }
      try await agent.serving(port: agentPort) { agentPort in
        try await withProxy(fixture.settings(agent, agentPort: agentPort, joining: false)) {
          try await waitUntil("health at the agent") {
            agent.heard.current.count { $0 == "healthy" } > healthy
          }
          let update = try answers("v2")
          agent.view.publish(upserts: [update], removals: [], generation: 2)
          try await waitUntil("a change after all that") { await answer(fixture.serves) == "v2" }
        }
      }
      // An empty answer to what the returning proxy says it has, and the change.
      #expect(agent.told.current <= told + 2)
    }
  }

  @Test func `an Envoy left behind is taken over, and its port is never shared`() async throws {
    try await withFolder { folder in
      let fixture = try await Fixture(folder: folder)
      let agent = try FakeAgent()
      agent.view.publish(
        upserts: [try answering(port: fixture.port), try answers("v1")], removals: [],
        generation: 1)
      let agentPort = try await agent.serving { agentPort in
        try await withProxy(fixture.settings(agent, agentPort: agentPort, joining: true)) {
          try await waitUntil("the first answer") { await answer(fixture.serves) == "v1" }
          try await waitUntil("the snapshot") {
            try readFile(at: folder + "/data/snapshot", limit: 1 << 20) != nil
          }
        }
        return agentPort
      }
      // What a killed supervisor leaves: an Envoy of its base id that is live, and the record.
      let admin = folder + "/run/admin-0.sock"
      let bootstrap: Document = ["admin": ["address": ["pipe": ["path": .string(admin)]]]]
      try replaceFile(at: folder + "/run/orphan.json", with: bootstrap.canonicalJSON)
      let base = EnvoyRecord.baseID(for: folder + "/run\n" + FakeAgent.nodeID)
      let orphan = Process()
      orphan.executableURL = URL(fileURLWithPath: try #require(EnvoyBinary.path))
      orphan.arguments = [
        "-c", folder + "/run/orphan.json", "--base-id", String(base), "--restart-epoch", "0",
        "--drain-time-s", "1", "--parent-shutdown-time-s", "3", "--log-level", "off",
        "--concurrency", "1",
      ]
      try orphan.run()
      let record = EnvoyRecord(
        baseID: base, epoch: 0, processID: Int64(orphan.processIdentifier))
      try replaceFile(at: folder + "/run/envoy.json", with: record.bytes)
      try await waitUntil("the orphan") { await EnvoyAdministration(socket: admin).isLive() }
      let before = agent.heard.current.count
      try await agent.serving(port: agentPort) { agentPort in
        try await withProxy(fixture.settings(agent, agentPort: agentPort, joining: false)) {
          try await waitUntil("the first word") { agent.heard.current.count >= before + 2 }
          // For callers it never went away.
          let words = agent.heard.current[before...]
          #expect(Array(words.prefix(2)) == ["registered orders-1", "healthy"])
          try await waitUntil("the takeover") {
            fixture.envoyProcess.map { $0 != orphan.processIdentifier } ?? false
          }
          try await waitUntil("an answer") { await answer(fixture.serves) == "v1" }
          try await waitUntil("the end of the orphan") { !orphan.isRunning }
          #expect(await answer(fixture.serves) == "v1")
          let record = try #require(
            EnvoyRecord(parsing: try readFile(at: folder + "/run/envoy.json", limit: 4096) ?? []))
          #expect(record.epoch == 1, "by hot restart")
        }
      }
      if orphan.isRunning { orphan.terminate() }
    }
  }

  @Test func `the certificate is renewed at half its life and reaches Envoy`() async throws {
    try await withFolder { folder in
      let fixture = try await Fixture(folder: folder)
      // Certificates begin five minutes back: half of this life, give or take a tenth, is over within
      // three seconds, and the rest is long enough for a busy machine.
      let agent = try FakeAgent(lifetime: .seconds(250))
      agent.view.publish(
        upserts: [try answering(port: fixture.port, isSecure: true), try answers("v1")],
        removals: [], generation: 1)
      var insecure = HTTPClient.Configuration()
      insecure.tlsConfiguration = .clientDefault
      insecure.tlsConfiguration?.certificateVerification = .none
      try await HTTPClient.withHTTPClient(configuration: insecure) { client in
        try await agent.serving { agentPort in
          try await withProxy(fixture.settings(agent, agentPort: agentPort, joining: true)) {
            try await waitUntil("an answer over TLS") {
              let request = HTTPClientRequest(url: "https://127.0.0.1:\(fixture.port)/")
              let response = try? await client.execute(request, timeout: .seconds(2))
              return response?.status.code == 200
            }
            let first = try #require(try IdentityFolder(folder + "/data").identity()).chain
            agent.lifetime.withLock { $0 = .seconds(7200) }
            try await waitUntil("the renewal") { agent.heard.current.contains("renewed") }
            try await waitUntil("the new certificate on disk") {
              try IdentityFolder(folder + "/data").identity()?.chain != first
            }
          }
        }
      }
    }
  }
}
