private import FleetProtos
private import Foundation
import Documents
import Logging
private import NIOCore
private import ServiceLifecycle
import Streams
private import SwiftProtobuf

/// The parts of a proxy that has its identity, and how they run and stop together.
struct RunningProxy: Sendable {
  private struct Stopped: Error {}

  /// For the agent to hear the goodbye.
  private static let goodbyeTime = Duration.seconds(1)

  /// For the first word about an Envoy that is taken over; the agent waits longer for its return.
  private static let takeoverTime = Duration.seconds(3)

  let settings: ProxySettings
  let identity: ProxyIdentity
  let envoyVersion: String
  let socket: String
  let relay: Relay
  let connection: AgentConnection
  let envoy: EnvoySupervisor
  let writer: SnapshotWriter
  let logger: Logger

  func run() async throws {
    let resolver = try await bindResolver()
    let isServing = Latest(false)
    let isReady = Latest(false)
    let isHealthy = Latest(settings.health == nil)
    do {
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask {
          try await DiscoveryServer(path: socket, relay: relay).run { isServing.publish(true) }
        }
        group.addTask { await writer.run() }
        group.addTask {
          if envoy.takesOver { await presenceOfOrphan() }
          try await connection.run(registering: registration)
        }
        if let resolver { group.addTask { try await resolver.run() } }
        group.addTask {
          await firstTrue(isServing)
          await firstTrue(relay.hasConfiguration)
          try await capture()
          try await envoy.run()
        }
        group.addTask { await follow(isReady) }
        group.addTask { await tellPresence(isReady, isHealthy) }
        if let probe = settings.health {
          let checker = HealthChecker(probe, clock: ContinuousClock(), logger: logger)
          group.addTask { await checker.run() }
          group.addTask {
            for await value in checker.isHealthy.values() { isHealthy.publish(value) }
          }
        }
        for server in statusServers(isReady) { group.addTask { try await server.run() } }
        group.addTask {
          try await gracefulShutdown()
          await stop(isReady)
          throw Stopped()
        }
      }
    } catch is Stopped {
      logger.notice("proxy stopped")
    }
  }

  // MARK: Starting

  private var registration: Rialto_Workload_V1_Registration {
    var registration = Rialto_Workload_V1_Registration()
    registration.nodeID = identity.nodeID
    registration.address = settings.address
    registration.ports = settings.ports.map { port in
      .with {
        $0.number = Int32(truncatingIfNeeded: port.number)
        $0.name = port.name
        $0.protocol = port.protocolName
        $0.applicationPort = Int32(truncatingIfNeeded: port.applicationPort)
      }
    }
    registration.labels = identity.labels.merging(settings.labels) { granted, _ in granted }
    registration.version = settings.version
    registration.envoyVersion = envoyVersion
    registration.capture = settings.capture == .redirect ? .redirect : .none
    registration.upstreams = settings.upstreams.map { upstream in
      .with {
        $0.host = upstream.host
        $0.port = Int32(truncatingIfNeeded: upstream.port)
        $0.listenAddress = upstream.listenAddress
        $0.listenPort = Int32(truncatingIfNeeded: upstream.listenPort)
      }
    }
    if let advertised = settings.advertised {
      registration.advertisedAddress = advertised.address
      registration.advertisedPort = Int32(truncatingIfNeeded: advertised.port ?? 0)
    }
    registration.platform = settings.platform
    registration.hostName = Machine.hostName
    return registration
  }

  private func resolverConfiguration() -> ResolverConfiguration {
    let bytes = (try? readFile(at: "/etc/resolv.conf", limit: 65536)) ?? nil
    return ResolverConfiguration(parsing: bytes ?? [])
  }

  private func bindResolver() async throws -> Resolver? {
    guard let address = settings.resolver else { return nil }
    let servers = resolverConfiguration().servers.compactMap { server -> SocketAddress? in
      // Asking ourselves would go round for ever.
      if address.port == 53, server.description == address.host { return nil }
      return try? SocketAddress(ipAddress: server.description, port: 53)
    }
    let names = relay.names
    return try await Resolver(
      host: address.host, port: address.port, names: { names.current },
      forwarder: DNSForwarder(
        servers: servers,
        mark: settings.capture == .redirect ? PacketFilter.resolverMark : nil))
  }

  private func capture() async throws {
    guard settings.capture == .redirect else { return }
    if try await PacketFilter.ensureRoute() {
      logger.notice(
        "added a route for the virtual addresses",
        metadata: ["range": "\(PacketFilter.virtualRange)"])
    }
    try await PacketFilter(
      inboundPorts: settings.ports.map(\.number),
      names: settings.resolver == nil ? .to([]) : PacketFilter.Names(resolverConfiguration())
    ).install()
  }

  // MARK: Running

  /// Ready: Envoy takes traffic, with a complete configuration.
  private func follow(_ isReady: Latest<Bool>) async {
    // An Envoy that is taken over has served all the time.
    if !envoy.takesOver { await firstTrue(relay.isSettled) }
    for await isLive in envoy.isLive.values() { isReady.publish(isLive) }
  }

  /// For callers the workload never went away: it does not register as one that does not serve yet.
  private func presenceOfOrphan() async {
    let presence = connection.presence
    _ = try? await within(Self.takeoverTime) {
      for await value in presence.values() where value == .present(healthy: true) { return }
    }
  }

  private func tellPresence(_ isReady: Latest<Bool>, _ isHealthy: Latest<Bool>) async {
    await withDiscardingTaskGroup { group in
      for source in [isReady, isHealthy] {
        group.addTask {
          for await _ in source.values() {
            connection.tell(healthy: isReady.current && isHealthy.current)
          }
        }
      }
    }
  }

  private func statusServers(_ isReady: Latest<Bool>) -> [StatusServer] {
    func server(
      _ address: ListenAddress, _ pages: [String: @Sendable () async -> StatusServer.Page]
    )
      -> StatusServer
    {
      StatusServer(host: address.host, port: address.port, pages: pages)
    }
    return [
      server(
        settings.readiness,
        [
          "ready": {
            StatusServer.Page(
              isGood: isReady.current, text: isReady.current ? "ready\n" : "not ready\n")
          }
        ]),
      server(
        settings.metrics,
        ["metrics": { StatusServer.Page(isGood: true, text: metrics(isReady: isReady.current)) }]),
    ]
  }

  private func metrics(isReady: Bool) -> String {
    func gauge(_ name: String, _ value: Int, _ help: String, type: String = "gauge") -> String {
      "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(name) \(value)\n"
    }
    return gauge("rialto_proxy_ready", isReady ? 1 : 0, "Whether the proxy takes traffic.")
      + gauge(
        "rialto_proxy_registered", connection.isRegistered.current ? 1 : 0,
        "Whether the agent has taken the registration.")
      + gauge("rialto_proxy_resources", relay.held.count, "Resources in force at Envoy.")
      + gauge("rialto_proxy_names", relay.names.current.count, "Names that the resolver answers.")
      + gauge(
        "rialto_proxy_envoy_restarts_total", envoy.restarts,
        "How often Envoy was started again after it ended by itself.", type: "counter")
  }

  // MARK: Stopping

  private func stop(_ isReady: Latest<Bool>) async {
    isReady.publish(false)
    connection.presence.publish(.leaving)
    let hasLeft = connection.hasLeft
    _ = try? await within(Self.goodbyeTime) { await firstTrue(hasLeft) }
    await envoy.stop()
    guard settings.capture == .redirect else { return }
    do {
      try await PacketFilter.remove()
    } catch {
      logger.error("cannot remove the packet filter's rules", metadata: ["error": "\(error)"])
    }
  }
}

/// Returns once the value is true, or the task is cancelled.
func firstTrue(_ source: Latest<Bool>) async {
  for await value in source.values() where value { return }
}
