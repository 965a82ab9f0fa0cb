import Documents
import Model
import Testing

@testable import Manifests

/// What real files of Tetrate Service Bridge are like, and what becomes of it.
@Suite struct `Manifests of other systems` {
  private static let tenant = """
    apiVersion: api.tsb.tetrate.io/v2
    kind: Tenant
    metadata: {name: t, organization: acme}
    """

  private func entries(
    _ text: String, variables: [String: String]? = nil, skipping: Bool = false
  ) -> [ManifestEntry] {
    Manifests.readEntries(
      Array(text.utf8), file: "x.yaml",
      options: ReadingOptions(variables: variables, skipsForeign: skipping))
  }

  @Test(
    arguments: [
      ("v1", "Namespace"), ("apps/v1", "Deployment"),
      ("install.tetrate.io/v1alpha1", "Tier1Gateway"),
      ("networking.istio.io/v1beta1", "ServiceEntry"), ("telemetry.istio.io/v1", "Telemetry"),
      ("tsb.tetrate.io/v2", "ExternalCluster"), ("argoproj.io/v1alpha1", "Application"),
    ])
  func `objects of other APIs are errors, or are left out and listed`(
    _ version: String, _ kind: String
  ) throws {
    let text = "\(Self.tenant)\n---\napiVersion: \(version)\nkind: \(kind)\nmetadata: {name: a}\n"
    let refused = try #require(entries(text).last)
    #expect(refused.hasErrors && refused.diagnostics.map(\.code) == ["RL1070"])
    #expect(refused.diagnostics.first?.mark?.line == 5)
    #expect(refused.diagnostics.first?.file == "x.yaml")
    #expect(refused.diagnostics.first?.message.contains("--skip-unknown") == true)
    let skipped = entries(text, skipping: true)
    #expect(skipped.map(\.isSkipped) == [false, true])
    #expect(skipped.map(\.hasErrors) == [false, false])
    #expect(skipped.last?.diagnostics.map(\.code) == ["RL1070"])
  }

  @Test func `one kind of two APIs is told apart, and a misspelt one is never left out`() {
    let gateway = "kind: IngressGateway\nmetadata: {name: g, namespace: a}\nspec: {}\n"
    let found = entries(
      "apiVersion: install.tetrate.io/v1alpha1\n\(gateway)---\n"
        + "apiVersion: gateway.tsb.tetrate.io/v2\n\(gateway)---\n"
        + "apiVersion: api.tsb.tetrate.io/v2\nkind: Workspce\nmetadata: {name: w}\n", skipping: true
    )
    #expect(found.map(\.isSkipped) == [true, false, false])
    #expect(found.last?.diagnostics.map(\.code) == ["RL1008"])
  }

  @Test func `an east-west gateway to install says how it runs here`() {
    let found = entries(
      "apiVersion: install.tetrate.io/v1alpha1\nkind: IngressGateway\nmetadata: {name: g}\n"
        + "spec: {eastWestOnly: true}\n")
    #expect(found.first?.diagnostics.first?.message.contains("--role east-west") == true)
  }

  @Test func `a broken document does not hide the others`() {
    let found = entries("a: [\n---\n\(Self.tenant)\n---\nb: }\n")
    #expect(found.count == 3)
    #expect(found.map(\.hasErrors) == [true, false, true])
    #expect(found.first?.diagnostics.first?.code == "RL1001")
    #expect((found.last?.mark?.line ?? 0) >= 6)
  }

  @Test(
    arguments: [
      "spec: {description: x}---\n", "spec: {description: x}\n-------\n",
      "spec: {description: x}---   \r\n",
    ])
  func `dashes that YAML does not know end a document too`(_ end: String) {
    let second = Self.tenant.replacing("name: t", with: "name: u")
    let found = entries("\(Self.tenant)\n\(end)\(second)\n")
    #expect(found.compactMap(\.manifest?.ref.name) == ["t", "u"])
    #expect(found.first?.diagnostics.map(\.severity) == [.warning])
    #expect(found.last?.diagnostics.isEmpty == true)
    #expect(found.last?.mark?.line == (end.contains("\n---") ? 6 : 5))
  }

