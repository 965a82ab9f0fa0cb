/// What users of kubectl, istioctl and kumactl ask for by other names.
enum ForeignKinds {
  /// Advice for a word that names no kind here; nil when it names none elsewhere either.
  static func advice(for word: String) -> String? {
    table.first { $0.words.contains(word.lowercased()) }?.advice
  }

  private static let table: [(words: Set<String>, advice: String)] = [
    (
      [
        "pods", "pod", "po", "deployments", "deployment", "deploy", "statefulsets", "replicasets",
        "nodes", "endpoints", "endpoint", "ep", "workloadentries",
      ], "'rialto get workloads' shows what runs, service by service."
    ),
    (
      ["dataplanes", "dataplane", "dp", "envoys"],
      "'rialto proxies status' shows every proxy."
    ),
    (
      ["namespaces", "namespace", "ns"], "'rialto get workspaces' shows who owns which namespaces."
    ),
    (
      [
        "httproutes", "httproute", "meshhttproutes", "trafficroutes", "trafficsplits",
      ], "'rialto get serviceroutes' shows how requests are spread."
    ),
    (
      [
        "networkpolicies", "networkpolicy", "netpol",
        "meshtrafficpermissions", "intentions",
      ], "'rialto get securitysettings' shows who may call whom."
    ),
    (["ingresses", "ingress", "ing"], "'rialto get gateways' shows what is let in, and where."),
    (["zones", "zone", "sites", "site", "meshes"], "'rialto cluster list' shows the sites."),
    (
      ["events", "event", "ev", "changes", "history", "revisions"],
      "'rialto changes' shows what was changed, by whom, and how far it has come."
    ),
  ]
}
