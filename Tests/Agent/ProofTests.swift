import BlueprintCoding
import Blueprints
import DeltaXDS
import Documents
import EnvoyConfig
import Testing

@testable import ClusterAgent

/// When an item counts as known good, and can therefore no longer be suspected.
@Suite struct ProofTests {
  /// Two proxies of different profiles; both may call everything.
  private func site() -> SiteState {
    var site = SiteState(
      identity: SiteIdentity(
        organization: "acme", cluster: "east", trustDomain: "east.acme.mesh", authorities: []))
    for (index, name) in ["web", "catalog"].enumerated() {
      let registration = Registration(
        identity: WorkloadIdentity(
          nodeID: name, namespace: "shop", service: name, serviceAccount: name, role: .sidecar),
        presence: Presence(
          address: "10.0.0.\(index + 1)",
          ports: [
            InboundPort(number: 8080, name: "http", protocolName: "http", applicationPort: 8080)
          ], healthy: true, capturesTraffic: true))
      site.apply(site.registrations.register(registration, lease: index, lastChange: 0))
      site.observe(.connected(nodeID: name, userAgent: "envoy"), now: 0)
    }
    return site
  }

  private func deliver(_ items: [BlueprintItem], to site: inout SiteState) throws {
    let upserts = try items.map { item in
      let hash = try ItemCoding.encode(item).hash
      return ReceivedDelta.Item(
        key: item.key, held: SiteState.Held(hash: hash, item: item, sources: []), problem: "")
    }
    site.apply(
      ReceivedDelta(
        epoch: "e", generation: 1, revision: 1, full: false, upserts: upserts, removals: [],
        arrived: 0), now: { 1 })
    site.stored(1, at: 1)
  }

  /// Says that a proxy refuses a resource that was made from the item.
  private func refuse(_ key: ItemKey, at node: String, _ site: inout SiteState) throws {
    let profile = try #require(site.nodes[node]?.profile)
    let versions = try #require(site.groups[profile]?.versions)
    let refused = try #require(
      versions.first { site.made($0.key, $0.value)?.items[key] != nil })
    site.observe(
      .rejected(
        nodeID: node,
        resource: AcknowledgedResource(name: refused.key, version: refused.value.shortText),
        reason: "no"), now: 0)
  }

  @Test func `a proxy that takes its part does not speak for one that has another`() throws {
    var site = site()
    try deliver([Plans.site, Plans.namespace("shop"), Plans.service("orders", 7)], to: &site)
    for node in ["web", "catalog"] {
      site.observe(.settled(nodeID: node, generation: site.step), now: 0)
    }
    let bad = Plans.service("bad", 8)
    try deliver([bad, Plans.service("good", 9)], to: &site)
    site.observe(.settled(nodeID: "web", generation: site.step), now: 0)
    #expect(!site.quarantine.isProven(bad.key))
    try refuse(bad.key, at: "catalog", &site)
    #expect(site.quarantine.refusal(of: bad.key)?.reason == "no")
    #expect(site.quarantine.standing(of: bad.key) == .absent)
    #expect(site.quarantine.refusals.count == 1)
  }

  @Test func `nobody waits for the word of a proxy that is away`() throws {
    var site = site()
    site.observe(.disconnected(nodeID: "catalog"), now: 0)
    let orders = Plans.service("orders", 7)
    try deliver([Plans.site, Plans.namespace("shop"), orders], to: &site)
    site.observe(.settled(nodeID: "web", generation: site.step), now: 0)
    #expect(site.quarantine.isProven(orders.key))
  }
}