  @Test func `variables are replaced, and change nothing around them`() throws {
    let text = """
      apiVersion: tsb.tetrate.io/v2
      kind: Workspace
      metadata: {name: $PREFIX-shop, organization: "${ORG}", tenant: t}
      spec:
        displayName: "$$5 ${NOTE}"
        namespaceSelector: {names: ["*/$PREFIX"]}
      """
    let values = ["PREFIX": "abz", "ORG": "acme", "NOTE": "a: [b]"]
    let found = try #require(entries(text, variables: values).first)
    #expect(
      found.manifest?.ref.fqn == "organizations/acme/tenants/t/workspaces/abz-shop")
    #expect(found.manifest?.document[["metadata", "displayName"]] == "$5 a: [b]")
  }

  @Test func `a number may come from a variable`() throws {
    let text = """
      apiVersion: rbac.tsb.tetrate.io/v2
      kind: Role
      metadata: {name: r}
      spec: {rules: [{permissions: [READ]}]}
      ---
      apiVersion: api.tsb.tetrate.io/v2
      kind: Tenant
      metadata: {name: t, organization: acme}
      spec: {deletionProtectionEnabled: $ON}
      """
    #expect(entries(text, variables: ["ON": "true"]).allSatisfy { !$0.hasErrors })
  }

  @Test(arguments: [nil, ["PREFX": "a"]] as [[String: String]?])
  func `a variable without a value is an error that names its place`(
    _ variables: [String: String]?
  ) throws {
    let text = "\(Self.tenant.replacing("name: t", with: "name: $PREFIX-t"))\n"
    let found = try #require(entries(text, variables: variables).first)
    #expect(found.diagnostics.map(\.code) == ["RL1071"])
    #expect(found.diagnostics.first?.mark?.line == 3)
    #expect(found.diagnostics.first?.file == "x.yaml")
    #expect(found.diagnostics.first?.message.contains("${PREFIX}") == true)
  }

  @Test(arguments: ["${T:-none}", "${a.b}", "${}", "${A-B}"])
  func `what only other programs replace is an error in a template`(_ written: String) throws {
    let text = """
      apiVersion: api.tsb.tetrate.io/v2
      kind: Tenant
      metadata: {name: t, organization: acme}
      spec: {displayName: "x \(written)"}
      """
    let found = try #require(entries(text, variables: ["T": "t"]).first)
    #expect(found.diagnostics.first?.code == "RL1071")
    #expect(found.diagnostics.first?.message.contains("'\(written)'") == true)
    #expect(found.diagnostics.first?.mark?.line == 4)
    // Where nothing is replaced it is a text like others.
    let plain = try #require(entries(text).first)
    #expect(plain.manifest?.document[["metadata", "displayName"]] == .string("x \(written)"))
  }

  @Test func `what is no template stays as it is`() throws {
    let text = """
      apiVersion: api.tsb.tetrate.io/v2
      kind: Tenant
      metadata: {name: t, organization: acme}
      spec:
        displayName: $5 and ${X}
        description: |
          {"$ref": "#/a"}
      """
    let plain = try #require(entries(text).first)
    #expect(plain.manifest?.document[["metadata", "displayName"]] == "$5 and ${X}")
    #expect(plain.diagnostics.map(\.code) == ["RL1071"] && !plain.hasErrors)
    let filled = try #require(entries(text, variables: ["X": "y"]).first)
    #expect(filled.manifest?.document[["metadata", "displayName"]] == "$5 and y")
    #expect(filled.manifest?.document[["metadata", "description"]] == "{\"$ref\": \"#/a\"}\n")
  }

  @Test func `Helm's templates are recognised`() {
    let text = "{{- $x := 1 }}\n\(Self.tenant)\n"
    let found = entries(text)
    #expect(found.map(\.hasErrors) == [true])
    #expect(found.first?.diagnostics.map(\.code) == ["RL1071"])
    #expect(found.first?.diagnostics.first?.message.contains("helm template") == true)
  }

  @Test func `what holds there without being said is written out`() throws {
    let organization = ResourceRef(.organization, ["acme"])
    let alone = ManifestEntry(defaultsOf: organization)
    #expect(
      alone.manifest?.document["spec"]
        == [
          "defaultSecuritySetting": ["authenticationSettings": ["trafficMode": "OPTIONAL"]],
          "defaultTrafficSetting": ["outbound": ["reachability": ["mode": "CLUSTER"]]],
        ])
    var said = try #require(
      entries(
        """
        apiVersion: api.tsb.tetrate.io/v2
        kind: OrganizationSetting
        metadata: {name: s, organization: acme}
        spec: {defaultSecuritySetting: {authentication: REQUIRED}}
        """
      ).first)
    said.fillDefaults()
    let spec = try #require(said.manifest?.document["spec"])
    #expect(spec["defaultSecuritySetting"] == ["authentication": "REQUIRED"])
    #expect(spec[["defaultTrafficSetting", "outbound", "reachability", "mode"]] == "CLUSTER")
    #expect(said.diagnostics.contains { $0.code == "RL1052" })
  }

  @Test func `every account of every namespace is every identity of the cluster`() throws {
    let text = """
      apiVersion: api.tsb.tetrate.io/v2
      kind: TenantSetting
      metadata: {name: s, organization: acme, tenant: t}
      spec:
        defaultSecuritySetting:
          authorization: {mode: CUSTOM, serviceAccounts: ["*/*", shop/web]}
      """
    guard case .tenantSetting(let settings) = try #require(entries(text).first?.manifest).spec
    else {
      Issue.record("no TenantSetting")
      return
    }
    #expect(settings.security?.authorization == .cluster)
  }

  @Test func `what an export has beside the object is taken and not kept`() throws {
    let text = """
      apiversion: api.tsb.tetrate.io/v2
      kind: List
      items:
      - apiVersion: traffic.tsb.tetrate.io/v2
        kind: Group
        Metadata:
          name: G_1
          organization: acme
          tenant: t
          workspace: w
          resourceVersion: '"abc="'
        spec:
          fqn: organizations/acme/tenants/t/workspaces/w/trafficgroups/G_1
          etag: '"abc="'
          namespace_selector: {names: ["*/shop"]}
          config_mode: DIRECT
          colour: red
      """
    let found = try #require(entries(text).first)
    #expect(found.manifest?.ref.name == "g-1" && found.manifest?.etag == nil)
    #expect(
      found.manifest?.document["spec"]
        == ["configMode": "DIRECT", "namespaceSelector": ["names": ["*/shop"]]])
    #expect(found.diagnostics.allSatisfy { $0.severity == .warning })
    #expect(found.diagnostics.contains { $0.code == "RL1003" && $0.message.contains("left out") })
  }
}
