import DeltaXDS
import EnvoyProtos
import FleetProtos
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2Posix
import Identity
import SecureTransport
import Streams
import SwiftProtobuf
import Synchronization

@testable import ProxySupervisor

/// An agent with one workload: the real transport, certificates and discovery service, and a view
/// that the test fills.
final class FakeAgent: Sendable {
  static let trustDomain = "east.acme.mesh"
  static let nodeID = "orders-1"

  let authority: CertificateAuthority
  let view = View()
  /// What the proxy has said: `registered`, `healthy`, `unhealthy`, `goodbye`.
  let heard = Latest<[String]>([])
  let accepted = Latest<Set<AcknowledgedResource>>([])
  let rejected = Latest<[String]>([])
  /// How many times resources were written to a stream.
  let told = Latest(0)
  let lifetime: Mutex<Duration>
  private let credentials: CredentialSource

  init(lifetime: Duration = .seconds(3600)) throws {
    self.lifetime = Mutex(lifetime)
    authority = try .cluster(trustDomain: Self.trustDomain, key: PrivateKey(), now: Date())
    let key = PrivateKey()
    let chain = try authority.issue(
      CertificateRequest(der: try CertificateRequest.make(for: key)),
      as: .agent(trustDomain: Self.trustDomain), dnsNames: [], addresses: ["127.0.0.1"],
      lifetime: .seconds(3600), now: Date())
    credentials = CredentialSource(Credentials(chain: chain, key: key))
  }

  var token: JoinToken {
    .workload(
      JoinToken.Workload(
        id: "t1", secret: Array(repeating: 7, count: 32), cluster: "east",
        trustDomain: Self.trustDomain, pin: authority.publicKeyHash))
  }

  /// Serves on a free port, or on `port`, while `body` runs.
  func serving<Value: Sendable>(
    port: Int = 0, _ body: @escaping @Sendable (_ port: Int) async throws -> Value
  ) async throws -> Value {
    let bundle = TrustBundle(authorities: [Self.trustDomain: [authority.certificate]])
    let transport = try mutualTLSServer(
      host: "127.0.0.1", port: port, credentials: credentials,
      peers: .verified({ bundle }, allowsUnenrolled: true))
    let subscription = Subscription(nodeID: Self.nodeID, views: Latest(view))
    let discovery = DiscoveryService(
      subscribe: { context, nodeID in
        guard case .enrolled = try peer(of: context), nodeID == Self.nodeID else {
          throw RPCError(code: .permissionDenied, message: "not the node")
        }
        return subscription
      }, observe: { self.observe($0) })
    let server = GRPCServer(
      transport: transport,
      services: [discovery, FakeEnrollment(agent: self), FakeRegistry(agent: self)])
    return try await withThrowingTaskGroup(of: Value?.self) { group in
      group.addTask {
        try await server.serve()
        return nil
      }
      let port = try await transport.listeningAddress.ipv4?.port ?? 0
      group.addTask { try await body(port) }
      defer { group.cancelAll() }
      while let value = try await group.next() {
        if let value { return value }
      }
      throw CancellationError()
    }
  }

  private func observe(_ event: DeliveryEvent) {
    switch event {
    case .accepted(_, let resources): accepted.update { $0.formUnion(resources) }
    case .rejected(_, let resource, _): rejected.update { $0.append(resource.name.name) }
    case .told: told.update { $0 += 1 }
    case .connected, .disconnected, .settled: break
    }
  }

  fileprivate func issue(_ request: Data) throws -> [Data] {
    let request = try CertificateRequest(der: Array(request))
    return try authority.issue(
      request,
      as: .workload(
        trustDomain: Self.trustDomain, namespace: "shop", serviceAccount: "orders"),
      dnsNames: [], addresses: [], lifetime: lifetime.withLock { $0 }, now: Date()
    ).map { Data($0) }
  }
}

private struct FakeEnrollment: Rialto_Workload_V1_Enrollment.SimpleServiceProtocol {
  let agent: FakeAgent

  func join(
    request: Rialto_Workload_V1_JoinRequest, context: ServerContext
  ) async throws -> Rialto_Workload_V1_JoinResponse {
    guard case .unenrolled = try peer(of: context), request.tokenID == "t1",
      Array(request.secret) == Array(repeating: 7, count: 32)
    else { throw RPCError(code: .permissionDenied, message: "no such token") }
    let chain = try agent.issue(request.certificateRequest)
    return .with {
      $0.nodeID = FakeAgent.nodeID
      $0.namespace = "shop"
      $0.service = "orders"
      $0.serviceAccount = "orders"
      $0.role = "sidecar"
      $0.cluster = "east"
      $0.trustDomain = FakeAgent.trustDomain
      $0.certificateChain = chain
      $0.authorities = [Data(agent.authority.certificate)]
    }
  }

