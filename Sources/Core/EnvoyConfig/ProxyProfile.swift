/// What a proxy is, as far as its configuration depends on it: proxies with equal profiles get
/// equal configuration and share every byte of it.
package struct ProxyProfile: Hashable, Sendable {
  package let role: ProxyRole
  package let namespace: String
  package let serviceAccount: String
  /// For sidecars of a service that has a `WorkloadsPlan`: its name. nil for all others, so that
  /// those of one namespace can share.
  package let service: String?
  /// For gateways: what selectors match. For sidecars with a `service`: what its plan distinguishes
  /// workloads by; their other labels concern callers only.
  package let labels: [String: String]
  /// Sorted by number.
  package let ports: [InboundPort]
  package let capture: TrafficCapture
  /// Explicit outbound listeners, in the order given.
  package let upstreams: [ExplicitUpstream]
  /// Computed once: profiles are the keys of much, and some are long.
  private let hash: Int

  package init(
    role: ProxyRole, namespace: String, serviceAccount: String, service: String? = nil,
    labels: [String: String] = [:],
    ports: [InboundPort] = [], capture: TrafficCapture, upstreams: [ExplicitUpstream] = []
  ) {
    self.role = role
    self.namespace = namespace
    self.serviceAccount = serviceAccount
    self.service = service
    self.labels = labels
    self.ports = ports
    self.capture = capture
    self.upstreams = upstreams
    var hasher = Hasher()
    hasher.combine(role)
    hasher.combine(namespace)
    hasher.combine(serviceAccount)
    hasher.combine(service)
    hasher.combine(labels)
    hasher.combine(ports)
    hasher.combine(capture)
    hasher.combine(upstreams)
    hash = hasher.finalize()
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

package enum ProxyRole: String, Hashable, Sendable, CaseIterable {
  case sidecar
  case ingress
  case eastWest = "east-west"
  case egress
  case edge
}

package struct InboundPort: Hashable, Sendable {
  package var number: Int
  package var name: String
  package var protocolName: String
  /// Where the application listens on 127.0.0.1.
  package var applicationPort: Int

  package init(number: Int, name: String, protocolName: String, applicationPort: Int) {
    self.number = number
    self.name = name
    self.protocolName = protocolName
    self.applicationPort = applicationPort
  }
}

/// How connections get into Envoy.
package enum TrafficCapture: Hashable, Sendable {
  /// The packet filter redirects declared ports to 15006 and the VIP range to 15001.
  case redirect
  /// Envoy binds `address` and the declared ports itself; outbound by explicit listeners only.
  case bind(address: String)
}

package struct ExplicitUpstream: Hashable, Sendable {
  package var host: String
  package var port: Int
  package var listenAddress: String
  package var listenPort: Int

  package init(host: String, port: Int, listenAddress: String, listenPort: Int) {
    self.host = host
    self.port = port
    self.listenAddress = listenAddress
    self.listenPort = listenPort
  }
}
