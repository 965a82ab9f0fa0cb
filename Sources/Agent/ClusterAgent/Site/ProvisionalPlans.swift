package import Blueprints
package import EnvoyConfig
private import Documents

/// What stands in for items that the server has not sent yet.
///
/// A workload may join while the server is away and bring a service, even a namespace, that the
/// blueprint does not know. Until the server's own item arrives, the agent plans for what it knows
/// from registrations alone: the service is provided by this cluster only, without routes; a
/// namespace may reach its own services, and asks its callers for mutual TLS. An item of the server
/// always wins, also one that is held back: a quarantined policy never turns into an open door.
///
/// Addresses come from 240.240.248.0/21, which the server leaves to the agents. They follow from the
/// host's name (the next free one where two meet), and give way to the server's address with the
/// server's item; names are answered with a short time to live, so callers notice.
package struct ProvisionalPlans: Sendable {
  private var offsets: [String: Int] = [:]
  private var taken: Set<Int> = []

  private static let capacity = 8 * 256

  package init() {}

  package static func site(
    organization: String, cluster: String, trustDomain: String
  ) -> BlueprintItem {
    .site(
      SitePlan(
        organization: organization, cluster: cluster, trustDomain: trustDomain, network: cluster))
  }

  package static func trust(trustDomain: String, authorities: [String]) -> BlueprintItem {
    .trust(TrustPlan(bundles: [trustDomain: authorities.sorted()]))
  }

  package static func namespace(_ namespace: String) -> BlueprintItem {
    .namespace(
      NamespacePlan(
        namespace: namespace, workspace: nil,
        reach: .only(targets: [ReachTarget(namespace: NamePattern(namespace))]),
        admission: Admission(traffic: .required, authorization: .open)))
  }

  /// Nil when the provisional range is exhausted.
  package mutating func service(
    _ key: ServiceKey, _ summary: ServiceSummary, cluster: String, trustDomain: String
  ) -> BlueprintItem? {
    let host = "\(key.name).\(key.namespace).mesh"
    guard let address = address(of: host) else { return nil }
    return .service(
      ServicePlan(
        namespace: key.namespace, name: key.name, host: host, address: address,
        ports: summary.ports.map { port in
          PlannedPort(
            number: port.number, name: port.name,
            protocolName: PortProtocol(rawValue: port.protocolName) ?? .tcp)
        },
        providers: [
          ServiceProvider(
            cluster: cluster, trustDomain: trustDomain, serviceAccounts: summary.serviceAccounts)
        ]))
  }

  /// Gives the address of a host back.
  package mutating func release(_ key: ServiceKey) {
    guard let offset = offsets.removeValue(forKey: "\(key.name).\(key.namespace).mesh") else {
      return
    }
    taken.remove(offset)
  }

  private mutating func address(of host: String) -> String? {
    if let offset = offsets[host] { return Self.text(offset) }
    let start = Int(StableHash(host).value % UInt64(Self.capacity))
    for step in 0..<Self.capacity {
      let offset = (start + step) % Self.capacity
      // The first and the last address of the range look like a network and its broadcast.
      guard offset != 0, offset != Self.capacity - 1, !taken.contains(offset) else { continue }
      offsets[host] = offset
      taken.insert(offset)
      return Self.text(offset)
    }
    return nil
  }

  private static func text(_ offset: Int) -> String {
    "240.240.\(248 + offset / 256).\(offset % 256)"
  }
}
