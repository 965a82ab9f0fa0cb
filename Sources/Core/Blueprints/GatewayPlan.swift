/// What the gateways of one namespace that carry some labels serve.
package struct GatewayPlan: Hashable, Sendable, Codable {
  /// The FQN of the Gateway object.
  package var fqn: String
  /// The proxies concerned: gateways of this namespace that carry all these labels.
  package var namespace: String
  package var labels: [String: String]
  /// In the order in which they were written.
  package var servers: [GatewayServer]
  /// Those that pass connections on, likewise.
  package var connections: [ConnectionPlan]

  package init(
    fqn: String, namespace: String, labels: [String: String], servers: [GatewayServer],
    connections: [ConnectionPlan] = []
  ) {
    self.fqn = fqn
    self.namespace = namespace
    self.labels = labels
    self.servers = servers
    self.connections = connections
  }

  /// An agent may have kept a plan from before connections were passed on.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    fqn = try values.decode(String.self, forKey: .fqn)
    namespace = try values.decode(String.self, forKey: .namespace)
    labels = try values.decode([String: String].self, forKey: .labels)
    servers = try values.decode([GatewayServer].self, forKey: .servers)
    connections = try values.decodeIfPresent([ConnectionPlan].self, forKey: .connections) ?? []
  }
}

/// One host name on one port.
package struct GatewayServer: Hashable, Sendable, Codable {
  package var name: String
  /// `shop.example.com`, `*.example.com` or `*`.
  package var hostname: String
  package var port: Int
  package var tls: GatewayTLS
  /// In order: the first that matches decides; no match is 404.
  package var rules: [GatewayRule]

  package init(
    name: String, hostname: String, port: Int, tls: GatewayTLS, rules: [GatewayRule]
  ) {
    self.name = name
    self.hostname = hostname
    self.port = port
    self.tls = tls
    self.rules = rules
  }
}

package enum GatewayTLS: Hashable, Sendable, Codable {
  case none
  /// Terminated with a certificate from files on the gateway's machine.
  /// `clientAuthorities`, where present, makes clients show a certificate that it signed.
  case files(certificate: String, privateKey: String, clientAuthorities: String?)
}

package struct GatewayRule: Hashable, Sendable, Codable {
  /// A request must meet one of these; empty matches every request.
  package var matches: [RequestMatch]
  package var action: GatewayAction
  /// Milliseconds; nil means no limit.
  package var timeout: Int?

  package init(matches: [RequestMatch], action: GatewayAction, timeout: Int? = nil) {
    self.matches = matches
    self.action = action
    self.timeout = timeout
  }
}

/// A cluster that serves a host name at gateways of its own.
package struct HostProvider: Hashable, Sendable, Codable {
  package var cluster: String
  package var trustDomain: String
  /// Who those gateways are, `namespace/service account`, sorted.
  package var identities: [String]
  /// Among those of the lowest priority that is healthy.
  package var weight: Int
  package var priority: Int
  /// How many of those gateways are healthy.
  package var healthy: Int
  /// The port on which they serve it, where connections are passed on; nil for requests.
  package var port: Int?

  package init(
    cluster: String, trustDomain: String, identities: [String], weight: Int, priority: Int,
    healthy: Int, port: Int? = nil
  ) {
    self.cluster = cluster
    self.trustDomain = trustDomain
    self.identities = identities
    self.weight = weight
    self.priority = priority
    self.healthy = healthy
    self.port = port
  }
}

package enum GatewayAction: Hashable, Sendable, Codable {
  /// To a service of the mesh; its own routes and subsets apply. Port nil means its only port.
  case route(host: String, port: Int?, rewritePath: String?, rewriteAuthority: String?)
  /// To the clusters whose own gateways serve this host name; empty means that none does.
  case forward(clusters: [HostProvider], rewritePath: String?, rewriteAuthority: String?)
  case redirect(scheme: String?, authority: String?, path: String?, port: Int?, code: Int)
  case respond(status: Int, body: String?)
}

extension GatewayServer {
  /// Whether this cluster itself answers for the host name, rather than another one.
  package var answers: Bool { rules.contains { !$0.action.isForward } }

  /// Whether some requests are passed on to other clusters.
  package var forwards: Bool { rules.contains(where: \.action.isForward) }
}

extension GatewayAction {
  package var isForward: Bool { if case .forward = self { true } else { false } }
}
