import Blueprints
import EnvoyProtos
import SwiftProtobuf

// Envoy clusters: a port of a service, as a whole or one subset of it.

extension ServicePlan {
  /// The clusters through which anybody calls this service, and the bundles that they refer to.
  /// Instances here and those of each other cluster are believed by the authorities of their own
  /// trust domain only.
  func clusters(in site: Site) -> [EnvoyResource] {
    let here = providers.filter { $0.remote == nil }
    let local = here.isEmpty ? nil : callee(here, in: site)
    let remote = providers.filter { $0.remote != nil }.map { ($0.cluster, callee([$0], in: site)) }
    let clusters = callablePorts.map { port, subset in
      let name = EnvoyName.outbound(host: host, port: port.number, subset: subset?.name)
      let protocols = port.protocolName.isHTTP ? ALPN.httpClient : ALPN.tcpClient
      let cluster = Cluster.outbound(
        name, isHTTP: port.protocolName.isHTTP,
        here: local?.transport(serverName: name, protocols: protocols),
        elsewhere: remote.map { other, callee in
          let copy = EnvoyName.copy(
            of: host, port: port.number, subset: subset?.name, in: other)
          return (other, callee.transport(serverName: copy, protocols: protocols))
        }, in: site)
      return EnvoyResource(
        .cluster, name, cluster,
        from: [ServiceKey(self).item, .trust] + remote.map { other, _ in .peer(other) })
    }
    return clusters + ([local] + remote.map(\.1)).compactMap(\.?.bundle?.resource)
  }

  private func callee(_ providers: [ServiceProvider], in site: Site) -> Callee {
    Callee(
      providers.flatMap { provider in
        provider.serviceAccounts.map { (provider.trustDomain, namespace, $0) }
      }, in: site)
  }

  /// Each port with the whole service and with each subset.
  var callablePorts: [(port: PlannedPort, subset: PlannedSubset?)] {
    ports.flatMap { port in [(port, nil)] + subsets.map { (port, $0) } }
  }
}

extension Cluster {
  /// `here` is how its instances of this cluster are called, if there are any, and `others` how
  /// those of each other cluster are.
  ///
  /// What does not vary is the set of settings that lost no request when an instance died
  /// (killed, terminated, silent, or its application gone).
  static func outbound(
    _ name: String, isHTTP: Bool, here: TransportSocket?,
    elsewhere others: [(cluster: String, socket: TransportSocket)], in site: Site
  ) -> Cluster {
    .with {
      $0.name = name
      $0.type = .eds
      $0.edsClusterConfig.edsConfig = .stream
      $0.connectTimeout = .init(milliseconds: 500)
      $0.circuitBreakers = .generous
      $0.outlierDetection = .gatewayFailures
      $0.commonLbConfig.healthyPanicThreshold.value = whenNothingIsLeft
      $0.transportSocket = here ?? others.first?.socket ?? .toNobody(serverName: name)
      if isHTTP {
        // Notices within three seconds that packets are dropped.
        $0.speaksHTTP2(
          keepalive: .with {
            $0.interval = .init(milliseconds: 2000)
            $0.timeout = .init(milliseconds: 1000)
          },
          // Of several gateways and edges on the way, those that come back get calls again.
          renewal: others.isEmpty ? nil : .init(milliseconds: 60_000))
      } else {
        $0.upstreamConnectionOptions.tcpKeepalive = .watchful
      }
      if !others.isEmpty { $0.reach(others.map(\.cluster), in: site) }
      // A socket costs Envoy a TLS context: the one that all others go by is not listed again.
      $0.transportSocketMatches = others.dropFirst(here == nil ? 1 : 0)
        .map(TransportSocketMatch.init)
    }
  }

  /// In percent: when every endpoint is ejected any of them is worth a try, because the fault may
  /// have been on the way, and be over. As long as one is left the others get nothing.
  private static let whenNothingIsLeft = 1.0

  /// Notes the paths to other clusters: with another path the cluster is another one, so that
  /// connections are made anew and calls do not stay on the old path for as long as they come.
  private mutating func reach(_ others: [String], in site: Site) {
    for name in others {
      guard let path = site.peers[name]?.path else { continue }
      metadata.filterMetadata[EnvoyName.pathNote, default: .init()].fields[name] =
        .init(stringValue: path.note)
    }
    // Includes two attempts of a gateway on the way.
    connectTimeout = .init(milliseconds: 2500)
  }

  /// Passes bytes on, to instances or to gateways: TLS is between the ends.
  static func passing(_ name: String, connectTimeout: Int) -> Cluster {
    .with {
      $0.name = name
      $0.type = .eds
      $0.edsClusterConfig.edsConfig = .stream
      $0.connectTimeout = .init(milliseconds: connectTimeout)
      $0.circuitBreakers = .generous
      $0.outlierDetection = .connectFailures
      $0.commonLbConfig.healthyPanicThreshold.value = whenNothingIsLeft
      $0.upstreamConnectionOptions.tcpKeepalive = .watchful
    }
  }

