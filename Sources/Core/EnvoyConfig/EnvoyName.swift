import Documents

/// Every name of Envoy's that we write, and every name that we give.
enum EnvoyName {
  static func typeURL(of message: String) -> String { "type.googleapis.com/\(message)" }

  // MARK: What Envoy calls its own

  static let tlsTransport = "envoy.transport_sockets.tls"
  static let spiffeValidator = "envoy.tls.cert_validator.spiffe"
  static let httpConnectionManager = "envoy.filters.network.http_connection_manager"
  static let tcpProxy = "envoy.filters.network.tcp_proxy"
  static let connectionAuthorization = "envoy.filters.network.rbac"
  static let originalDestination = "envoy.filters.listener.original_dst"
  static let tlsInspector = "envoy.filters.listener.tls_inspector"
  static let earlyHeaderMutation = "envoy.http.early_header_mutation.header_mutation"
  static let uriSubject = "envoy.matching.inputs.uri_san"
  static let previousHosts = "envoy.retry_host_predicates.previous_hosts"
  static let previousPriorities = "envoy.retry_priorities.previous_priorities"
  static let upstreamHTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"

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
  static let outboundListener = "outbound"
  static let inboundListener = "inbound"
  /// A cluster without endpoints: where requests go whose destination does not exist.
  static let unavailableCluster = "unavailable"

  /// The cluster and the server name (SNI) for a port of a service, as Istio forms them.
  static func outbound(host: String, port: Int, subset: String? = nil) -> String {
    "outbound_.\(port)_.\(subset ?? "")_.\(host)"
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
