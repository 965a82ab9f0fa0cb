import Documents
import Model

extension OrganizationSetting {
  init(_ spec: Cursor, _ report: inout Report) {
    var reachability: [String: [String]] = [:]
    for (network, others) in spec["networkSettings"]?["networkReachability"]?.members ?? [] {
      let names = networkNames(others.text ?? "")
      if names.contains(network) {
        report.add(
          .redundantRule, severity: .warning, at: others.path,
          "a network reaches itself without being told")
      }
      reachability[network] = Set(names).subtracting([network]).sorted()
    }
    self.init(
      networkReachability: reachability, topologyChoice: nearness(spec["failoverSettings"]))
  }
}

extension WorkspaceSetting {
  init(_ spec: Cursor, _ report: inout Report) {
    var exposures: [Exposure] = []
    for entry in spec["defaultEastWestGatewaySettings"]?.elements ?? [] {
      guard let gateways = WorkloadSelector(entry["workloadSelector"], &report) else { continue }
      let services = entry["exposedServices"]?.elements ?? []
      for service in services {
        guard let labels = service["serviceLabels"], labels.texts.isEmpty else { continue }
        report.add(.missingField, at: labels.path, "at least one label is needed")
      }
      exposures.append(
        Exposure(
          gateways: gateways, services: services.map { $0["serviceLabels"]?.texts ?? [:] }))
    }
    self.init(exposures: exposures, topologyChoice: nearness(spec["failoverSettings"]))
  }
}

private func nearness(_ settings: Cursor?) -> TopologyChoice? {
  settings?["topologyChoice"]?.text.flatMap(TopologyChoice.init(rawValue:))
}

extension WorkloadSelector {
  init?(_ value: Cursor?, _ report: inout Report) {
    guard let value, let namespace = value["namespace"]?.text, let labels = value["labels"] else {
      return nil
    }
    if labels.texts.isEmpty {
      report.add(.missingField, at: labels.path, "at least one label is needed")
    }
    self.init(namespace: namespace, labels: labels.texts)
  }
}
