package import Blueprints
package import EnvoyConfig

/// Who a workload is, as decided by the token that it joined with.
package struct WorkloadIdentity: Hashable, Sendable {
  /// The instance id given at join, bound to the workload's key.
  package var nodeID: String
  package var namespace: String
  package var service: String
  package var serviceAccount: String
  package var role: ProxyRole
  package var labels: [String: String]

  package init(
    nodeID: String, namespace: String, service: String, serviceAccount: String, role: ProxyRole,
    labels: [String: String] = [:]
  ) {
    self.nodeID = nodeID
    self.namespace = namespace
    self.service = service
    self.serviceAccount = serviceAccount
    self.role = role
    self.labels = labels
  }

  package var serviceKey: ServiceKey { ServiceKey(namespace: namespace, name: service) }
}

/// What a running proxy says about itself.
package struct Presence: Hashable, Sendable {
  /// Dotted IPv4.
  package var address: String
  /// Where other networks reach it, when it is a gateway: dotted IPv4, and the port for traffic
  /// between clusters.
  package var advertisedAddress: String
  package var advertisedPort: Int
  /// Sorted by number.
  package var ports: [InboundPort]
  /// The identity's labels win over these.
  package var labels: [String: String]
  package var healthy: Bool
  package var capturesTraffic: Bool
  package var upstreams: [ExplicitUpstream]
  package var version: String
  package var envoyVersion: String
  package var platform: String
  package var hostName: String

  /// Where gateways take traffic of other clusters unless they say otherwise.
  package static let gatewayPort = 15443

  package init(
    address: String, advertisedAddress: String? = nil, advertisedPort: Int = Self.gatewayPort,
    ports: [InboundPort], labels: [String: String] = [:], healthy: Bool, capturesTraffic: Bool,
    upstreams: [ExplicitUpstream] = [], version: String = "", envoyVersion: String = "",
    platform: String = "vm", hostName: String = ""
  ) {
    self.address = address
    self.advertisedAddress = advertisedAddress ?? address
    self.advertisedPort = advertisedPort
    self.ports = ports
    self.labels = labels
    self.healthy = healthy
    self.capturesTraffic = capturesTraffic
    self.upstreams = upstreams
    self.version = version
    self.envoyVersion = envoyVersion
    self.platform = platform
    self.hostName = hostName
  }
}

package struct Registration: Hashable, Sendable {
  package var identity: WorkloadIdentity
  package var presence: Presence

  package init(identity: WorkloadIdentity, presence: Presence) {
    self.identity = identity
    self.presence = presence
  }

  package var labels: [String: String] {
    presence.labels.merging(identity.labels) { _, decided in decided }
  }

  /// `plan` is that of its service, where it has one.
  package func profile(under plan: WorkloadsPlan?) -> ProxyProfile {
    let own = service == nil ? nil : plan
    return ProxyProfile(
      role: identity.role, namespace: identity.namespace,
      serviceAccount: identity.serviceAccount, service: own?.service,
      labels: identity.role == .sidecar
        ? labels.filter { own?.distinguishingLabels.contains($0.key) ?? false } : labels,
      ports: presence.ports,
      capture: presence.capturesTraffic ? .redirect : .bind(address: presence.address),
      upstreams: presence.upstreams)
  }

  /// Gateways belong to no service.
  package var service: ServiceKey? { identity.role == .sidecar ? identity.serviceKey : nil }

  /// Nil for one that only calls others.
  package var endpoint: LocalEndpoint? {
    guard service != nil, !presence.ports.isEmpty else { return nil }
    return LocalEndpoint(
      address: presence.address, ports: presence.ports.map(\.number), labels: labels,
      healthy: presence.healthy)
  }
}

/// The workloads of a service that carry one set of labels.
package struct ServiceVariant: Hashable, Sendable {
  package var labels: [String: String]
  package var healthyWorkloads: Int
}

/// What a cluster offers of one service, as far as others need to know.
package struct ServiceSummary: Hashable, Sendable {
  /// Of all workloads together, sorted by number; `applicationPort` is 0. Empty when they only call.
  package var ports: [InboundPort]
  package var labels: [String: String]
  package var serviceAccounts: [String]
  package var workloads: Int
  /// Of those that can be called.
  package var healthyWorkloads: Int
  /// Sorted by labels, at most `variantLimit`.
  package var variants: [ServiceVariant]

  package static let variantLimit = 64
}

