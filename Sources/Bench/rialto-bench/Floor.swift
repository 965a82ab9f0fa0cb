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
/// own, with the bootstrap that the product uses. The route leads to one of two applications and then
/// to the other, as a request must get as far as those that the product is timed with.
struct Floor: Sendable {
  static let address = "127.0.1.20"
  private static let name = "floor"

  let view = View()
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

  var url: String { "http://\(Self.address):\(port)/" }
  private var socket: String { "\(folder)/ads.sock" }

  func server() throws -> GRPCServer<HTTP2ServerTransport.Posix> {
    try publish(first: true, route(for: 0))
    let views = Latest(view)
    let transport = HTTP2ServerTransport.Posix(
      address: .unixDomainSocket(path: socket), transportSecurity: .plaintext)
    let service = DiscoveryService(
      subscribe: { _, nodeID in Subscription(nodeID: nodeID, views: views) }, observe: { _ in })
    return GRPCServer(transport: transport, services: [service])
  }

  func child(log: String) throws -> Child {
    let bootstrap = Bootstrap(
      nodeID: Self.name, cluster: Self.name, discoverySocket: socket,
      administrationSocket: "\(folder)/admin.sock")
    let path = "\(folder)/bootstrap.json"
    try Data(bootstrap.document.canonicalJSON).write(to: URL(fileURLWithPath: path))
    return Child(
      name: "the floor's Envoy", executable: envoy,
      arguments: [
        "-c", path, "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning",
      ], log: log)
  }

  /// What is answered once the route of this round is in force.
  func answer(for round: Int) -> String { backends[round % backends.count].answer }

  /// Built before the clock starts.
  func route(for round: Int) throws -> Resource {
    let routes = Envoy_Config_Route_V3_RouteConfiguration.with {
      $0.name = Self.name
      $0.virtualHosts = [
        .with {
          $0.name = Self.name
          $0.domains = ["*"]
          $0.routes = [
            .with {
              $0.match.prefix = "/"
              $0.route.cluster = answer(for: round)
            }
          ]
        }
      ]
    }
    return Resource(
      name: ResourceName(.routes, Self.name), version: answer(for: round),
      body: try routes.serializedBytes())
  }

  func publish(_ route: Resource) {
    view.publish(upserts: [route], removals: [], generation: view.generation + 1)
  }

  private func publish(first: Bool, _ route: Resource) throws {
    let manager =
      Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager.with {
        $0.statPrefix = Self.name
        $0.rds.routeConfigName = Self.name
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
      $0.name = Self.name
      $0.address.socketAddress.address = Self.address
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
    view.publish(
      upserts: [
        Resource(
          name: ResourceName(.listener, Self.name), version: "1",
          body: try listener.serializedBytes()), route,
      ] + (try backends.map(cluster)), removals: [], generation: 1)
  }

  private func cluster(of backend: Backend) throws -> Resource {
    let cluster = Envoy_Config_Cluster_V3_Cluster.with {
      $0.name = backend.answer
      $0.type = .static
      $0.connectTimeout = .init(seconds: 1, nanos: 0)
      $0.loadAssignment.clusterName = backend.answer
      $0.loadAssignment.endpoints = [
        .with {
          $0.lbEndpoints = [
            .with {
              $0.endpoint.address.socketAddress.address = "127.0.0.1"
              $0.endpoint.address.socketAddress.portValue = UInt32(backend.port)
            }
          ]
        }
      ]
    }
    return Resource(
      name: ResourceName(.cluster, backend.answer), version: "1",
      body: try cluster.serializedBytes())
  }

  private static func packed(_ message: any Message) -> Google_Protobuf_Any {
    (try? Google_Protobuf_Any(message: message)) ?? .init()
  }
}
