import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

/// Everything that lets clients from outside in through a gateway, except for the clusters.
func gatewayResources(of profile: ProxyProfile, in site: Site) -> [EnvoyResource] {
  func port(_ number: Int) -> GatewayPort {
    GatewayPort(
      number: number, withdrawals: site.trust?.withdrawals ?? 0,
      isStraight: profile.passage == .straight)
  }
  var ports: [Int: GatewayPort] = [:]
  for plan in site.gateways(for: profile) {
    for server in plan.servers {
      ports[server.port, default: port(server.port)].add(server, of: plan, in: site)
    }
    for server in plan.connections {
      ports[server.port, default: port(server.port)].add(server, of: plan, in: site)
    }
  }
  return ports.values.sorted { $0.number < $1.number }.flatMap(\.resources)
    + meshResources(of: profile, in: site)
}

/// One port of a gateway: routes by host in plaintext, a filter chain per host with TLS, or a single
/// one for whatever comes. A host that several servers ask for belongs to the first.
private struct GatewayPort {
  var number: Int
  /// How often a cluster was believed no more.
  private let withdrawals: Int
  /// Whether connections lead to other clusters directly, and no gateway on the way ends them.
  private let isStraight: Bool
  private var plaintext: [GatewayHost] = []
  private var terminated: [TerminatedHost] = []
  private var connections: [GatewayConnection] = []

  private struct TerminatedHost {
    var host: GatewayHost
    var files: TerminationFiles
  }

  init(number: Int, withdrawals: Int, isStraight: Bool) {
    self.number = number
    self.withdrawals = withdrawals
    self.isStraight = isStraight
  }

  mutating func add(_ server: GatewayServer, of plan: GatewayPlan, in site: Site) {
    if let files = TerminationFiles(server.tls, of: plan) {
      guard !names.contains(server.hostname) else { return }
      terminated.append(
        TerminatedHost(host: GatewayHost(server, of: plan, in: site), files: files))
    } else {
      guard !connections.contains(where: \.isWhole),
        !plaintext.contains(where: { $0.server.hostname == server.hostname })
      else { return }
      plaintext.append(GatewayHost(server, of: plan, in: site))
    }
  }

  mutating func add(_ server: ConnectionPlan, of plan: GatewayPlan, in site: Site) {
    let connection = GatewayConnection(server, of: plan, in: site)
    let isTaken =
      connection.isWhole
      ? !plaintext.isEmpty || connections.contains(where: \.isWhole)
      : names.contains(server.hostname)
    if !isTaken { connections.append(connection) }
  }

  /// The names in handshakes that have a chain.
  private var names: Set<String> {
    Set(terminated.map(\.host.server.hostname))
      .union(connections.filter { !$0.isWhole }.map(\.server.hostname))
  }

  var resources: [EnvoyResource] {
    [listener] + routes
      + terminated.flatMap(\.files.resources) + connections.flatMap { $0.files?.resources ?? [] }
      + (usesUnavailable ? [Cluster.unavailable] : [])
  }

  private var usesUnavailable: Bool {
    hosts.contains(where: \.usesUnavailable)
      || connections.contains(where: \.destinations.usesUnavailable)
  }

  private var hosts: [GatewayHost] { plaintext + terminated.map(\.host) }

  private var routes: [EnvoyResource] {
    let separate = terminated.map { entry in
      resource(
        EnvoyName.gatewayRoutes(port: number, hostname: entry.host.server.hostname),
        of: [entry.host])
    }
    return plaintext.isEmpty
      ? separate : separate + [resource(EnvoyName.gatewayRoutes(port: number), of: plaintext)]
  }

  private func resource(_ name: String, of hosts: [GatewayHost]) -> EnvoyResource {
    let configuration = RouteConfiguration.with {
      $0.name = name
      $0.ignorePortInHostMatching = true
      $0.virtualHosts = hosts.map(\.virtualHost)
    }
    return EnvoyResource(.routes, name, configuration, from: hosts.flatMap(\.origins))
  }

  private var listener: EnvoyResource {
    let name = EnvoyName.gatewayListener(port: number)
    // Who waits for the server to speak first would wait for the inspector, and not get through.
    let isInspected = !plaintext.isEmpty || !names.isEmpty
    let listener = Listener.with {
      $0.name = name
      $0.address = Address("0.0.0.0", port: number)
      $0.trafficDirection = .inbound
      $0.perConnectionBufferLimitBytes = 32_768
      $0.listenerFiltersTimeout = .init(milliseconds: 5000)
      if isInspected { $0.listenerFilters = [.tlsInspector] }
      $0.filterChains = terminated.map(chain)
      $0.filterChains += connections.map {
        $0.chain(
          amongTLS: isInspected, withdrawals: isStraight || $0.server.forwards ? withdrawals : 0)
      }
      if !plaintext.isEmpty { $0.filterChains.append(plaintextChain) }
    }
    let origins = connections.reduce(into: Set(hosts.map { ItemKey.gateway($0.plan.fqn) })) {
      $0.formUnion($1.origins)
    }
    return EnvoyResource(.listener, name, listener, from: origins)
  }

  private var plaintextChain: FilterChain {
    .with {
      $0.name = EnvoyName.chain("http", withdrawals: withdrawals(concerning: plaintext))
      $0.filterChainMatch.transportProtocol = EnvoyName.transportPlaintext
      $0.filters = [
        NetworkFilter(
          .gateway(
            statPrefix: EnvoyName.gatewayListener(port: number),
            routes: EnvoyName.gatewayRoutes(port: number)))
      ]
    }
  }

  /// What a cluster is still answering when it is believed no more ends only with the connection of
  /// the client: a chain through which something may go to other clusters is another one afterwards,
  /// and Envoy closes what came by the old one.
  private func withdrawals(concerning hosts: [GatewayHost]) -> Int {
    isStraight || hosts.contains { $0.server.forwards } ? withdrawals : 0
  }

  private func chain(_ entry: TerminatedHost) -> FilterChain {
    let hostname = entry.host.server.hostname
    return .with {
      $0.name = EnvoyName.chain(
        "https_\(hostname)", withdrawals: withdrawals(concerning: [entry.host]))
      $0.filterChainMatch.transportProtocol = EnvoyName.transportTLS
      // Without a name in the handshake there is no chain, unless a server takes every host.
      if hostname != "*" { $0.filterChainMatch.serverNames = [hostname] }
      $0.transportSocket = entry.files.transport(offering: ALPN.server)
      $0.transportSocketConnectTimeout = .init(milliseconds: 5000)
      $0.filters = [
        NetworkFilter(
          .gateway(
            statPrefix: EnvoyName.gatewayListener(port: number),
            routes: EnvoyName.gatewayRoutes(port: number, hostname: hostname)))
      ]
    }
  }
}
