import DeltaXDS
import Documents
import EnvoyProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import ProxySupervisor
import Streams
import SwiftProtobuf

/// The least that a change can cost: a bare discovery server that pushes a route to an Envoy of its
/// own, with the bootstrap that the product uses. A request takes the way that it takes in the product,
/// through the caller's Envoy and then the called one's, but without TLS and rules. The route leads to
/// one of two applications and then to the other.
struct Floor: Sendable {
  /// One of the two Envoys.
  private enum Side: String, CaseIterable {
    case caller = "floor"
    case callee = "floor-callee"

    var address: String {
      switch self {
      case .caller: "127.0.1.20"
      case .callee: "127.0.1.21"
      }
    }
  }

  private let views = [Side.caller: View(), .callee: View()]
  private let folder: String
  private let envoy: String
  private let port: Int
  private let backends: [Backend]

  /// - Parameter backends: the two applications, by turns.
  init(folder: String, envoy: String, port: Int, backends: [Backend]) {
    self.folder = folder
    self.envoy = envoy
    self.port = port
    self.backends = backends
  }

  var url: String { "http://\(Side.caller.address):\(port)/" }
  private var socket: String { "\(folder)/ads.sock" }

  func server() throws -> GRPCServer<HTTP2ServerTransport.Posix> {
    views[.caller]?.publish(
      upserts: try [listener(Side.caller.rawValue, on: .caller, port: port), route(for: 0)]
        + backends.enumerated().map { index, backend in
          try cluster(backend.answer, at: Side.callee.address, port: port + index)
        }, removals: [], generation: 1)
    views[.callee]?.publish(
      upserts: try backends.enumerated().flatMap { index, backend in
        try [
          listener(backend.answer, on: .callee, port: port + index),
          route(named: backend.answer, to: backend.answer),
          cluster(backend.answer, at: "127.0.0.1", port: backend.port),
        ]
      }, removals: [], generation: 1)
    let transport = HTTP2ServerTransport.Posix(
      address: .unixDomainSocket(path: socket), transportSecurity: .plaintext,
      config: .defaults { $0.connection.flushCoalescing = nil })
    let service = DiscoveryService(
      subscribe: { _, nodeID in
        guard let view = Side(rawValue: nodeID).flatMap({ views[$0] }) else {
          throw RPCError(code: .notFound, message: "there is no such Envoy")
        }
        return Subscription(nodeID: nodeID, views: Latest(view))
      }, observe: { _ in })
    return GRPCServer(transport: transport, services: [service])
  }

  /// The Envoys, with the names of their logs.
  func children(logs: String) throws -> [Child] {
    try Side.allCases.map { side in
      let name = side.rawValue
      let bootstrap = Bootstrap(
        nodeID: name, cluster: name, discoverySocket: socket,
        administrationSocket: "\(folder)/\(name).sock")
      let path = "\(folder)/\(name).json"
      try Data(bootstrap.document.canonicalJSON).write(to: URL(fileURLWithPath: path))
      return Child(
        name: name, executable: envoy,
        arguments: [
          "-c", path, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning",
        ], log: "\(logs)/\(name).log")
    }
  }

  /// What is answered once the route of this round is in force.
  func answer(for round: Int) -> String { backends[round % backends.count].answer }

  /// Built before the clock starts.
  func route(for round: Int) throws -> Resource {
    try route(named: Side.caller.rawValue, to: answer(for: round))
  }

  func publish(_ route: Resource) {
    guard let view = views[.caller] else { return }
    view.publish(upserts: [route], removals: [], generation: view.generation + 1)
  }

  // MARK: Resources

  private func route(named name: String, to cluster: String) throws -> Resource {
    let routes = Envoy_Config_Route_V3_RouteConfiguration.with {
      $0.name = name
      $0.virtualHosts = [
        .with {
          $0.name = name
          $0.domains = ["*"]
          $0.routes = [
            .with {
              $0.match.prefix = "/"
              $0.route.cluster = cluster
            }
          ]
        }
      ]
    }
    return Resource(
      name: ResourceName(.routes, name), version: cluster, body: try routes.serializedBytes())
  }

  private func listener(_ name: String, on side: Side, port: Int) throws -> Resource {
    let manager =
      Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager.with {
        $0.statPrefix = name
        $0.rds.routeConfigName = name
        $0.rds.configSource.ads = .init()
        $0.rds.configSource.resourceApiVersion = .v3
        $0.httpFilters = [
          .with {
            $0.name = "envoy.filters.http.router"
            $0.typedConfig = Self.packed(Envoy_Extensions_Filters_Http_Router_V3_Router())
          }
        ]
      }
    let listener = Envoy_Config_Listener_V3_Listener.with {
      $0.name = name
      $0.address.socketAddress.address = side.address
      $0.address.socketAddress.portValue = UInt32(port)
      $0.filterChains = [
        .with {
          $0.filters = [
            .with {
              $0.name = "envoy.filters.network.http_connection_manager"
              $0.typedConfig = Self.packed(manager)
            }
          ]
        }
      ]
    }
    return Resource(
      name: ResourceName(.listener, name), version: "1", body: try listener.serializedBytes())
  }

  private func cluster(_ name: String, at address: String, port: Int) throws -> Resource {
    let cluster = Envoy_Config_Cluster_V3_Cluster.with {
      $0.name = name
      $0.type = .static
      $0.connectTimeout = .init(seconds: 1, nanos: 0)
      $0.loadAssignment.clusterName = name
      $0.loadAssignment.endpoints = [
        .with {
          $0.lbEndpoints = [
            .with {
              $0.endpoint.address.socketAddress.address = address
              $0.endpoint.address.socketAddress.portValue = UInt32(port)
            }
          ]
        }
      ]
    }
    return Resource(
      name: ResourceName(.cluster, name), version: "1", body: try cluster.serializedBytes())
  }

  private static func packed(_ message: any Message) -> Google_Protobuf_Any {
    (try? Google_Protobuf_Any(message: message)) ?? .init()
  }
}
