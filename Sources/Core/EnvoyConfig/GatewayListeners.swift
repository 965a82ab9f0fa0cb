import Blueprints
import Documents
import EnvoyProtos
import SwiftProtobuf

/// Everything that lets clients from outside in through a gateway, except for the clusters.
func gatewayResources(of profile: ProxyProfile, in site: Site) -> [EnvoyResource] {
  var ports: [Int: GatewayPort] = [:]
  for plan in site.gateways(for: profile) {
    for server in plan.servers {
      ports[
        server.port,
        default: GatewayPort(number: server.port, withdrawals: site.trust?.withdrawals ?? 0)
      ].add(server, of: plan, in: site)
    }
  }
  return ports.values.sorted { $0.number < $1.number }.flatMap(\.resources)
    + meshResources(of: profile, in: site)
}

/// One port of a gateway: routes by host in plaintext, and a filter chain per host with TLS. A host
/// that several servers ask for belongs to the first.
private struct GatewayPort {
  var number: Int
  /// How often a cluster was believed no more.
  private let withdrawals: Int
  private var plaintext: [GatewayHost] = []
  private var terminated: [TerminatedHost] = []

  private struct TerminatedHost {
    var host: GatewayHost
    var certificate: EnvoyResource
    var authorities: EnvoyResource?
  }

  init(number: Int, withdrawals: Int) {
    self.number = number
    self.withdrawals = withdrawals
  }

  mutating func add(_ server: GatewayServer, of plan: GatewayPlan, in site: Site) {
    switch server.tls {
    case .none:
      guard !plaintext.contains(where: { $0.server.hostname == server.hostname }) else { return }
      plaintext.append(GatewayHost(server, of: plan, in: site))
    case .files(let certificate, let privateKey, let authorities):
      guard !terminated.contains(where: { $0.host.server.hostname == server.hostname })
      else { return }
      let origin = ItemKey.gateway(plan.fqn)
      terminated.append(
        TerminatedHost(
          host: GatewayHost(server, of: plan, in: site),
          certificate: .certificate(certificate, privateKey: privateKey, from: origin),
          authorities: authorities.map { .authorities($0, from: origin) }))
    }
  }

  var resources: [EnvoyResource] {
    [listener] + routes
      + terminated.flatMap { [$0.certificate] + ($0.authorities.map { [$0] } ?? []) }
      + (hosts.contains(where: \.usesUnavailable) ? [Cluster.unavailable] : [])
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
    let listener = Listener.with {
      $0.name = name
      $0.address = Address("0.0.0.0", port: number)
      $0.trafficDirection = .inbound
      $0.perConnectionBufferLimitBytes = 32_768
      $0.listenerFiltersTimeout = .init(milliseconds: 5000)
      $0.listenerFilters = [.tlsInspector]
      $0.filterChains = terminated.map(chain)
      if !plaintext.isEmpty { $0.filterChains.append(plaintextChain) }
    }
    return EnvoyResource(.listener, name, listener, from: hosts.map { .gateway($0.plan.fqn) })
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
  /// the client: a chain through which requests are forwarded is another one afterwards, and Envoy
  /// closes what came by the old one.
  private func withdrawals(concerning hosts: [GatewayHost]) -> Int {
    hosts.contains { $0.server.forwards } ? withdrawals : 0
  }

  private func chain(_ entry: TerminatedHost) -> FilterChain {
    let hostname = entry.host.server.hostname
    return .with {
      $0.name = EnvoyName.chain(
        "https_\(hostname)", withdrawals: withdrawals(concerning: [entry.host]))
      $0.filterChainMatch.transportProtocol = EnvoyName.transportTLS
      // Without a name in the handshake there is no chain, unless a server takes every host.
      if hostname != "*" { $0.filterChainMatch.serverNames = [hostname] }
      $0.transportSocket = .terminating(
        certificate: entry.certificate.name.name, authorities: entry.authorities?.name.name)
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

extension EnvoyResource {
  /// A certificate from files that Envoy reads again when their folder changes. As a secret of its
  /// own, so that a missing file closes one host and not the listener.
  fileprivate static func certificate(
    _ chain: String, privateKey: String, from origin: ItemKey
  ) -> EnvoyResource {
    .secret(from: origin) {
      $0.tlsCertificate.certificateChain.filename = chain
      $0.tlsCertificate.privateKey.filename = privateKey
      $0.tlsCertificate.watchedDirectory.path = folder(of: chain)
    }
  }

  fileprivate static func authorities(_ file: String, from origin: ItemKey) -> EnvoyResource {
    .secret(from: origin) {
      $0.validationContext.trustedCa.filename = file
      $0.validationContext.watchedDirectory.path = folder(of: file)
    }
  }

  private static func secret(from origin: ItemKey, _ fill: (inout Secret) -> Void) -> EnvoyResource
  {
    var secret = Secret()
    fill(&secret)
    // Named by what it holds and whose it is: two gateways with the same files do not share it.
    secret.name = EnvoyName.fileSecret(StableHash(Array(origin.text.utf8) + secret.encoded))
    return EnvoyResource(.secret, secret.name, secret, from: [origin])
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
