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

  /// The cluster and the server name (SNI) for a port of a service, as Istio forms them.
  static func outbound(host: String, port: Int, subset: String? = nil) -> String {
    // A service may be called `at` and its namespace like a cluster: it must not have the name of
    // a copy, because gateways let callers choose clusters by those.
    let host = host.utf8.starts(with: "at.".utf8) ? "at_\(host.utf8.dropFirst(2).text)" : host
    return "outbound_.\(port)_.\(subset ?? "")_.\(host)"
  }

  /// The server name of calls to what `cluster` has of `host`, and the name of the cluster at the
  /// gateways there. Envoy compares server names in lower case, and they have at most 255 bytes.
  static func copy(
    of host: String, port: Int, subset: String? = nil, in cluster: String
  ) -> String {
    let service =
      host.utf8.suffix(5).elementsEqual(".mesh".utf8) ? host.utf8.dropLast(5).text : host
    let whole = "\(subset ?? "")_.\(service)"
    let name = "outbound_.\(port)_.\(whole)\(copySuffix(of: cluster))"
    guard name.utf8.count > 255 else { return name.lowercased() }
    return "outbound_.\(port)_.\(StableHash(whole).text)\(copySuffix(of: cluster))".lowercased()
  }

  /// What a cluster serves of a host name of a gateway, to gateways elsewhere.
  static func copy(ofHostname hostname: String, in cluster: String) -> String {
    let host =
      hostname.utf8.first == UInt8(ascii: "*") ? "_any\(hostname.utf8.dropFirst().text)" : hostname
    return copy(of: host, port: EnvoyPort.mesh, in: cluster)
  }

  static func copySuffix(of cluster: String) -> String { ".at.\(cluster.lowercased()).mesh" }

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

enum EnvoyPort {
  /// Where gateways take what comes from other clusters.
  static let eastWest = 15443
  /// Where gateways serve their host names to gateways elsewhere.
  static let mesh = 15444
}

extension Substring.UTF8View {
  fileprivate var text: String { String(Substring(self)) }
}
