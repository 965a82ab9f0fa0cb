import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// One server of a gateway that passes connections on.
struct GatewayConnection {
  let server: ConnectionPlan
  let origins: Set<ItemKey>
  let destinations: Destinations
  /// Where TLS ends at the gateway.
  let files: TerminationFiles?

  init(_ server: ConnectionPlan, of plan: GatewayPlan, in site: Site) {
    self.server = server
    var services: Set<ServiceKey> = []
    switch server.target {
    case .service(let host, let number):
      let service = site.service(host: host)
      let port = service?.ports.first { $0.number == number }
      if let service, let port, !port.protocolName.isHTTP {
        destinations = Destinations(service.defaultDestinations, of: service, port: port, in: site)
      } else {
        destinations = .unavailable
      }
      services = destinations.services.union(service.map { [ServiceKey($0)] } ?? [])
    case .clusters:
      destinations =
        Forwarding(server, in: plan).map { Destinations(cluster: $0.name) } ?? .unavailable
    case nil: destinations = .unavailable
    }
    origins = Set(services.map(\.item)).union([.gateway(plan.fqn)])
    if case .terminated(let tls) = server.entry {
      files = TerminationFiles(tls, of: plan)
    } else {
      files = nil
    }
  }

  /// Whether nothing tells its connections from others of the port.
  var isWhole: Bool { server.entry == .terminated(tls: .none) }

  /// - Parameters:
  ///   - amongTLS: whether the port knows TLS from plaintext.
  ///   - withdrawals: with another number, connections of the chain end.
  func chain(amongTLS: Bool, withdrawals: Int) -> FilterChain {
    .with {
      let prefix = EnvoyName.gatewayListener(port: server.port)
      $0.filters = [NetworkFilter(TCPProxy(statPrefix: prefix, to: destinations))]
      if isWhole {
        $0.name = EnvoyName.chain("tcp", withdrawals: withdrawals)
        if amongTLS { $0.filterChainMatch.transportProtocol = EnvoyName.transportPlaintext }
        return
      }
      $0.name = EnvoyName.chain(
        "\(files == nil ? "passthrough" : "tls")_\(server.hostname)", withdrawals: withdrawals)
      $0.filterChainMatch.transportProtocol = EnvoyName.transportTLS
      // Without a name in the handshake there is no chain, unless a server takes every host.
      if server.hostname != "*" { $0.filterChainMatch.serverNames = [server.hostname] }
      if let files {
        // What is spoken inside is between the client and the service.
        $0.transportSocket = files.transport(offering: [])
        $0.transportSocketConnectTimeout = .init(milliseconds: 5000)
      }
    }
  }
}
