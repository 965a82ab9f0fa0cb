import Blueprints
import Compiler
import Documents
import Manifests
import Model

/// What manifests come to in one cluster, worked out here: nobody is asked what there is, so the
/// services are those that files and options name.
struct OfflineMesh {
  let cluster: String
  let blueprint: Blueprint
  /// By the FQN of the object concerned.
  let diagnostics: [Diagnostic]
  /// What was taken for granted, one line each.
  let notes: [String]
  /// What the cluster has of every service that is known to run there.
  let services: [ServiceName: ObservedService]
  /// The hosts whose virtual address the server would have to give.
  let unaddressed: Set<String>

  /// - Parameters:
  ///   - name: the cluster; nil: the only one that is named.
  ///   - given: services that run there, besides those in files.
  ///   - gateways: by which clusters reach each other.
  init(
    _ read: ManifestFiles, cluster name: String?, services given: [GivenService] = [],
    gateways: [GivenGateways] = []
  ) throws {
    var facts = OfflineFacts(read)
    cluster = try facts.cluster(called: name)
    facts.add(given, in: cluster)
    facts.add(gateways)
    try facts.addClusters()
    notes = facts.assumeServices(in: cluster)
    services = facts.inventory.clusters[cluster]?.services ?? [:]
    facts.assumeNamespaces(in: cluster)
    unaddressed = facts.assumeAddresses()
    let compilation = compile(facts.intent, against: facts.inventory)
    blueprint = compilation.blueprints[cluster] ?? Blueprint()
    diagnostics = compilation.diagnostics.sorted { $0.key < $1.key }.flatMap { fqn, found in
      found.map { diagnostic in
        var diagnostic = diagnostic
        diagnostic.subject = fqn
        return diagnostic
      }
    }
  }
}
