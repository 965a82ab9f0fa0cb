import Documents
import Model
import Testing

@testable import Manifests

/// What the kinds say that Gateway has replaced.
@Suite struct `Manifests of older gateways` {
  private static let files =
    "tls: {mode: SIMPLE, files: {serverCertificate: /a.pem, privateKey: /a.key}}"

  /// A Tier1Gateway with servers of all kinds for `host`.
  private func oldGateway(_ host: String = "a.example.com", clusters: String) -> String {
    """
    apiVersion: gateway.tsb.tetrate.io/v2
    kind: Tier1Gateway
    metadata: {name: front, \(Samples.place), group: all}
    spec:
      workloadSelector: {namespace: edge, labels: {app: edge}}
      externalServers:
      - {name: a, hostname: "\(host)", port: 8443, \(Self.files), clusters: \(clusters)}
      passthroughServers:
      - {name: b, hostname: "\(host)", port: 443, clusters: \(clusters)}
      tcpExternalServers:
      - {name: c, hostname: "\(host)", port: 9443, \(Self.files), clusters: \(clusters)}
      - {name: d, hostname: "\(host)", port: 5432, clusters: \(clusters)}
      internalServers:
      - {name: e, hostname: "\(host)", clusters: \(clusters)}
      tcpInternalServers:
      - {name: f, hostname: "\(host)", clusters: \(clusters)}
    """
  }

  @Test func `a Tier1Gateway becomes what a Gateway would be`() throws {
    let old = try manifest(oldGateway(clusters: "[{name: west, weight: 1}]"))
    let new = try manifest(
      """
      apiVersion: gateway.rialto.mesh/v2
      kind: Gateway
      metadata: {name: front, \(Samples.place), group: all}
      spec:
        workloadSelector: {namespace: edge, labels: {app: edge}}
        http:
        - name: a
          hostname: a.example.com
          port: 8443
          \(Self.files)
          routing: {rules: [{route: \(Self.west)}]}
        tls: [{name: b, hostname: a.example.com, port: 443, route: \(Self.west)}]
        tcp:
        - {name: c, hostname: a.example.com, port: 9443, \(Self.files), route: \(Self.west)}
        - {name: d, hostname: a.example.com, port: 5432, route: \(Self.west)}
      """)
    #expect(old.spec == new.spec)
    #expect(
      Manifests.notYetEffective(in: old.document, of: old.ref.kind).map(\.text)
        == ["spec.internalServers", "spec.tcpInternalServers"])
    #expect(Manifests.notYetEffective(in: new.document, of: new.ref.kind) == [])
    #expect(
      Manifests.references(of: old.resource()).map(\.path.text) == [
        "spec.externalServers[0].clusters[0].name", "spec.passthroughServers[0].clusters[0].name",
        "spec.tcpExternalServers[0].clusters[0].name",
        "spec.tcpExternalServers[1].clusters[0].name",
      ])
    #expect(
      Manifests.references(of: new.resource()).map(\.path.text) == [
        "spec.http[0].routing.rules[0].route.clusterDestination.clusters[0].name",
        "spec.tls[0].route.clusterDestination.clusters[0].name",
        "spec.tcp[0].route.clusterDestination.clusters[0].name",
        "spec.tcp[1].route.clusterDestination.clusters[0].name",
      ])
  }

  private static let west = "{clusterDestination: {clusters: [{name: west, weight: 1}]}}"

  @Test(
    arguments: [
      ("a.example.com", "[{name: a}, {name: a}]", "(RL1016)"),
      ("a.example.com", "[{name: a, weight: 0}]", "(RL1042)"),
      ("*.example.com", "[]", "whole host"),
    ])
  func `servers of an older gateway are checked`(_ host: String, clusters: String, _ found: String)
  {
    let all = problems(oldGateway(host, clusters: clusters))
    #expect(all.filter { $0.contains(found) }.count == 4, "\(all)")
  }

  private func egress(_ kind: String, _ rules: String) throws -> (Manifest, Gateway) {
    let found = try manifest(
      """
      apiVersion: gateway.tsb.tetrate.io/v2
      kind: \(kind)
      metadata: {name: out, \(Samples.place), group: all}
      spec: {workloadSelector: {namespace: edge, labels: {app: out}}, \(rules)}
      """)
    guard case .gateway(let gateway) = found.spec else { throw Unexpected(errors: []) }
    return (found, gateway)
  }

  private static let workspace = "organizations/acme/tenants/web/workspaces/shop"

  @Test(
    arguments: [
      ("", "", ".*\\.example\\.com"), ("mode: DISABLED", "", ".*"),
      ("mode: CUSTOM, serviceAccounts: ['*/*']", "", ".*"),
      ("mode: SERVICE_ACCOUNT, serviceAccounts: [a/b]", "serviceAccounts: [a/b]", ".*"),
      ("mode: NAMESPACE", "serviceAccounts: ['edge/*']", ".*"),
      ("mode: WORKSPACE", "resources: [\(workspace)]", ".*"),
      ("mode: GROUP", "resources: [\(workspace)/gatewaygroups/all]", ".*"),
      (
        "mode: RULES, rules: {allow: [{from: {fqn: \(workspace)}, to: {fqn: \(workspace)}}]}",
        "resources: [\(workspace)]", ".*"
      ),
    ])
  func `an EgressGateway becomes what a Gateway would be, and says that it does nothing yet`(
    _ old: String, _ new: String, _ pattern: String
  ) throws {
    let host = pattern == ".*" ? "*" : "*.example.com"
    let (before, converted) = try egress(
      "EgressGateway", "authorization: [{from: {\(old)}, to: ['\(host)', b.example.com]}]")
    let (_, written) = try egress(
      "Gateway",
      "egressAuthorization: [{from: {\(new)}, "
        + "to: [{host: {regex: '\(pattern)'}}, {host: {exact: b.example.com}}]}]")
    #expect(converted == written)
    #expect(
      Manifests.notYetEffective(in: before.document, of: .egressGateway).map(\.text)
        == ["spec.authorization", "spec.workloadSelector"])
  }

  @Test func `a rule for what goes out is about parts of the tree or service accounts`() {
    let found = problems(
      """
      apiVersion: gateway.rialto.mesh/v2
      kind: Gateway
      metadata: {name: out, \(Samples.place), group: all}
      spec:
        workloadSelector: {namespace: edge, labels: {app: out}}
        egressAuthorization:
        - from: {resources: [organizations/other/tenants/a], serviceAccounts: [a/b]}
          to: [{host: {exact: a.example.com}}]
      """)
    for message in ["of another organization (RL1014)", "write two (RL1015)"] {
      #expect(found.contains { $0.contains(message) }, "\(found)")
    }
  }
}
