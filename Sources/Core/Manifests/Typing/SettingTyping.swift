import Documents
import Model

extension OrganizationSetting {
  init(_ spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
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
      networkReachability: reachability,
      failover: spec["failoverSettings"].map { FailoverSettings($0) },
      defaults: DefaultSettings(spec, of: ref, &report))
  }
}

extension WorkspaceSetting {
  init(_ spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
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
    self.init(
      exposures: exposures, failover: spec["failoverSettings"].map { FailoverSettings($0) },
      defaults: DefaultSettings(spec, of: ref, &report))
  }
}

extension FailoverSettings {
  init(_ value: Cursor) {
    self.init(
      topologyChoice: value["topologyChoice"]?.text.flatMap(TopologyChoice.init(rawValue:)),
      written: value.value)
  }
}

extension DefaultSettings {
  init(_ spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
    self.init(
      security: spec["defaultSecuritySetting"].map { SecuritySetting($0, of: ref, &report) },
      traffic: spec["defaultTrafficSetting"].map { TrafficSetting($0, &report) })
  }
}

extension Profile {
  init(_ spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
    self.init(
      defaults: Part(spec["defaults"], of: ref, &report),
      mandates: Part(spec["mandates"], of: ref, &report))
  }
}

extension Profile.Part {
  fileprivate init(_ value: Cursor?, of ref: ResourceRef, _ report: inout Report) {
    guard let value else {
      self.init()
      return
    }
    if let old = value["trafficSettings"], value["traffic"] != nil {
      report.add(.contradiction, at: old.path, "traffic is there too; keep that one")
    }
    let security = SecuritySetting(value, of: ref, &report)
    let traffic = (value["traffic"] ?? value["trafficSettings"]).map {
      TrafficSetting($0, &report)
    }
    var values = security.values.merging(traffic?.values ?? [:]) { $1 }
    values[.extensions] = value["wasmExtensions"].map { .written($0.value) }
    values[.firewall] = value["wafSettings"].map { .written($0.value) }
    let unset = (value["unsetFields"]?.elements ?? []).compactMap(\.text).map(unsetProperties)
    self.init(values: values, unset: unset.reduce(into: []) { $0.formUnion($1) })
  }
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
