import Blueprints
import Documents
import Model

/// What a unit comes to, by cluster.
typealias UnitOutput = [String: SourcedItem]

func siteUnit(_ name: String, _ reader: inout Reader) -> UnitOutput {
  guard let cluster = reader.cluster(name) else { return [:] }
  let plan = SitePlan(
    organization: cluster.organization, cluster: name, trustDomain: cluster.trustDomain,
    network: cluster.network)
  return [name: SourcedItem(item: .site(plan), sources: [cluster.resource.source])]
}

/// Whose certificates are believed: the same in every cluster.
func trustUnit(_ reader: inout Reader) -> UnitOutput {
  let clusters = reader.trustDomains().compactMap { reader.cluster($0.cluster) }
    .sorted { $0.resource.precedes($1.resource) }
  var owners: [String: ResolvedCluster] = [:]
  var bundles: [String: [String]] = [:]
  var sources: [Source] = []
  for cluster in clusters {
    // Were both admitted, each could speak for the other.
    if let owner = owners[cluster.trustDomain] {
      reader.report(
        .error, .sharedTrustDomain, on: cluster.resource, at: FieldPath() / "spec" / "trustDomain",
        "trust domain \(cluster.trustDomain) belongs to \(owner.resource.ref.text); "
          + "no certificate of this cluster is believed")
      continue
    }
    owners[cluster.trustDomain] = cluster
    let certificates = reader.authorities(of: cluster.resource.ref.name)
    guard !certificates.isEmpty else { continue }
    bundles[cluster.trustDomain] = Set(certificates.map(base64)).sorted()
    sources.append(cluster.resource.source)
  }
  let plan = TrustPlan(bundles: bundles, withdrawals: reader.withdrawals())
  let item = SourcedItem(item: .trust(plan), sources: sources.sorted())
  return Dictionary(clusters.map { ($0.resource.ref.name, item) }) { first, _ in first }
}
