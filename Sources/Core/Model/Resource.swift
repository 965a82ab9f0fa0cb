/// An object as it is meant: checked, with the defaults of the API filled in.
package struct Resource: Hashable, Sendable {
  package var ref: ResourceRef
  package var spec: ResourceSpec
  package var labels: [String: String]
  /// The profiles attached to it, in order.
  package var profiles: [ResourceRef]
  /// What is written at a tenant, a workspace or a security group. What an ancestor says holds.
  package var securityDomain: SecurityDomain?
  /// The change that last wrote it.
  package var revision: Revision
  /// The change that first wrote it; decides who came first where two objects contend.
  package var created: Revision

  package init(
    ref: ResourceRef, spec: ResourceSpec, labels: [String: String] = [:],
    profiles: [ResourceRef] = [], securityDomain: SecurityDomain? = nil,
    revision: Revision = Revision(0), created: Revision = Revision(0)
  ) {
    self.ref = ref
    self.spec = spec
    self.labels = labels
    self.profiles = profiles
    self.securityDomain = securityDomain
    self.revision = revision
    self.created = created
  }
}

package enum ResourceSpec: Hashable, Sendable {
  case organization
  case organizationSetting(OrganizationSetting)
  case cluster(Cluster)
  case tenant
  case tenantSetting(DefaultSettings)
  case workspace(Workspace)
  case workspaceSetting(WorkspaceSetting)
  /// Traffic, security and gateway groups have one shape; `ref.kind` tells them apart.
  case group(Group)
  case trafficSetting(TrafficSetting)
  case serviceRoute(ServiceRoute)
  case securitySetting(SecuritySetting)
  case serviceTrafficSetting(ServiceTrafficSetting)
  case serviceSecuritySetting(ServiceSecuritySetting)
  case profile(Profile)
  /// The kinds of gateways that came before are this one too.
  case gateway(Gateway)
  /// Objects that the mesh does not look at; `ref.kind` tells what they are.
  case passive
}

/// One site.
package struct Cluster: Hashable, Sendable {
  /// Where its workloads are; clusters of one network reach each other directly.
  package var network: String
  package var trustDomain: String
  /// Where it is, for those who prefer what is near; nil is near nothing.
  package var region: String?
  /// What `clusterDestination` selects clusters by.
  package var labels: [String: String]

  package init(
    network: String, trustDomain: String, region: String? = nil, labels: [String: String] = [:]
  ) {
    self.network = network
    self.trustDomain = trustDomain
    self.region = region
    self.labels = labels
  }
}

package struct Workspace: Hashable, Sendable {
  package var namespaceSelector: NamespaceSelector
  package init(namespaceSelector: NamespaceSelector) { self.namespaceSelector = namespaceSelector }
}

package struct Group: Hashable, Sendable {
  package enum ConfigMode: String, Hashable, Sendable {
    case bridged = "BRIDGED", direct = "DIRECT"
  }
  package var namespaceSelector: NamespaceSelector
  package var configMode: ConfigMode

  package init(namespaceSelector: NamespaceSelector, configMode: ConfigMode = .bridged) {
    self.namespaceSelector = namespaceSelector
    self.configMode = configMode
  }
}

/// Which namespaces of which clusters; at least one term.
package struct NamespaceSelector: Hashable, Sendable {
  package var terms: [Term]
  package init(terms: [Term]) { self.terms = terms }

  package func selects(cluster: String, namespace: String) -> Bool {
    terms.contains { $0.selects(cluster: cluster, namespace: namespace) }
  }

  /// `cluster/namespace`, where the cluster may be `*` and the namespace may end in `*`.
  package struct Term: Hashable, Sendable {
    /// nil is every cluster.
    package var cluster: String?
    /// A name, the beginning of names with `*`, or `*`.
    package var namespace: String

    package init(cluster: String?, namespace: String) {
      self.cluster = cluster
      self.namespace = namespace
    }

    package var text: String { "\(cluster ?? "*")/\(namespace)" }

    package func selects(cluster: String, namespace: String) -> Bool {
      (self.cluster == nil || self.cluster == cluster) && matches(namespace: namespace)
    }

    package func matches(namespace: String) -> Bool {
      guard self.namespace.utf8.last == UInt8(ascii: "*") else {
        return self.namespace == namespace
      }
      return namespace.utf8.starts(with: self.namespace.utf8.dropLast())
    }

    /// Whether every namespace of every cluster that meets the other term meets this one too.
    package func covers(_ other: Term) -> Bool {
      guard cluster == nil || cluster == other.cluster else { return false }
      guard namespace.utf8.last == UInt8(ascii: "*") else { return namespace == other.namespace }
      return other.namespace.utf8.starts(with: namespace.utf8.dropLast())
    }

    /// Whether some namespace of some cluster meets both terms.
    package func overlaps(_ other: Term) -> Bool {
      if let cluster, let theirs = other.cluster, cluster != theirs { return false }
      let mine = (
        text: namespace.utf8.filter { $0 != UInt8(ascii: "*") },
        open: namespace.utf8.last == UInt8(ascii: "*")
      )
      let theirs = (
        text: other.namespace.utf8.filter { $0 != UInt8(ascii: "*") },
        open: other.namespace.utf8.last == UInt8(ascii: "*")
      )
      switch (mine.open, theirs.open) {
      case (false, false): return mine.text == theirs.text
      case (true, false): return theirs.text.starts(with: mine.text)
      case (false, true): return mine.text.starts(with: theirs.text)
      case (true, true):
        return mine.text.starts(with: theirs.text) || theirs.text.starts(with: mine.text)
      }
    }
  }
}

extension Resource {
  /// The selector of a workspace or a group.
  package var namespaceSelector: NamespaceSelector? {
    switch spec {
    case .workspace(let workspace): workspace.namespaceSelector
    case .group(let group): group.namespaceSelector
    case .organization, .organizationSetting, .cluster, .tenant, .tenantSetting, .workspaceSetting,
      .trafficSetting, .serviceTrafficSetting, .serviceRoute, .securitySetting,
      .serviceSecuritySetting, .profile, .gateway, .passive:
      nil
    }
  }
}
