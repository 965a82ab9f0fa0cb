import BlueprintCoding
import Blueprints
package import Compiler
import Documents

/// What `change` would do to a mesh that is as `compiler` holds it. Nothing is written. Beside the
/// change itself it costs a copy of the compiler's indexes and a look at each proxy; where more than
/// services changes, for every cluster with proxies a look at all that it has.
package func plan(
  _ change: CompilerChange, on compiler: IncrementalCompiler, proxies: [PlannedProxy]
) -> MeshPlan {
  var after = compiler
  let delta = after.update(change)
  let byCluster = Dictionary(grouping: proxies, by: \.cluster)
  let clusters = delta.clusters.sorted { $0.key < $1.key }.map { cluster, difference in
    let proxyEffects = ProxyEffects(cluster: cluster, before: compiler, difference)
    let effects = proxyEffects.groups(byCluster[cluster] ?? [])
    return MeshPlan.Cluster(
      cluster: cluster, items: items(of: difference, in: cluster, before: compiler),
      groups: effects.groups, leftOut: effects.leftOut)
  }
  let problems = delta.diagnostics.sorted { $0.key < $1.key }.flatMap { fqn, found in
    found.map { diagnostic in
      var diagnostic = diagnostic
      diagnostic.subject = fqn
      return diagnostic
    }
  }
  return MeshPlan(
    clusters: clusters.filter { !$0.items.isEmpty },
    problems: problems.filter { $0.severity == .error }
      + problems.filter { $0.severity != .error })
}

/// Only those that say something else than before: sources alone change nothing.
private func items(
  of difference: CompilationDelta.Difference, in cluster: String, before: IncrementalCompiler
) -> [MeshPlan.Item] {
  let upserts = difference.upserts.compactMap { after -> MeshPlan.Item? in
    let old = before.item(after.item.key, in: cluster)
    guard old?.item != after.item else { return nil }
    return MeshPlan.Item(
      key: after.item.key, before: old.flatMap { document(of: $0.item) },
      after: document(of: after.item), objects: after.sources.map(\.fqn))
  }
  let removals = difference.removals.compactMap { key -> MeshPlan.Item? in
    before.item(key, in: cluster).map { old in
      MeshPlan.Item(
        key: key, before: document(of: old.item), after: nil, objects: old.sources.map(\.fqn))
    }
  }
  return (upserts + removals).sorted { $0.key < $1.key }
}

/// As it travels.
private func document(of item: BlueprintItem) -> Document? {
  guard let encoded = try? ItemCoding.encode(item) else { return nil }
  return try? JSONParser.document(from: encoded.bytes)
}
