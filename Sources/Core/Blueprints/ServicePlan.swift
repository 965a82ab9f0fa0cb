/// A service as its callers in this cluster see it.
package struct ServicePlan: Hashable, Sendable, Codable {
  package var namespace: String
  package var name: String
  /// `<name>.<namespace>.mesh`.
  package var host: String
  /// The virtual IPv4 address, dotted; the same in every cluster.
  package var address: String
  /// Sorted by number.
  package var ports: [PlannedPort]
  /// The clusters that provide the service, sorted by name.
  package var providers: [ServiceProvider]
  /// Sorted by name.
  package var subsets: [PlannedSubset]
  /// In order of precedence: the first rule that matches a request decides. A request that none
  /// matches goes to `defaultDestinations`.
  package var routes: [HTTPRouteRule]
  /// Where requests go that no rule matches; empty means the whole service.
  package var defaultDestinations: [WeightedDestination]
  package var callers: CallerTLS
  /// Whether this cluster's gateways let other clusters call the instances here.
  package var isExposed: Bool

  package init(
    namespace: String, name: String, host: String, address: String, ports: [PlannedPort],
    providers: [ServiceProvider], subsets: [PlannedSubset] = [], routes: [HTTPRouteRule] = [],
    defaultDestinations: [WeightedDestination] = [], callers: CallerTLS = .whenOffered,
    isExposed: Bool = false
  ) {
    self.namespace = namespace
    self.name = name
    self.host = host
    self.address = address
    self.ports = ports
    self.providers = providers
    self.subsets = subsets
    self.routes = routes
    self.defaultDestinations = defaultDestinations
    self.callers = callers
    self.isExposed = isExposed
  }
}

/// How callers reach the instances of a service.
package enum CallerTLS: String, Hashable, Sendable, Codable {
  /// Mutual TLS to every instance behind a proxy, which all registered workloads are.
  case whenOffered
  /// Mutual TLS, and nothing else, whatever an instance offers.
  case always
}

package enum PortProtocol: String, Hashable, Sendable, Codable, CaseIterable {
  case http, http2, grpc, tcp

  /// Whether requests, not only connections, are routed and authorised.
  package var isHTTP: Bool { self != .tcp }
}

package struct PlannedPort: Hashable, Sendable, Codable {
  /// 1 to 65,535; the number that callers dial and that instances serve.
  package var number: Int
  package var name: String
  package var protocolName: PortProtocol

  package init(number: Int, name: String, protocolName: PortProtocol) {
    self.number = number
    self.name = name
    self.protocolName = protocolName
  }
}

/// One cluster whose instances of a service may be called from here: this one, or one that exposes
/// the service and that there is a way to.
package struct ServiceProvider: Hashable, Sendable, Codable {
  package var cluster: String
  package var trustDomain: String
  /// The service accounts that instances run as, sorted.
  package var serviceAccounts: [String]
  /// Callers prefer the lowest that has somebody healthy.
  package var priority: Int
  /// nil for this cluster, whose agent knows the instances themselves.
  package var remote: RemoteInstances?

  package init(
    cluster: String, trustDomain: String, serviceAccounts: [String], priority: Int = 0,
    remote: RemoteInstances? = nil
  ) {
    self.cluster = cluster
    self.trustDomain = trustDomain
    self.serviceAccounts = serviceAccounts
    self.priority = priority
    self.remote = remote
  }
}

/// What is known here of instances elsewhere: how many are healthy, never which.
package struct RemoteInstances: Hashable, Sendable, Codable {
  package var healthy: Int
  /// By the name of the subset.
  package var subsets: [String: Int]
  /// The ports that the service has there, sorted.
  package var ports: [Int]

  package init(healthy: Int, subsets: [String: Int] = [:], ports: [Int]) {
    self.healthy = healthy
    self.subsets = subsets
    self.ports = ports
  }
}

/// The instances of a service that carry all of `labels`.
package struct PlannedSubset: Hashable, Sendable, Codable {
  package var name: String
  package var labels: [String: String]

  package init(name: String, labels: [String: String]) {
    self.name = name
    self.labels = labels
  }
}

/// One rule of the requests to a service.
package struct HTTPRouteRule: Hashable, Sendable, Codable {
  /// The name that the operator gave it.
  package var name: String
  /// A request must meet one of these; empty matches every request.
  package var matches: [RequestMatch]
  /// At least one.
  package var destinations: [WeightedDestination]

  package init(name: String, matches: [RequestMatch], destinations: [WeightedDestination]) {
    self.name = name
    self.matches = matches
    self.destinations = destinations
  }
}

/// Conditions that a request must meet all together.
package struct RequestMatch: Hashable, Sendable, Codable {
  package var path: TextMatch?
  /// Sorted by header name.
  package var headers: [HeaderMatch]
  /// The service port, or nil for all.
  package var port: Int?

  package init(path: TextMatch? = nil, headers: [HeaderMatch] = [], port: Int? = nil) {
    self.path = path
    self.headers = headers
    self.port = port
  }
}

package struct HeaderMatch: Hashable, Sendable, Codable {
  /// Lower case.
  package var name: String
  package var value: TextMatch

  package init(name: String, value: TextMatch) {
    self.name = name
    self.value = value
  }
}

package enum TextMatch: Hashable, Sendable, Codable {
  case exact(text: String)
  case prefix(text: String)
  /// RE2 syntax, matched against the whole text.
  case regex(pattern: String)
}

/// A share of the requests.
package struct WeightedDestination: Hashable, Sendable, Codable {
  /// The host of another service that gets the requests, or nil for the service itself.
  package var host: String?
  /// The port of the destination, or nil for the port that was called.
  package var port: Int?
  /// A subset of the destination, or nil for all its instances.
  package var subset: String?
  /// 0 to 100; the weights of one rule add up to 100.
  package var weight: Int

  package init(host: String? = nil, port: Int? = nil, subset: String? = nil, weight: Int) {
    self.host = host
    self.port = port
    self.subset = subset
    self.weight = weight
  }
}

extension WeightedDestination {
  /// The service and the port that this leads to from a call to `port` of `service`; nil when there
  /// is no such service, port or subset, or when the two ports do not speak the same.
  package func target(
    from service: ServicePlan, port: PlannedPort, _ find: (String) -> ServicePlan?
  ) -> (service: ServicePlan, port: Int)? {
    let number = self.port ?? port.number
    guard let target = host.map(find) ?? service,
      let found = target.ports.first(where: { $0.number == number }),
      found.protocolName.isHTTP == port.protocolName.isHTTP,
      subset.map({ name in target.subsets.contains { $0.name == name } }) ?? true
    else { return nil }
    return (target, number)
  }
}
