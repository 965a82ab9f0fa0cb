import Documents
import Model

/// Objects of other APIs, which stand beside ours in many files.
enum ForeignObject {
  /// What the object is and who takes it; nil when it is ours, or meant to be.
  static func reason(_ value: Document) -> String? {
    guard let members = value.object else { return nil }
    func text(_ key: String) -> String? {
      members.first { asciiLowercased($0.key) == key }?.value.string
    }
    let keys = Set(members.keys.map(asciiLowercased))
    if keys.isDisjoint(with: ["apiversion", "kind", "metadata", "spec"]) {
      return "no manifest: it has neither apiVersion nor kind"
    }
    guard let version = text("apiversion"), let kind = text("kind") else { return nil }
    let metadata = members.first { asciiLowercased($0.key) == "metadata" }?.value ?? .null
    let title = "\(shown(kind)) of \(shown(version))"
    switch Dialect(apiVersion: version) {
    case .rialto?: return nil
    case .tsb?: return withoutCounterpart[kind].map { "\(title): \($0)" }
    case .istio?:
      let isKnown = !EnvelopeReader.kinds(apiVersion: version, name: kind).isEmpty
      if isKnown, !Parents(of: metadata).isEmpty { return nil }
      return "\(title) is Istio's, and kubectl applies it"
        + (isKnown ? "; to have it in a DIRECT group, name the group in metadata" : "")
    case nil: return reason(version: version, kind: kind, title: title, value)
    }
  }

  private static func reason(
    version: String, kind: String, title: String, _ value: Document
  ) -> String? {
    if version.utf8.starts(with: "install.tetrate.io/".utf8) {
      let isEastWest =
        value[["spec", "eastWestOnly"]] == true || value[["spec", "type"]] == "EASTWEST"
      let role = isEastWest ? "east-west" : installed[kind]
      return "\(title) installs software"
        + (role.map { "; here such a gateway runs as 'rialto proxy --role \($0)'" } ?? "")
    }
    // Close enough to be a mistake in writing one of ours.
    let own = Set(Kind.allCases.map(\.apiVersion)).sorted()
    if version.contains("rialto.mesh") || version.contains("tsb.tetrate.io")
      || nearest(to: version, of: own) != nil
    {
      return nil
    }
    if version.contains("tetrate.io/") { return "\(title) has no counterpart here" }
    return "\(title) is no object of this API; kubectl applies what is Kubernetes'"
  }

  private static let installed = [
    "IngressGateway": "ingress", "Tier1Gateway": "edge", "EgressGateway": "egress",
    "Gateway": "ingress",
  ]

  /// Kinds of Tetrate Service Bridge that cannot be written here.
  private static let withoutCounterpart = [
    "ApprovalPolicy": "approvals are not kept here",
    "AuditLog": "a server keeps its own; 'rialto changes' shows it",
    "ExternalCluster": "an old kind, no longer in the API that it comes from",
    "ExternalClusterService": "an old kind, no longer in the API that it comes from",
    "Metric": "a server says it, nobody writes it",
    "ResourceStatus": "a server says it, nobody writes it; 'rialto status' shows it",
    "Service": "the registry is read only; 'rialto get workloads' shows it",
    "Source": "a server says it, nobody writes it",
  ]
}
