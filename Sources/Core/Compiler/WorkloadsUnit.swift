import Blueprints
import Documents
import Inheritance
import Model

/// What holds for the workloads of one service, in every cluster where their group says so. A cluster
/// has it as soon as somebody is in the namespace: the service's first workload finds it there.
func workloadsUnit(_ service: ServiceName, _ reader: inout Reader) -> UnitOutput {
  let settings = reader.settings(of: service)
  guard !settings.isEmpty else { return [:] }
  reportDuplicates(among: settings, of: service, &reader)
  var output: UnitOutput = [:]
  for (cluster, _) in reader.trustDomains() {
    let place = NamespaceInCluster(cluster: cluster, namespace: service.namespace)
    guard reader.isPopulated(place), let owner = reader.workspace(of: place) else { continue }
    let traffic = reader.group(.trafficGroup, of: place)
    let security = reader.group(.securityGroup, of: place)
    let own = settings.filter { $0.ref.parent == traffic?.ref || $0.ref.parent == security?.ref }
    guard !own.isEmpty, let workspace = reader.resource(owner.ref) else { continue }
    var scope = ServiceScope(
      service: service, place: place, workspace: workspace,
      traffic: traffic.flatMap { reader.resource($0.ref) },
      security: security.flatMap { reader.resource($0.ref) }, settings: own)
    let plan = scope.plan(&reader)
    guard !plan.isEmpty else { continue }
    output[cluster] = SourcedItem(item: .workloads(plan), sources: scope.sources.sorted())
  }
  return output
}

private func reportDuplicates(
  among settings: [Resource], of service: ServiceName, _ reader: inout Reader
) {
  var first: [ResourceRef?: [Kind: Resource]] = [:]
  for setting in settings {
    guard let winner = first[setting.ref.parent]?[setting.ref.kind] else {
      first[setting.ref.parent, default: [:]][setting.ref.kind] = setting
      continue
    }
    reader.report(
      .error, .duplicate, on: setting, at: FieldPath() / "spec" / "service",
      "\(winner.ref.text) is about \(service.host) already; this one has no effect")
  }
}

/// A service in one cluster, and who says something about it.
private struct ServiceScope {
  let service: ServiceName
  let place: NamespaceInCluster
  let workspace: Resource
  let traffic: Resource?
  let security: Resource?
  /// Of the service, in these groups.
  let settings: [Resource]
  var sources: Set<Source> = []

  init(
    service: ServiceName, place: NamespaceInCluster, workspace: Resource, traffic: Resource?,
    security: Resource?, settings: [Resource]
  ) {
    self.service = service
    self.place = place
    self.workspace = workspace
    self.traffic = traffic
    self.security = security
    self.settings = settings
  }

  private var policyPlace: PolicyPlace {
    PolicyPlace(
      workspace.ref, trafficGroup: traffic?.ref, securityGroup: security?.ref, service: service)
  }

  mutating func plan(_ reader: inout Reader) -> WorkloadsPlan {
    let policy = reader.policy(at: policyPlace)
    let inherited = reader.policy(
      at: PolicyPlace(workspace.ref, trafficGroup: traffic?.ref, securityGroup: security?.ref))
    func isOwn(_ property: PolicyProperty) -> Bool {
      policy[property]?.value != inherited[property]?.value
        || isSaidBySettings(policy[property])
    }
    var plan = WorkloadsPlan(namespace: service.namespace, service: service.name)
    if isOwn(.reachability) {
      plan.reach = reach(from: place, workspace, traffic, policy)
      note([.reachability], of: policy, &reader)
    }
    if isOwn(.upstreams) {
      plan.calls = calls(policy)
      note([.upstreams], of: policy, &reader)
    }
    if isOwn(.trafficMode) || isOwn(.authorization) {
      plan.admission = admission(to: place, workspace, security, policy, &reader)
      note([.trafficMode, .authorization], of: policy, &reader)
    }
    plan.subsets = subsets(beside: policy, &reader)
    return plan
  }

  /// Whether the service's own settings have a say in what holds.
  private func isSaidBySettings(_ property: EffectiveProperty?) -> Bool {
    (property?.sources ?? []).contains { source in settings.contains { $0.ref == source.ref } }
  }

  private mutating func note(
    _ properties: [PolicyProperty], of policy: EffectivePolicy, _ reader: inout Reader
  ) {
    sources.insert(workspace.source)
    let isAboutSecurity = properties.contains(where: \.isSecurity)
    if let group = isAboutSecurity ? security : traffic { sources.insert(group.source) }
    for property in properties { sources.formUnion(reader.sources(of: policy[property])) }
  }

  /// Those that the service's route there has, the one with most labels first, because it says most
  /// of a workload; the first of two with one name counts.
  private mutating func subsets(
    beside whole: EffectivePolicy, _ reader: inout Reader
  ) -> [SubsetAdmission] {
    let setting = security.flatMap { group in
      reader.policySetting(of: service, in: group.ref, .serviceSecuritySetting, .everything)
    }
    guard let setting, case .serviceSecuritySetting(let spec) = setting.spec,
      !spec.subsets.isEmpty
    else { return [] }
    let route = effectiveRoute(of: service, in: place.cluster, &reader)
    var found: [String: SubsetAdmission] = [:]
    for (index, subset) in spec.subsets.enumerated() where found[subset.name] == nil {
      guard
        let labels = route?.serviceRoute?.subsets.first(where: { $0.name == subset.name })?.labels
      else {
        reader.report(
          .warning, .unknownSubset, on: setting,
          at: (FieldPath() / "spec" / "subsets")[index] / "name",
          "no ServiceRoute gives \(service.host) a subset \(subset.name) in cluster "
            + "\(place.cluster); this holds for nobody there")
        continue
      }
      var place = policyPlace
      place.subset = subset.name
      let policy = reader.policy(at: place)
      let isOwn = [PolicyProperty.trafficMode, .authorization].contains { property in
        policy[property]?.value != whole[property]?.value
          || policy[property].isOf(setting.ref, subset: subset.name)
      }
      guard isOwn else { continue }
      found[subset.name] = SubsetAdmission(
        name: subset.name, labels: labels,
        admission: admission(to: self.place, workspace, security, policy, &reader))
      note([.trafficMode, .authorization], of: policy, &reader)
      if let route { sources.insert(route.source) }
    }
    return found.values.sorted {
      ($1.labels.count, $0.name) < ($0.labels.count, $1.name)
    }
  }
}

extension EffectiveProperty? {
  fileprivate func isOf(_ ref: ResourceRef, subset: String) -> Bool {
    (self?.sources ?? []).contains {
      $0.ref == ref && $0.path.starts(with: ["spec", "subsets", subset])
    }
  }
}
