import Blueprints
import Documents

/// Every name of Envoy's that we write, and every name that we give.
enum EnvoyName {
  static func typeURL(of message: String) -> String { "type.googleapis.com/\(message)" }

  // MARK: What Envoy calls its own

  static let tlsTransport = "envoy.transport_sockets.tls"
  static let spiffeValidator = "envoy.tls.cert_validator.spiffe"
  static let httpConnectionManager = "envoy.filters.network.http_connection_manager"
  static let serverNameCluster = "envoy.filters.network.sni_cluster"
  static let tcpProxy = "envoy.filters.network.tcp_proxy"
  static let connectionAuthorization = "envoy.filters.network.rbac"
  static let originalDestination = "envoy.filters.listener.original_dst"
  static let tlsInspector = "envoy.filters.listener.tls_inspector"
  static let earlyHeaderMutation = "envoy.http.early_header_mutation.header_mutation"
  static let uriSubject = "envoy.matching.inputs.uri_san"
  static let previousHosts = "envoy.retry_host_predicates.previous_hosts"
  static let previousPriorities = "envoy.retry_priorities.previous_priorities"
  static let upstreamHTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

  /// Marks of an endpoint that choose its transport socket.
  static let transportMatch = "envoy.transport_socket_match"

  /// What a cluster says of the paths that lead to it.
  static let pathNote = "rialto.path"

  static let transportTLS = "tls"
  static let transportPlaintext = "raw_buffer"
  static let retryOnStatus = "retriable-status-codes"

  // MARK: Headers

  static let authority = ":authority"
  static let path = ":path"
  static let method = ":method"
  /// No caller may set headers that begin like this.
  static let reservedHeaders = "x-rialto-"
  /// Set by the listener, so that the same host on two ports is two scopes.
  static let portHeader = "x-rialto-port"

  // MARK: Names that we give

  /// The certificate and key of the workload; `rialto proxy` adds the secret of this name.
  static let workloadSecret = "workload"
  /// The authorities of all trust domains under one name whose content changes, so that workloads
  /// come to believe another cluster without a new filter chain; under the next name when one is
  /// believed no more.
  static func trustSecret(withdrawals: Int) -> String {
    withdrawals == 0 ? "trust" : "trust.\(withdrawals)"
  }
  /// Likewise a filter chain whose connections end when one is believed no more.
  static func chain(_ name: String, withdrawals: Int) -> String {
    withdrawals == 0 ? name : "\(name).\(withdrawals)"
  }
  static let outboundListener = "outbound"
  static let inboundListener = "inbound"
  /// A cluster without endpoints: where requests go whose destination does not exist.
  static let unavailableCluster = "unavailable"

  static let eastWestListener = "eastwest"
  static let meshListener = "gateway_mesh"
  static let meshRoutes = "gateway.mesh"

  /// The cluster for a port of a service, called like what its handshakes ask for.
  static func outbound(host: String, port: Int, subset: String? = nil) -> String {
    ServerName.service(host, port: port, subset: subset)
  }

  /// What calls to what `cluster` has of `host` ask for, and the cluster at the gateways there.
  static func copy(
    of host: String, port: Int, subset: String? = nil, in cluster: String
  ) -> String {
    ServerName.copy(of: host, port: port, subset: subset, in: cluster)
  }

  static func copy(ofHostname hostname: String, in cluster: String) -> String {
    ServerName.copy(ofHostname: hostname, in: cluster)
  }

  static func copy(
    ofHostname hostname: String, port: Int, withTLS: Bool, in cluster: String
  ) -> String {
    ServerName.copy(ofHostname: hostname, port: port, withTLS: withTLS, in: cluster)
  }

  /// Where gateways take clients' TLS of what another gateway asked for by `name`.
  static func entrance(for name: String) -> String { "entrance_\(name)" }

  static func copySuffix(of cluster: String) -> String { ServerName.copySuffix(of: cluster) }

  /// The listener for what is meant for another cluster, and the cluster of the way there.
  static func peer(_ cluster: String) -> String { "peer_\(cluster)" }

  static func forward(_ rule: StableHash, hostname: String) -> String {
    "forward_\(rule.text)_\(hostname)"
  }

  static func inboundCluster(port: Int) -> String { "inbound_\(port)" }
  static func inboundRoutes(port: Int) -> String { "inbound_\(port)" }
  static func inboundListener(port: Int) -> String { "inbound_\(port)" }
  static func upstreamListener(address: String, port: Int) -> String {
    "upstream_\(address)_\(port)"
  }

  /// The routes of a service, and their scope, on one port.
  static func serviceRoutes(host: String, port: Int) -> String { "\(host):\(port)" }

  static func gatewayListener(port: Int) -> String { "gateway_\(port)" }
  static func gatewayRoutes(port: Int) -> String { "gateway.\(port)" }
  static func gatewayRoutes(port: Int, hostname: String) -> String { "gateway.\(port).\(hostname)" }

  static func bundleSecret(_ hash: StableHash) -> String { "bundle-\(hash.text)" }
  static func fileSecret(_ hash: StableHash) -> String { "files-\(hash.text)" }
}
