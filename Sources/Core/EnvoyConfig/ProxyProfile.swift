/// What a proxy is, as far as its configuration depends on it: proxies with equal profiles get
/// equal configuration and share every byte of it.
///
/// Every service has sets of the profiles that call it, so a profile is one reference.
package struct ProxyProfile: Hashable, Sendable {
  private struct Fields: Hashable {
    let role: ProxyRole
    let namespace: String
    let serviceAccount: String
    let service: String?
    let labels: [String: String]
    let ports: [InboundPort]
    let capture: TrafficCapture
    let upstreams: [ExplicitUpstream]
  }

  private final class Contents: Sendable {
    let fields: Fields
    /// Computed once: profiles are the keys of much, and some are long.
    let hash: Int

    init(_ fields: Fields) {
      self.fields = fields
      hash = fields.hashValue
    }
  }

  private let contents: Contents

  package init(
    role: ProxyRole, namespace: String, serviceAccount: String, service: String? = nil,
    labels: [String: String] = [:],
    ports: [InboundPort] = [], capture: TrafficCapture, upstreams: [ExplicitUpstream] = []
  ) {
    contents = Contents(
      Fields(
        role: role, namespace: namespace, serviceAccount: serviceAccount, service: service,
        labels: labels, ports: ports, capture: capture, upstreams: upstreams))
  }

  package var role: ProxyRole { contents.fields.role }
  package var namespace: String { contents.fields.namespace }
  package var serviceAccount: String { contents.fields.serviceAccount }
  /// For sidecars of a service that has a `WorkloadsPlan`: its name. nil for all others, so that
  /// those of one namespace can share.
  package var service: String? { contents.fields.service }
  /// For gateways: what selectors match. For sidecars with a `service`: what its plan distinguishes
  /// workloads by; their other labels concern callers only.
  package var labels: [String: String] { contents.fields.labels }
  /// Sorted by number.
  package var ports: [InboundPort] { contents.fields.ports }
  package var capture: TrafficCapture { contents.fields.capture }
  /// Explicit outbound listeners, in the order given.
  package var upstreams: [ExplicitUpstream] { contents.fields.upstreams }

  package static func == (left: ProxyProfile, right: ProxyProfile) -> Bool {
    left.contents === right.contents
      || left.contents.hash == right.contents.hash && left.contents.fields == right.contents.fields
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(contents.hash) }
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
