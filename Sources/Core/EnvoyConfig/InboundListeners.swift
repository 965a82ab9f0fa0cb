import Blueprints
import EnvoyProtos
import SwiftProtobuf

// What comes in to the application beside the proxy.

/// Everything that lets calls in to the workloads of `profile`.
func inboundResources(of profile: ProxyProfile, in site: Site) -> [EnvoyResource] {
  guard !profile.ports.isEmpty else { return [] }
  let bundle = TrustBundle.all(in: site.trust)
  let (admission, origin) = site.admission(to: profile)
  let inbound = Inbound(
    profile: profile, admission: admission, origin: origin, trust: site.trust, bundle: bundle)
  return inbound.listeners
    + profile.ports.map { port in
      EnvoyResource(
        .cluster, EnvoyName.inboundCluster(port: port.number), Cluster.inbound(port), from: [])
    }
    + profile.ports.filter(\.isHTTP).map(inbound.routes)
    + (bundle.map { [$0.resource] } ?? [])
}

private struct Inbound {
  var profile: ProxyProfile
  var admission: Admission
  /// The item that says who is admitted.
  var origin: ItemKey
  var trust: TrustPlan?
  var bundle: TrustBundle?

  var listeners: [EnvoyResource] {
    switch profile.capture {
    case .redirect:
      let listener = Listener.with {
        $0.name = EnvoyName.inboundListener
        $0.address = Address("0.0.0.0", port: 15006)
        $0.listenerFilters = [.originalDestination, .tlsInspector]
        $0.settlesTransport()
        $0.filterChains = profile.ports.flatMap { chains(for: $0, matchingPort: true) }
      }
      return [
        EnvoyResource(.listener, EnvoyName.inboundListener, listener, from: [origin, .trust])
      ]
    case .bind(let address):
      return profile.ports.map { port in
        let name = EnvoyName.inboundListener(port: port.number)
        let listener = Listener.with {
          $0.name = name
          $0.address = Address(address, port: port.number)
          $0.listenerFilters = [.tlsInspector]
          $0.settlesTransport()
          $0.filterChains = chains(for: port, matchingPort: false)
        }
        return EnvoyResource(.listener, name, listener, from: [origin, .trust])
      }
    }
  }

  private func chains(for port: InboundPort, matchingPort: Bool) -> [FilterChain] {
    let transports: [String] =
      switch admission.traffic {
      case .required: [EnvoyName.transportTLS]
      case .optional: [EnvoyName.transportTLS, EnvoyName.transportPlaintext]
      }
    return transports.map { transport in
      .with {
        $0.name = "\(transport)_\(port.number)"
        if matchingPort {
          $0.filterChainMatch.destinationPort = .init(UInt32(clamping: port.number))
        }
        $0.filterChainMatch.transportProtocol = transport
        if transport == EnvoyName.transportTLS {
          $0.transportSocket = .mutualTLS(
            accepting: bundle?.name, protocols: port.isHTTP ? ALPN.server : [])
        }
        $0.filters =
          port.isHTTP ? [NetworkFilter(.inbound(port: port.number))] : tcpFilters(for: port)
      }
    }
  }

  private func tcpFilters(for port: InboundPort) -> [NetworkFilter] {
    let cluster = EnvoyName.inboundCluster(port: port.number)
    let matchers = AuthorizationMatchers(connections: admission.authorization)
    let decisions = [("deny", matchers.deny), ("allow", matchers.allow)]
    return decisions.compactMap { prefix, matcher in
      matcher.map { NetworkFilter(.connections(statPrefix: "\(cluster).\(prefix)", $0)) }
    } + [
      NetworkFilter(
        TCPProxy.with {
          $0.statPrefix = cluster
          $0.cluster = cluster
        })
    ]
  }

  func routes(for port: InboundPort) -> EnvoyResource {
    let name = EnvoyName.inboundRoutes(port: port.number)
    let matchers = AuthorizationMatchers(requests: admission.authorization, trust: trust)
    let decisions = [(HTTPFilter.deny, matchers.deny), (.allow, matchers.allow)]
    let configuration = RouteConfiguration.with {
      $0.name = name
      for case (let filter, let matcher?) in decisions {
        $0.typedPerFilterConfig[filter.rawValue] =
          .requests(statPrefix: filter == .deny ? "deny" : "allow", matcher)
      }
      $0.virtualHosts = [
        .with {
          $0.name = "application"
          $0.domains = ["*"]
          $0.routes = [
            .with {
              $0.match.prefix = "/"
              $0.route.cluster = EnvoyName.inboundCluster(port: port.number)
              $0.route.timeout = .init(milliseconds: 0)
            }
          ]
        }
      ]
    }
    return EnvoyResource(.routes, name, configuration, from: [origin, .trust])
  }
}

extension Listener {
  /// Inbound, and with a time limit for telling TLS from plaintext: a client that waits for the
  /// server to speak first is taken for a plaintext one.
  fileprivate mutating func settlesTransport() {
    trafficDirection = .inbound
    listenerFiltersTimeout = .init(milliseconds: 5000)
    continueOnListenerFiltersTimeout = true
  }
}

extension ListenerFilter {
  static let originalDestination = ListenerFilter.with {
    $0.name = EnvoyName.originalDestination
    $0.typedConfig = OriginalDestination().packed
  }

  static let tlsInspector = ListenerFilter.with {
    $0.name = EnvoyName.tlsInspector
    $0.typedConfig = TLSInspector().packed
  }
}

extension NetworkFilter {
  fileprivate init(_ authorization: ConnectionAuthorization) {
    self = .with {
      $0.name = EnvoyName.connectionAuthorization
      $0.typedConfig = authorization.packed
    }
  }
}

extension ConnectionAuthorization {
  fileprivate static func connections(statPrefix: String, _ matcher: Matcher) -> Self {
    .with {
      $0.statPrefix = "\(statPrefix)."
      $0.matcher = matcher
    }
  }
}

extension Google_Protobuf_Any {
  static func requests(statPrefix: String, _ matcher: Matcher) -> Self {
    HTTPAuthorizationPerRoute.with {
      $0.rbac.rulesStatPrefix = statPrefix
      $0.rbac.matcher = matcher
    }.packed
  }
}
