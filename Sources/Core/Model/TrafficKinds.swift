package import Documents

/// How the workloads of a traffic group call others, and are called.
package struct TrafficSetting: Hashable, Sendable {
  /// nil inherits.
  package var reachability: Reachability?
  /// In order: the first whose hosts match a service holds; nil inherits.
  package var upstreams: [UpstreamSetting]?
  /// nil inherits.
  package var failover: FailoverSettings?
  /// Properties that have no effect yet.
  package var others: [PolicyProperty: Document]

  package init(
    reachability: Reachability? = nil, upstreams: [UpstreamSetting]? = nil,
    failover: FailoverSettings? = nil, others: [PolicyProperty: Document] = [:]
  ) {
    self.reachability = reachability
    self.upstreams = upstreams
    self.failover = failover
    self.others = others
  }

  package var values: [PolicyProperty: PolicyValue] {
    var values = others.mapValues(PolicyValue.written)
    values[.reachability] = reachability.map(PolicyValue.reachability)
    values[.upstreams] = upstreams.map(PolicyValue.upstreams)
    values[.failover] = failover.map(PolicyValue.failover)
    return values
  }
}

/// What differs for the workloads of one service.
package struct ServiceTrafficSetting: Hashable, Sendable {
  package var service: ServiceName
  package var setting: TrafficSetting

  package init(service: ServiceName, setting: TrafficSetting) {
    self.service = service
    self.setting = setting
  }
}

package enum Reachability: Hashable, Sendable {
  case namespace, group, workspace, cluster
  /// `hosts` as written: `./*`, `ns/*`, `ns/service`, `*/service`.
  case custom(hosts: [ReachHost])
}

package struct ReachHost: Hashable, Sendable {
  /// `.` is the caller's own namespace, `*` every one.
  package var namespace: String
  /// nil is every service.
  package var service: String?

  package init(namespace: String, service: String?) {
    self.namespace = namespace
    self.service = service
  }
}

package struct UpstreamSetting: Hashable, Sendable {
  /// Hosts: `orders.shop.mesh`, `*.shop.mesh`, `*`.
  package var hosts: [String]
  package var requestTimeout: Duration?
  package var retries: RetrySetting?
  /// What has no effect yet, as it is written.
  package var others: Document?

  package init(
    hosts: [String], requestTimeout: Duration? = nil, retries: RetrySetting? = nil,
    others: Document? = nil
  ) {
    self.hosts = hosts
    self.requestTimeout = requestTimeout
    self.retries = retries
    self.others = others
  }
}

package struct RetrySetting: Hashable, Sendable {
  /// 0 switches retries off.
  package var attempts: Int
  package var perTryTimeout: Duration?
  /// Names of conditions; empty means the defaults.
  package var retryOn: [String]

  package init(attempts: Int, perTryTimeout: Duration? = nil, retryOn: [String] = []) {
    self.attempts = attempts
    self.perTryTimeout = perTryTimeout
    self.retryOn = retryOn
  }
}

/// How requests to one service are spread over its versions.
package struct ServiceRoute: Hashable, Sendable {
  package var service: ServiceName
  package var subsets: [Subset]
  package var routes: [HTTPRoute]

  package init(service: ServiceName, subsets: [Subset], routes: [HTTPRoute]) {
    self.service = service
    self.subsets = subsets
    self.routes = routes
  }
}

/// `<namespace>/<name>.<namespace>.mesh` in manifests; the short form `<namespace>/<name>` too.
package struct ServiceName: Hashable, Sendable, Comparable {
  package var namespace: String
  package var name: String

  package init(namespace: String, name: String) {
    self.namespace = namespace
    self.name = name
  }

  /// `orders.shop.mesh`.
  package var host: String { "\(name).\(namespace).mesh" }

  package static func < (left: ServiceName, right: ServiceName) -> Bool {
    (left.namespace, left.name) < (right.namespace, right.name)
  }
}

package struct Subset: Hashable, Sendable {
  package var name: String
  package var labels: [String: String]
  /// Percent of the requests that no HTTP route matches; nil: not part of the split.
  package var weight: Int?

  package init(name: String, labels: [String: String], weight: Int?) {
    self.name = name
    self.labels = labels
    self.weight = weight
  }
}

package struct HTTPRoute: Hashable, Sendable {
  package var name: String
  /// Any of them; empty matches every request.
  package var matches: [HTTPMatch]
  package var destinations: [RouteDestination]

  package init(name: String, matches: [HTTPMatch], destinations: [RouteDestination]) {
    self.name = name
    self.matches = matches
    self.destinations = destinations
  }
}

/// Conditions that a request must meet all together.
package struct HTTPMatch: Hashable, Sendable {
  package var name: String?
  package var uri: StringMatch?
  /// Lower-case header name → condition.
  package var headers: [String: StringMatch]
  package var port: Int?

  package init(
    name: String? = nil, uri: StringMatch? = nil, headers: [String: StringMatch] = [:],
    port: Int? = nil
  ) {
    self.name = name
    self.uri = uri
    self.headers = headers
    self.port = port
  }
}

package enum StringMatch: Hashable, Sendable {
  case exact(String)
  case prefix(String)
  case regex(String)
}

package struct RouteDestination: Hashable, Sendable {
  /// nil: the service that the route belongs to.
  package var service: ServiceName?
  package var port: Int?
  package var subset: String?
  /// Percent.
  package var weight: Int

  package init(
    service: ServiceName? = nil, port: Int? = nil, subset: String? = nil, weight: Int = 100
  ) {
    self.service = service
    self.port = port
    self.subset = subset
    self.weight = weight
  }
}
