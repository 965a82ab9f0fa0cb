import Blueprints
import Documents
import Inheritance
import Model

/// What holds for the workloads of a namespace in one cluster, as callers and as callees.
func namespaceUnit(_ place: NamespaceInCluster, _ reader: inout Reader) -> UnitOutput {
  guard reader.cluster(place.cluster) != nil, exists(place, &reader) else { return [:] }
  let claims = reader.claims(.workspace, on: place)
  reportContest(claims, place, &reader)
  guard let workspace = claims.first.flatMap({ reader.resource($0.ref) }) else {
    let plan = NamespacePlan(
      namespace: place.namespace, workspace: nil, reach: .everything,
      admission: Admission(traffic: .required, authorization: .open))
    return [place.cluster: SourcedItem(item: .namespace(plan), sources: [])]
  }
  var sources = [workspace.source]
  reportDomains(of: place, workspace, &reader)
  let traffic = owned(.trafficGroup, .trafficSetting, place, workspace, &reader, &sources)
  let security = owned(.securityGroup, .securitySetting, place, workspace, &reader, &sources)
  let policy = reader.policy(
    at: PolicyPlace(
      workspace.ref, trafficGroup: traffic?.ref, securityGroup: security?.ref))
  for property in [PolicyProperty.reachability, .upstreams, .trafficMode, .authorization] {
    sources += reader.sources(of: policy[property])
  }
  let plan = NamespacePlan(
    namespace: place.namespace, workspace: workspace.ref.fqn,
    reach: reach(from: place, workspace, traffic, policy),
    calls: calls(policy),
    admission: admission(to: place, workspace, security, policy, &reader))
  return [place.cluster: SourcedItem(item: .namespace(plan), sources: Set(sources).sorted())]
}

private func exists(_ place: NamespaceInCluster, _ reader: inout Reader) -> Bool {
  if reader.isPopulated(place) { return true }
  for gateway in reader.gateways(in: place.namespace)
  where reader.group(.gatewayGroup, of: place)?.ref == gateway.ref.parent {
    return true
  }
  return false
}

/// The group that owns the namespace; second settings of it are reported.
private func owned(
  _ groupKind: Kind, _ settingKind: Kind, _ place: NamespaceInCluster, _ workspace: Resource,
  _ reader: inout Reader, _ sources: inout [Source]
) -> Resource? {
  let claims = reader.claims(groupKind, on: place).filter { $0.ref.parent == workspace.ref }
  reportContest(claims, place, &reader)
  guard let group = claims.first.flatMap({ reader.resource($0.ref) }) else { return nil }
  let settings = reader.children(of: group.ref, settingKind)
  for loser in settings.dropFirst() {
    reader.report(
      .error, .duplicate, on: loser,
      "\(group.ref.text) already has \(settings[0].ref.text); this one has no effect")
  }
  sources.append(group.source)
  if let setting = settings.first { sources.append(setting.source) }
  return group
}

private func reportContest(
  _ claims: [Resource], _ place: NamespaceInCluster, _ reader: inout Reader
) {
  guard let winner = claims.first else { return }
  for loser in claims.dropFirst() {
    reader.report(
      .error, .contestedNamespace, on: loser, at: FieldPath() / "spec" / "namespaceSelector",
      "namespace \(place.namespace) of cluster \(place.cluster) belongs to "
        + "\(winner.ref.text) (\(winner.ref.fqn))")
  }
}

/// What is said of security domains below an object that says something else has no effect.
private func reportDomains(
  of place: NamespaceInCluster, _ workspace: Resource, _ reader: inout Reader
) {
  let place = reader.group(.securityGroup, of: place)?.ref ?? workspace.ref
  guard let (domain, owner) = reader.securityDomain(of: place) else { return }
  for ref in [place.ancestor(.workspace), place.ancestor(.securityGroup)].compactMap({ $0 })
  where ref != owner {
    guard let written = reader.writtenDomain(of: ref), written != domain else { continue }
    reader.report(
      .warning, .noEffect, on: ref, at: FieldPath() / "spec" / "securityDomain",
      "\(owner.text) is in security domain \(domain.name), and so is everything below it")
  }
}

// MARK: As callers

/// What workloads in a place of the tree may call.
func reach(
  from place: NamespaceInCluster, _ workspace: Resource, _ group: Resource?,
  _ policy: EffectivePolicy
) -> Reach {
  var reachability = Reachability.workspace
  if case .reachability(let said)? = policy[.reachability]?.value { reachability = said }
  switch reachability {
  case .cluster: return .everything
  case .namespace: return .only(targets: [ReachTarget(namespace: NamePattern(place.namespace))])
  case .workspace: return reach(workspace.namespaceSelector)
  case .group: return reach((group ?? workspace).namespaceSelector)
  case .custom(let hosts):
    let targets = hosts.map { host in
      ReachTarget(
        namespace: NamePattern(host.namespace == "." ? place.namespace : host.namespace),
        service: host.service)
    }
    return .only(targets: Set(targets).sorted())
  }
}

private func reach(_ selector: NamespaceSelector?) -> Reach {
  let targets = (selector?.terms ?? []).map { ReachTarget(namespace: NamePattern($0.namespace)) }
  return .only(targets: Set(targets).sorted())
}

/// How workloads in a place of the tree call others.
func calls(_ policy: EffectivePolicy) -> [CallRule] {
  guard case .upstreams(let upstreams)? = policy[.upstreams]?.value else { return [] }
  return upstreams.map { upstream in
    CallRule(
      hosts: upstream.hosts, timeout: upstream.requestTimeout.map(milliseconds),
      retries: upstream.retries.map { retries in
        Retries(
          attempts: retries.attempts, perTryTimeout: retries.perTryTimeout.map(milliseconds),
          conditions: retries.retryOn)
      })
  }
}
