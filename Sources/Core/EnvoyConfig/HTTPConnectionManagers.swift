import EnvoyProtos
import SwiftProtobuf

extension NetworkFilter {
  init(_ manager: HTTPConnectionManager) {
    self = .with {
      $0.name = EnvoyName.httpConnectionManager
      $0.typedConfig = manager.packed
    }
  }

  /// Sends a connection to the cluster that is named like the server it asks for.
  static let serverNameCluster = NetworkFilter.with {
    $0.name = EnvoyName.serverNameCluster
    $0.typedConfig = ServerNameCluster().packed
  }

  init(_ proxy: TCPProxy) {
    self = .with {
      $0.name = EnvoyName.tcpProxy
      $0.typedConfig = proxy.packed
    }
  }
}

extension HTTPConnectionManager {
  /// For calls of the application beside the proxy that `port` of the virtual addresses received:
  /// the host chooses the routes.
  static func outbound(port: Int) -> HTTPConnectionManager {
    .with {
      $0.statPrefix = "outbound_\(port)"
      $0.serverHeaderTransformation = .passThrough
      $0.earlyHeaderMutationExtensions = [
        .with {
          $0.name = EnvoyName.earlyHeaderMutation
          $0.typedConfig = EarlyHeaderMutation.settingPort(port).packed
        }
      ]
      $0.httpFilters = HTTPFilter.chain(of: [.router])
      $0.scopedRoutes = .byHostAndPort
    }
  }

  /// For calls that an explicit listener received: the listener has chosen the service.
  static func upstream(statPrefix: String, routes: String) -> HTTPConnectionManager {
    .with {
      $0.statPrefix = statPrefix
      $0.serverHeaderTransformation = .passThrough
      $0.httpFilters = HTTPFilter.chain(of: [.router])
      $0.rds = .over(routes)
    }
  }

  /// For calls to the application beside the proxy. The caller's identity is the verified one, and
  /// rules about paths hold for what the application will see.
  static func inbound(port: Int) -> HTTPConnectionManager {
    .with {
      $0.statPrefix = "inbound_\(port)"
      $0.serverHeaderTransformation = .passThrough
      $0.forwardClientCertDetails = .sanitizeSet
      $0.setCurrentClientCertDetails.uri = true
      $0.normalizesPaths()
      $0.httpFilters = HTTPFilter.chain(of: Set(HTTPFilter.allCases))
      $0.rds = .over(EnvoyName.inboundRoutes(port: port))
    }
  }

  /// For clients outside of the mesh, who may be hostile.
  static func gateway(statPrefix: String, routes: String) -> HTTPConnectionManager {
    .with {
      $0.statPrefix = statPrefix
      $0.useRemoteAddress = true
      $0.forwardClientCertDetails = .sanitize
      $0.normalizesPaths()
      $0.serverName = "rialto"
      $0.serverHeaderTransformation = .overwrite
      $0.maxRequestHeadersKb = 32
      $0.requestHeadersTimeout = .init(milliseconds: 10_000)
      $0.streamIdleTimeout = .init(milliseconds: 300_000)
      $0.commonHTTPProtocolOptions = .with {
        $0.idleTimeout = .init(milliseconds: 300_000)
        $0.maxHeadersCount = 100
        $0.headersWithUnderscoresAction = .rejectRequest
      }
      $0.http2ProtocolOptions = .with {
        $0.maxConcurrentStreams = 100
        $0.initialStreamWindowSize = 65_536
        $0.initialConnectionWindowSize = 1_048_576
      }
      $0.httpFilters = HTTPFilter.chain(of: [.dropReservedHeaders, .router])
      $0.rds = .over(routes)
    }
  }

  /// For gateways elsewhere, which have seen to hostile clients and have a verified identity.
  static func mesh(routes: String) -> HTTPConnectionManager {
    .with {
      $0.statPrefix = routes
      $0.serverHeaderTransformation = .passThrough
      $0.forwardClientCertDetails = .sanitizeSet
      $0.setCurrentClientCertDetails.uri = true
      $0.normalizesPaths()
      $0.httpFilters = HTTPFilter.chain(of: [.dropReservedHeaders, .deny, .router])
      $0.rds = .over(routes)
    }
  }

  private mutating func normalizesPaths() {
    normalizePath = true
    mergeSlashes = true
    pathWithEscapedSlashesAction = .rejectRequest
  }
}

extension Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_Rds {
  /// The route configuration `name` by discovery.
  fileprivate static func over(_ name: String) -> Self {
    .with {
      $0.configSource = .stream
      $0.routeConfigName = name
    }
  }
}

extension ScopedRoutes {
  /// One small route configuration per service and port, chosen by the host without its port and by
  /// the port at which the connection arrived: a changed route costs the size of one service.
  fileprivate static let byHostAndPort = ScopedRoutes.with {
    $0.name = EnvoyName.outboundListener
    $0.scopeKeyBuilder.fragments = [
      .with {
        $0.headerValueExtractor.name = EnvoyName.authority
        $0.headerValueExtractor.elementSeparator = ":"
        $0.headerValueExtractor.index = 0
      },
      .with {
        $0.headerValueExtractor.name = EnvoyName.portHeader
        $0.headerValueExtractor.index = 0
      },
    ]
    $0.rdsConfigSource = .stream
    $0.scopedRds.scopedRdsConfigSource = .stream
  }
}

extension EarlyHeaderMutation {
  fileprivate static func settingPort(_ port: Int) -> EarlyHeaderMutation {
    .with {
      $0.mutations = [
        .with {
          $0.append.header.key = EnvoyName.portHeader
          $0.append.header.value = String(port)
          $0.append.appendAction = .overwriteIfExistsOrAdd
        }
      ]
    }
  }
}