  func renew(
    request: Rialto_Workload_V1_RenewRequest, context: ServerContext
  ) async throws -> Rialto_Workload_V1_RenewResponse {
    guard case .enrolled = try peer(of: context) else {
      throw RPCError(code: .unauthenticated, message: "who are you?")
    }
    let chain = try agent.issue(request.certificateRequest)
    agent.heard.update { $0.append("renewed") }
    return .with {
      $0.certificateChain = chain
      $0.authorities = [Data(agent.authority.certificate)]
    }
  }
}

private struct FakeRegistry: Rialto_Workload_V1_Registry.SimpleServiceProtocol {
  let agent: FakeAgent

  func register(
    request: RPCAsyncSequence<Rialto_Workload_V1_ProxyMessage, any Error>,
    response: RPCWriter<Rialto_Workload_V1_AgentMessage>, context: ServerContext
  ) async throws {
    for try await message in request {
      switch message.message {
      case .registration(let registration):
        agent.heard.update { $0.append("registered \(registration.nodeID)") }
        agent.heard.update { $0.append(registration.healthy ? "healthy" : "unhealthy") }
        try await response.write(.with { $0.registered.cluster = "east" })
      case .health(let health):
        agent.heard.update { $0.append(health.healthy ? "healthy" : "unhealthy") }
      case .goodbye:
        agent.heard.update { $0.append("goodbye") }
        return
      case nil: break
      }
    }
  }
}

/// What a listener of `answering` says.
func answers(_ text: String) throws -> Resource {
  var route = Envoy_Config_Route_V3_Route()
  route.match.prefix = "/"
  route.directResponse.status = 200
  route.directResponse.body.inlineString = text
  var host = Envoy_Config_Route_V3_VirtualHost()
  host.name = "all"
  host.domains = ["*"]
  host.routes = [route]
  var routes = Envoy_Config_Route_V3_RouteConfiguration()
  routes.name = "answer"
  routes.virtualHosts = [host]
  return Resource(
    name: ResourceName(.routes, "answer"), version: text, body: try routes.serializedBytes())
}

/// A listener on 127.0.0.1 that answers every request as the routes `answer` say; over TLS with the
/// workload's certificate when `isSecure`.
func answering(port: Int, name: String = "answer", isSecure: Bool = false) throws -> Resource {
  var manager =
    Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpConnectionManager()
  manager.statPrefix = "answer"
  manager.rds.routeConfigName = "answer"
  manager.rds.configSource.ads = .init()
  manager.rds.configSource.resourceApiVersion = .v3
  var router = Envoy_Extensions_Filters_Network_HttpConnectionManager_V3_HttpFilter()
  router.name = "envoy.filters.http.router"
  router.typedConfig = try packed(Envoy_Extensions_Filters_Http_Router_V3_Router())
  manager.httpFilters = [router]
  var filter = Envoy_Config_Listener_V3_Filter()
  filter.name = "envoy.filters.network.http_connection_manager"
  filter.typedConfig = try packed(manager)
  var chain = Envoy_Config_Listener_V3_FilterChain()
  chain.filters = [filter]
  if isSecure {
    var tls = Envoy_Extensions_TransportSockets_Tls_V3_DownstreamTlsContext()
    var secret = Envoy_Extensions_TransportSockets_Tls_V3_SdsSecretConfig()
    secret.name = "workload"
    secret.sdsConfig.ads = .init()
    secret.sdsConfig.resourceApiVersion = .v3
    tls.commonTlsContext.tlsCertificateSdsSecretConfigs = [secret]
    chain.transportSocket.name = "envoy.transport_sockets.tls"
    chain.transportSocket.typedConfig = try packed(tls)
  }
  var listener = Envoy_Config_Listener_V3_Listener()
  listener.name = name
  listener.address.socketAddress.address = "127.0.0.1"
  listener.address.socketAddress.portValue = UInt32(port)
  listener.filterChains = [chain]
  return Resource(
    name: ResourceName(.listener, name), version: "\(port)-\(isSecure)",
    body: try listener.serializedBytes())
}

private func packed(_ message: some Message) throws -> Google_Protobuf_Any {
  var any = Google_Protobuf_Any()
  any.typeURL = "type.googleapis.com/" + type(of: message).protoMessageName
  any.value = try message.serializedBytes()
  return any
}