  /// The application beside the proxy.
  static func inbound(_ port: InboundPort) -> Cluster {
    let name = EnvoyName.inboundCluster(port: port.number)
    return .with {
      $0.name = name
      $0.type = .static
      $0.connectTimeout = .init(milliseconds: 1000)
      $0.circuitBreakers = .generous
      $0.loadAssignment.clusterName = name
      $0.loadAssignment.endpoints = [
        .with {
          $0.lbEndpoints = [
            .with { $0.endpoint.address = Address("127.0.0.1", port: port.applicationPort) }
          ]
        }
      ]
      if port.speaksHTTP2 { $0.speaksHTTP2() }
    }
  }

  static let unavailable = EnvoyResource(
    .cluster, EnvoyName.unavailableCluster,
    Cluster.with {
      $0.name = EnvoyName.unavailableCluster
      $0.type = .static
      $0.connectTimeout = .init(milliseconds: 1000)
    }, from: [])

  /// `renewal` is how long a connection takes new requests.
  private mutating func speaksHTTP2(
    keepalive: Envoy_Config_Core_V3_KeepaliveSettings? = nil,
    renewal: Google_Protobuf_Duration? = nil
  ) {
    let options = UpstreamHTTP.with {
      $0.explicitHTTPConfig.http2ProtocolOptions = .init()
      if let keepalive {
        $0.explicitHTTPConfig.http2ProtocolOptions.connectionKeepalive = keepalive
      }
      if let renewal {
        $0.commonHTTPProtocolOptions.maxConnectionDuration = renewal
        $0.commonHTTPProtocolOptions.maxConnectionDurationJitter.value = 50
      }
    }
    typedExtensionProtocolOptions[EnvoyName.upstreamHTTP] = options.packed
  }
}

extension CircuitBreakers {
  /// Envoy's default of three retries at a time fails requests as soon as an instance dies.
  fileprivate static let generous = CircuitBreakers.with {
    $0.thresholds = [
      .with {
        $0.maxRetries = 1024
        $0.maxConnections = 4096
        $0.maxPendingRequests = 4096
        $0.maxRequests = 4096
      }
    ]
  }
}

extension OutlierDetection {
  /// Ejects instances that cannot be reached or whose application is gone. An application that
  /// answers 500 is not ejected: it is there.
  fileprivate static let gatewayFailures = ejecting(after: 3, for: 5000...10_000)

  /// Ejects, for a short time, what does not take connections; Envoy counts them as gateway
  /// failures.
  fileprivate static let connectFailures = ejecting(after: 2, for: 2000...5000)

  /// `time` in milliseconds: the first and the longest.
  private static func ejecting(after failures: UInt32, for time: ClosedRange<Int>) -> Self {
    .with {
      $0.consecutiveGatewayFailure.value = failures
      $0.enforcingConsecutiveGatewayFailure = 100
      $0.enforcingConsecutive5Xx = 0
      $0.interval = .init(milliseconds: 1000)
      $0.baseEjectionTime = .init(milliseconds: time.lowerBound)
      $0.maxEjectionTime = .init(milliseconds: time.upperBound)
      $0.maxEjectionPercent = 100
    }
  }
}

extension Envoy_Config_Core_V3_TcpKeepalive {
  /// Notices within half a minute that the other end is gone without a word.
  fileprivate static let watchful = Envoy_Config_Core_V3_TcpKeepalive.with {
    $0.keepaliveTime = 10
    $0.keepaliveInterval = 5
    $0.keepaliveProbes = 3
  }
}

extension PeerPath {
  fileprivate var note: String {
    switch self {
    case .direct: "direct"
    case .edge(let clusters): "edge \(clusters.joined(separator: " "))"
    }
  }
}

extension TransportSocketMatch {
  /// `socket` for endpoints that lead to `cluster`.
  init(_ cluster: String, _ socket: TransportSocket) {
    self = .with {
      $0.name = cluster
      $0.match = Self.mark(cluster)
      $0.transportSocket = socket
    }
  }

  /// What endpoints and sockets are matched by.
  static func mark(_ cluster: String) -> Google_Protobuf_Struct {
    .with { $0.fields["cluster"] = .init(stringValue: cluster) }
  }
}

extension InboundPort {
  var isHTTP: Bool { protocolName != PortProtocol.tcp.rawValue }

  var speaksHTTP2: Bool {
    protocolName == PortProtocol.http2.rawValue || protocolName == PortProtocol.grpc.rawValue
  }
}
