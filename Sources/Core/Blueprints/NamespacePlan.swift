/// What holds for the workloads of one namespace in this cluster.
package struct NamespacePlan: Hashable, Sendable, Codable {
  package var namespace: String
  /// The FQN of the workspace that owns the namespace, or nil when none does.
  package var workspace: String?
  /// The services that these workloads may call; what is not listed is not sent to them.
  package var reach: Reach
  /// How they call, in order: the first rule whose hosts match a service holds for it.
  package var calls: [CallRule]
  /// Who may call them, and how.
  package var admission: Admission

  package init(
    namespace: String, workspace: String?, reach: Reach, calls: [CallRule] = [],
    admission: Admission
  ) {
    self.namespace = namespace
    self.workspace = workspace
    self.reach = reach
    self.calls = calls
    self.admission = admission
  }
}

package enum Reach: Hashable, Sendable, Codable {
  case everything
  /// Sorted, without duplicates.
  case only(targets: [ReachTarget])
}

/// Services that may be called: all of the namespaces that match, or one service in them.
package struct ReachTarget: Hashable, Sendable, Codable, Comparable {
  package var namespace: NamePattern
  /// A service name, or nil for every service of the namespace.
  package var service: String?

  package init(namespace: NamePattern, service: String? = nil) {
    self.namespace = namespace
    self.service = service
  }

  package func includes(namespace: String, service: String) -> Bool {
    (self.service ?? service) == service && self.namespace.matches(namespace)
  }

  package static func < (left: ReachTarget, right: ReachTarget) -> Bool {
    (left.namespace.text, left.service ?? "") < (right.namespace.text, right.service ?? "")
  }
}

/// A name (`shop`), the beginning of names (`shop*`) or every name (`*`).
package struct NamePattern: Hashable, Sendable, Codable {
  package var text: String

  package init(_ text: String) { self.text = text }

  package func matches(_ name: String) -> Bool {
    guard text.utf8.last == UInt8(ascii: "*") else { return Array(text.utf8) == Array(name.utf8) }
    return name.utf8.starts(with: text.utf8.dropLast())
  }
}

/// How the workloads of a namespace call some services.
package struct CallRule: Hashable, Sendable, Codable {
  /// Hosts (`orders.shop.mesh`, `*.shop.mesh`, `*`).
  package var hosts: [String]
  /// Milliseconds a request may take in all; nil means no limit.
  package var timeout: Int?
  /// nil means the defaults of the product.
  package var retries: Retries?

  package init(hosts: [String], timeout: Int? = nil, retries: Retries? = nil) {
    self.hosts = hosts
    self.timeout = timeout
    self.retries = retries
  }
}

package struct Retries: Hashable, Sendable, Codable {
  /// 0 switches retries off.
  package var attempts: Int
  /// Milliseconds; nil means the remaining time of the request.
  package var perTryTimeout: Int?
  /// Envoy's and gRPC's condition names (`connect-failure`, `503`…); empty means the defaults.
  package var conditions: [String]

  package init(attempts: Int, perTryTimeout: Int? = nil, conditions: [String] = []) {
    self.attempts = attempts
    self.perTryTimeout = perTryTimeout
    self.conditions = conditions
  }
}

/// Who may call the workloads of a namespace.
package struct Admission: Hashable, Sendable, Codable {
  package var traffic: TrafficMode
  package var authorization: Authorization

  package init(traffic: TrafficMode, authorization: Authorization) {
    self.traffic = traffic
    self.authorization = authorization
  }
}

package enum TrafficMode: String, Hashable, Sendable, Codable {
  /// Mutual TLS only.
  case required
  /// Mutual TLS and plaintext; a plaintext caller has no identity.
  case optional
}

package enum Authorization: Hashable, Sendable, Codable {
  /// Anybody may call.
  case open
  /// `deny` is evaluated first. Then, if `allow` is nil everybody else may call; otherwise only
  /// those that one of its rules names, so that an empty list refuses everybody.
  case rules(deny: [AuthorizationRule], allow: [AuthorizationRule]?)
}

package struct AuthorizationRule: Hashable, Sendable, Codable {
  /// Leads back to the object: its FQN, `#` and the index of the rule.
  package var name: String
  /// Sorted, without duplicates; a caller that is one of them meets the rule.
  package var principals: [Principal]

  package init(name: String, principals: [Principal]) {
    self.name = name
    self.principals = principals
  }
}

/// A set of verified identities.
package enum Principal: Hashable, Sendable, Codable {
  /// Every identity of a trust domain.
  case trustDomain(trustDomain: String)
  case namespace(trustDomain: String, namespace: NamePattern)
  case serviceAccount(trustDomain: String, namespace: String, name: String)
}

extension [CallRule] {
  /// The first rule for a host, where it says something.
  package func rule(for host: String) -> CallRule? {
    let rule = first { rule in rule.hosts.contains { HostPattern(text: $0).matches(host) } }
    return rule?.timeout != nil || rule?.retries != nil ? rule : nil
  }
}