/// The workloads of a cluster. Their streams are their leases: one that ends without a goodbye
/// leaves its registration in force for the grace time, in which it may come back unnoticed.
///
/// Instants are seconds on whatever clock the owner uses.
package struct Registrations: Sendable {
  package typealias Instant = Double

  private struct Entry {
    var registration: Registration
    /// The stream that holds the lease, or nil while it lapses.
    var lease: Int?
    /// Whether a stream held it since the agent started and ended without a goodbye.
    var isLost = false
    var deadline: Instant
    var lastChange: Int64
  }

  /// What a change concerned.
  package struct Change: Hashable, Sendable {
    package var before: Registration?
    package var after: Registration?
  }

  /// How long a lost stream may stay away.
  package static let grace: Double = 10
  /// How long after the start of the agent proxies have to come back.
  package static let startGrace: Double = 30

  private var entries: [String: Entry] = [:]
  private var members: [ServiceKey: Set<String>] = [:]
  private var gatewayIDs: Set<String> = []
  /// The namespaces that workloads are in, gateways included, and how many.
  package private(set) var namespaces: [String: Int] = [:]

  package init() {}

  // MARK: Changes

  package mutating func restore(_ registration: Registration, lastChange: Int64, at now: Instant) {
    put(
      Entry(
        registration: registration, lease: nil, deadline: now + Self.startGrace,
        lastChange: lastChange))
  }

  /// `lease` names the stream; a newer stream of the same workload takes over from an older one.
  package mutating func register(
    _ registration: Registration, lease: Int, lastChange: Int64
  ) -> Change {
    let before = entries[registration.identity.nodeID]
    let isSame = before?.registration == registration
    put(
      Entry(
        registration: registration, lease: lease, deadline: 0,
        lastChange: isSame ? before?.lastChange ?? lastChange : lastChange))
    return Change(before: before?.registration, after: registration)
  }

  package mutating func remove(_ nodeID: String, lease: Int) -> Change? {
    guard let entry = entries[nodeID], entry.lease == lease else { return nil }
    drop(nodeID)
    return Change(before: entry.registration, after: nil)
  }

  /// The stream is gone; nothing changes until the grace time has passed.
  package mutating func lost(_ nodeID: String, lease: Int, at now: Instant) {
    guard entries[nodeID]?.lease == lease else { return }
    entries[nodeID]?.lease = nil
    entries[nodeID]?.isLost = true
    entries[nodeID]?.deadline = now + Self.grace
  }

  /// Removes what did not come back in time.
  package mutating func expire(at now: Instant) -> [Change] {
    let late = entries.filter { $0.value.lease == nil && $0.value.deadline <= now }
    return late.sorted { $0.key < $1.key }.map { nodeID, entry in
      drop(nodeID)
      return Change(before: entry.registration, after: nil)
    }
  }

  /// When `expire` has something to do next.
  package var nextDeadline: Instant? {
    entries.values.lazy.filter { $0.lease == nil }.map(\.deadline).min()
  }

  // MARK: Questions

  package subscript(nodeID: String) -> Registration? { entries[nodeID]?.registration }

  package func lastChange(of nodeID: String) -> Int64 { entries[nodeID]?.lastChange ?? 0 }

  package var nodeIDs: [String] { entries.keys.sorted() }

  /// Those that workloads belong to, also where these only call others.
  package var services: [ServiceKey] { members.keys.sorted() }

  package func holds(_ nodeID: String, lease: Int) -> Bool { entries[nodeID]?.lease == lease }

  /// Sorted by address.
  package func endpoints(of service: ServiceKey) -> [LocalEndpoint] {
    instances(of: service).compactMap(\.endpoint).sorted {
      ($0.address, $0.ports.first ?? 0) < ($1.address, $1.ports.first ?? 0)
    }
  }

  /// Nil when no workload belongs to the service.
  package func summary(of service: ServiceKey) -> ServiceSummary? {
    guard let workloads = members[service]?.count else { return nil }
    let instances = instances(of: service)
    var ports: [Int: InboundPort] = [:]
    var shared = instances.first?.labels ?? [:]
    for instance in instances {
      for port in instance.presence.ports where ports[port.number] == nil {
        ports[port.number] = InboundPort(
          number: port.number, name: port.name, protocolName: port.protocolName,
          applicationPort: 0)
      }
      let labels = instance.labels
      shared = shared.filter { labels[$0.key] == $0.value }
    }
    return ServiceSummary(
      ports: ports.values.sorted { $0.number < $1.number }, labels: shared,
      serviceAccounts: Set(instances.map(\.identity.serviceAccount)).sorted(),
      workloads: workloads,
      healthyWorkloads: instances.count { $0.presence.healthy }, variants: variants(of: instances))
  }

  private func variants(of instances: [Registration]) -> [ServiceVariant] {
    let byLabels = Dictionary(grouping: instances, by: \.labels)
    let sorted = byLabels.map { labels, instances in
      (
        labels.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] },
        ServiceVariant(
          labels: labels, healthyWorkloads: instances.count { $0.presence.healthy })
      )
    }.sorted { $0.0.lexicographicallyPrecedes($1.0) }
    return sorted.prefix(ServiceSummary.variantLimit).map(\.1)
  }

  // MARK: Details

  /// Sorted by node id.
  var gatewayEntries: [(registration: Registration, isLost: Bool)] {
    gatewayIDs.sorted().compactMap { nodeID in
      entries[nodeID].map { ($0.registration, $0.isLost) }
    }
  }

  /// Sorted by node id, so that what is derived does not depend on the order of arrival.
  private func instances(of service: ServiceKey) -> [Registration] {
    workloads(of: service).filter { $0.endpoint != nil }
  }

  /// Those that only call others, too; sorted by node id.
  func workloads(of service: ServiceKey) -> [Registration] {
    (members[service] ?? []).sorted().compactMap { entries[$0]?.registration }
  }

  private mutating func put(_ entry: Entry) {
    let identity = entry.registration.identity
    drop(identity.nodeID)
    entries[identity.nodeID] = entry
    namespaces[identity.namespace, default: 0] += 1
    if let service = entry.registration.service {
      members[service, default: []].insert(identity.nodeID)
    } else {
      gatewayIDs.insert(identity.nodeID)
    }
  }

  private mutating func drop(_ nodeID: String) {
    guard let entry = entries.removeValue(forKey: nodeID) else { return }
    let service = entry.registration.identity.serviceKey
    let left = (namespaces[service.namespace] ?? 1) - 1
    namespaces[service.namespace] = left > 0 ? left : nil
    gatewayIDs.remove(nodeID)
    members[service]?.remove(nodeID)
    if members[service]?.isEmpty == true { members[service] = nil }
  }
}
