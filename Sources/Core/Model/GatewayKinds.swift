/// What some gateways let in, and out.
package struct Gateway: Hashable, Sendable {
  package var selector: WorkloadSelector
  package var http: [HTTPServer]
  /// Servers for TLS that is passed on.
  package var tls: [ConnectionServer]
  /// Servers for anything that is no HTTP.
  package var tcp: [ConnectionServer]
  /// Who may call what outside.
  package var egress: [EgressRule]

  package init(
    selector: WorkloadSelector, http: [HTTPServer], tls: [ConnectionServer] = [],
    tcp: [ConnectionServer] = [], egress: [EgressRule] = []
  ) {
    self.selector = selector
    self.http = http
    self.tls = tls
    self.tcp = tcp
    self.egress = egress
  }
}

extension Kind {
  /// What a kind of gateway calls its lists of servers.
  package var serverLists: (http: String, tls: String, tcp: String) {
    switch self {
    case .tier1Gateway: ("externalServers", "passthroughServers", "tcpExternalServers")
    case .ingressGateway: ("http", "tlsPassthrough", "tcp")
    default: ("http", "tls", "tcp")
    }
  }

  /// Whether servers of a kind of gateway lead to clusters only, and name them without a route.
  package var leadsToClustersOnly: Bool { self == .tier1Gateway }
}

package struct WorkloadSelector: Hashable, Sendable {
  package var namespace: String
  package var labels: [String: String]

  package init(namespace: String, labels: [String: String]) {
    self.namespace = namespace
    self.labels = labels
  }
}

package struct HTTPServer: Hashable, Sendable {
  package var name: String
  /// A host name, `*.` and a host name, or `*`.
  package var hostname: String
  package var port: Int
  package var tls: ServerTLS
  package var rules: [HTTPServerRule]

  package init(name: String, hostname: String, port: Int, tls: ServerTLS, rules: [HTTPServerRule]) {
    self.name = name
    self.hostname = hostname
    self.port = port
    self.tls = tls
    self.rules = rules
  }
}

package enum ServerTLS: Hashable, Sendable {
  case disabled
  case simple(certificate: String, privateKey: String)
  case mutual(certificate: String, privateKey: String, clientAuthorities: String)
  /// What gateways cannot do yet; they do not serve it at all rather than without TLS.
  case unserved(reason: String)
}

package struct HTTPServerRule: Hashable, Sendable {
  package var matches: [HTTPMatch]
  package var action: HTTPServerAction
  package var rewrite: Rewrite?
  package var timeout: Duration?

  package init(
    matches: [HTTPMatch], action: HTTPServerAction, rewrite: Rewrite? = nil,
    timeout: Duration? = nil
  ) {
    self.matches = matches
    self.action = action
    self.rewrite = rewrite
    self.timeout = timeout
  }
}

package struct Rewrite: Hashable, Sendable {
  package var uri: String?
  package var authority: String?

  package init(uri: String? = nil, authority: String? = nil) {
    self.uri = uri
    self.authority = authority
  }
}

package enum HTTPServerAction: Hashable, Sendable {
  /// Port nil: the only port of the service.
  case service(ServiceName, port: Int?)
  /// To the clusters whose own gateways serve the host; empty means all of them.
  case clusters([ClusterDestination])
  case redirect(Redirect)
  case respond(status: Int, body: String?)
}

/// Some of the clusters that a host's requests may go to.
package struct ClusterDestination: Hashable, Sendable {
  package enum Selector: Hashable, Sendable {
    case name(String)
    /// Every cluster that carries all of them.
    case labels([String: String])
  }
  package var selector: Selector
  /// The share of each of the clusters; nil where none of the destinations has one: near ones first.
  package var weight: Int?

  package init(_ selector: Selector, weight: Int? = nil) {
    self.selector = selector
    self.weight = weight
  }
}

package struct Redirect: Hashable, Sendable {
  package var scheme: String?
  package var authority: String?
  package var uri: String?
  package var port: Int?
  /// 301, 302, 303, 307 or 308.
  package var code: Int

  package init(
    scheme: String? = nil, authority: String? = nil, uri: String? = nil, port: Int? = nil,
    code: Int = 301
  ) {
    self.scheme = scheme
    self.authority = authority
    self.uri = uri
    self.port = port
    self.code = code
  }
}
