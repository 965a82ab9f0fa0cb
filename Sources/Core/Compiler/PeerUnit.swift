import Blueprints
import Documents
import Model

/// A cluster as each of the others reaches it.
func peerUnit(_ name: String, _ reader: inout Reader) -> UnitOutput {
  guard let cluster = reader.cluster(name), let port = reader.port(of: name) else { return [:] }
  let gateways = reader.proxies(of: name).addresses(of: GatewayRole.eastWest)
  // Most clusters come by the same edges.
  var entrances: [[String]: [GatewayAddress]] = [:]
  let organization = ResourceRef(.organization, [cluster.organization])
  let setting = reader.children(of: organization, .organizationSetting).first
  var output: UnitOutput = [:]
  for other in reader.trustDomains().map(\.cluster) where other != name {
    guard let path = reader.path(from: other, to: name) else { continue }
    var sources = [cluster.resource.source]
    if let setting, !(setting.organizationSetting?.networkReachability ?? [:]).isEmpty {
      sources.append(setting.source)
    }
    var ways = gateways
    if case .edge(let edges) = path {
      ways =
        entrances[edges]
        ?? Set(edges.flatMap { reader.proxies(of: $0).addresses(of: GatewayRole.edge) }).sorted()
      entrances[edges] = ways
      sources += edges.compactMap { reader.cluster($0)?.resource.source }
    }
    let plan = PeerPlan(
      cluster: name, trustDomain: cluster.trustDomain, port: port, path: path, gateways: ways)
    output[other] = SourcedItem(item: .peer(plan), sources: Set(sources).sorted())
  }
  return output
}

/// A setting of an organization or a workspace: it works through what reads it; here is said where it
/// does not.
func settingUnit(_ ref: ResourceRef, _ reader: inout Reader) {
  guard let resource = reader.resource(ref), let parent = ref.parent else { return }
  if let winner = reader.children(of: parent, ref.kind).first, winner.ref != ref {
    reader.report(
      .error, .duplicate, on: resource,
      "\(parent.text) already has \(winner.ref.text); this one has no effect")
    return
  }
  if let setting = resource.organizationSetting {
    reportUnknownNetworks(of: setting, resource, &reader)
  } else if let setting = resource.workspaceSetting {
    reportUnusedExposures(of: setting, resource, &reader)
  }
}

private func reportUnknownNetworks(
  of setting: OrganizationSetting, _ resource: Resource, _ reader: inout Reader
) {
  let networks = reader.networks()
  let path = FieldPath() / "spec" / "networkSettings" / "networkReachability"
  for (network, others) in setting.networkReachability.sorted(by: { $0.key < $1.key }) {
    for name in [network] + others where !networks.contains(name) {
      reader.report(
        .warning, .noEffect, on: resource, at: path / network,
        "no cluster is in network \(name); it takes effect when one is")
    }
  }
}

private func reportUnusedExposures(
  of setting: WorkspaceSetting, _ resource: Resource, _ reader: inout Reader
) {
  let path = FieldPath() / "spec" / "defaultEastWestGatewaySettings"
  let clusters = reader.trustDomains().map(\.cluster)
  for (index, exposure) in setting.exposures.enumerated() {
    let isUsed = clusters.contains { cluster in
      reader.eastWestGateways(of: cluster).contains { exposure.gateways.selects($0) }
    }
    guard !isUsed else { continue }
    reader.report(
      .warning, .noEffect, on: resource, at: path[index] / "workloadSelector",
      "no cluster has such an east-west gateway; nothing is exposed by it until one joins")
  }
}

extension WorkloadSelector {
  func selects(_ gateways: GatewayShape) -> Bool {
    namespace == gateways.namespace && gateways.labels.includes(labels)
  }
}
