import Blueprints
import EnvoyProtos
import SwiftProtobuf

// Where the application beside the proxy calls out.

/// The listener behind the redirected range of virtual addresses: a chain per HTTP port, and one per
/// port of each TCP service. Empty when there is nothing to call.
///
/// Only its chains vary: a change of the listener's own fields would close all connections.
func capturedListener(
  httpPorts: [Int], tcpServices: [ServicePlan], in site: Site
) -> [EnvoyResource] {
  var chains = httpPorts.map(FilterChain.http(on:))
  var origins: Set<ItemKey> = []
  var usesUnavailable = false
  for service in tcpServices {
    for port in service.ports where !port.protocolName.isHTTP {
      let destinations = Destinations(
        service.defaultDestinations, of: service, port: port, in: site)
      chains.append(.tcp(service.address, port: port.number, to: destinations))
      origins.formUnion(destinations.services.union([ServiceKey(service)]).map(\.item))
      usesUnavailable = usesUnavailable || destinations.usesUnavailable
    }
  }
  guard !chains.isEmpty else { return [] }
  let listener = Listener.with {
    $0.name = EnvoyName.outboundListener
    $0.address = Address("127.0.0.1", port: 15001)
    $0.trafficDirection = .outbound
    $0.listenerFilters = [.originalDestination]
    $0.filterChains = chains
  }
  return [EnvoyResource(.listener, EnvoyName.outboundListener, listener, from: origins)]
    + (usesUnavailable ? [Cluster.unavailable] : [])
}

/// The explicit listeners of `profile` for a service that it may call.
func upstreamListeners(
  of profile: ProxyProfile, to service: ServicePlan, in site: Site
) -> [EnvoyResource] {
  var resources: [EnvoyResource] = []
  for upstream in profile.upstreams where upstream.host == service.host {
    guard let port = service.ports.first(where: { $0.number == upstream.port }) else { continue }
    let name = EnvoyName.upstreamListener(
      address: upstream.listenAddress, port: upstream.listenPort)
    var origins: Set<ItemKey> = [ServiceKey(service).item]
    let filter: NetworkFilter
    if port.protocolName.isHTTP {
      filter = NetworkFilter(
        .upstream(
          statPrefix: name,
          routes: EnvoyName.serviceRoutes(host: service.host, port: port.number)))
    } else {
      let destinations = Destinations(
        service.defaultDestinations, of: service, port: port, in: site)
      origins.formUnion(destinations.services.map(\.item))
      if destinations.usesUnavailable { resources.append(Cluster.unavailable) }
      filter = NetworkFilter(TCPProxy(statPrefix: name, to: destinations))
    }
    let listener = Listener.with {
      $0.name = name
      $0.address = Address(upstream.listenAddress, port: upstream.listenPort)
      $0.trafficDirection = .outbound
      $0.filterChains = [.with { $0.filters = [filter] }]
    }
    resources.append(EnvoyResource(.listener, name, listener, from: origins))
  }
  return resources
}

extension FilterChain {
  /// All hosts with HTTP on `port`.
  fileprivate static func http(on port: Int) -> FilterChain {
    .with {
      $0.name = "http_\(port)"
      $0.filterChainMatch.destinationPort = .init(UInt32(clamping: port))
      $0.filterChainMatch.prefixRanges = [CidrRange("240.240.0.0", length: 16)]
      $0.filters = [NetworkFilter(.outbound(port: port))]
    }
  }

  /// One virtual address: its longer prefix wins over the shared chain of the port.
  fileprivate static func tcp(
    _ address: String, port: Int, to destinations: Destinations
  ) -> FilterChain {
    .with {
      let name = "tcp_\(address)_\(port)"
      $0.name = name
      $0.filterChainMatch.destinationPort = .init(UInt32(clamping: port))
      $0.filterChainMatch.prefixRanges = [CidrRange(address, length: 32)]
      $0.filters = [NetworkFilter(TCPProxy(statPrefix: name, to: destinations))]
    }
  }
}

extension CidrRange {
  fileprivate init(_ prefix: String, length: UInt32) {
    self = .with {
      $0.addressPrefix = prefix
      $0.prefixLen = .init(length)
    }
  }
}
