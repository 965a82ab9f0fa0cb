import Documents
import Model
import Testing

@testable import Manifests

@Suite struct `Manifests reading` {
  @Test func `everything wrong is reported at once, with line and column`() {
    let text = """
      apiVersion: traffic.rialto.mesh/v2
      kind: ServiceRoute
      metadata: {name: Orders, organization: acme, tenant: web, workspace: shop, group: all}
      spec:
        service: orders
        subsets:
        - name: v1
          weigth: 100
        - name: v2
          weight: "10"
        httpRoutes:
        - name: x
          match:
          - uri: {exact: /a, prefix: /b}
            port: 70000
      """
    #expect(
      problems(text) == [
        "x.yaml:3:12: metadata.name: 'Orders' is no DNS label (lower-case letters, digits and '-') (RL1009)",
        "x.yaml:15:7: spec.httpRoutes[0].match[0].port: 70000 is outside 1–65535 (RL1013)",
        "x.yaml:14:7: spec.httpRoutes[0].match[0].uri: only one of exact, prefix, regex can be there, "
          + "not exact and prefix (RL1015)",
        "x.yaml:12:5: spec.httpRoutes[0]: one of destination, flagger is needed (RL1015)",
        "x.yaml:5:3: spec.service: 'orders' names no service; write NAMESPACE/NAME or "
          + "NAMESPACE/NAME.NAMESPACE.mesh (RL1014)",
        "x.yaml:8:5: spec.subsets[0].weigth: unknown field; did you mean 'weight'? (RL1003)",
        "x.yaml:10:5: spec.subsets[1].weight: this has to be a whole number, not a string (RL1006)",
      ])
  }

  @Test(
    arguments: [
      ("spec: {servce: x}", "'service'"), ("spec: {http_routs: []}", "'httpRoutes'"),
      ("spec: {subset: []}", "'subsets'"), ("sepc: {}", "'spec'"), ("speec: {}", "'spec'"),
      ("metdata: {}", "'metadata'"),
    ] as [(String, String)])
  func `a misspelt field gets a suggestion`(_ line: String, _ suggestion: String) {
    let text = """
      apiVersion: traffic.rialto.mesh/v2
      kind: ServiceRoute
      \(line)
      """
    #expect(
      problems(text).contains {
        $0.contains("did you mean \(suggestion)?") && $0.contains("RL1003")
      })
  }

  @Test func `a field that resembles nothing gets the list`() {
    let text = """
      apiVersion: api.rialto.mesh/v2
      kind: Cluster
      metadata: {name: east, organization: acme}
      spec: {colour: red}
      """
    #expect(
      problems(text) == [
        "x.yaml:4:8: organizations/acme/clusters/east: spec.colour: unknown field; the fields here are "
          + "configGenerationMetadata, deletionProtectionEnabled, labels, locality, namespaceScope, "
          + "network, tier1Cluster, tokenTtl, trustDomain (RL1003)"
      ])
  }

  @Test(
    arguments: [
      ("gateway.rialto.mesh/v2", "ServiceRoute", "it is in traffic.rialto.mesh/v2"),
      ("traffic.rialto.mesh/v2", "ServiceRout", "did you mean 'ServiceRoute'?"),

      ("traffic.rialto.mesh/v1", "Group", "no kind 'Group'"),
    ] as [(String, String, String)])
  func `an unknown kind is refused`(_ version: String, _ kind: String, _ message: String) {
    let found = problems("apiVersion: \(version)\nkind: \(kind)\n")
    #expect(found.count == 1)
    #expect(found.first?.contains(message) == true && found.first?.contains("RL1008") == true)
  }

  @Test(
    arguments: [
      ("a: &x 1\n", "RL1005"), ("a: &x [b]\nc: *x\n", "RL1005"), ("a: *x\n", "RL1005"),
      ("? &x a\n: 1\n", "RL1005"), ("a: !!str 1\n", "RL1005"), ("a: 1\na: 2\n", "RL1004"),
      ("? [a]\n: 1\n", "RL1001"), ("a: [\n", "RL1001"), ("a: b: c\n", "RL1001"),
      ("\ta: 1\n", "RL1001"),
      ("a: \u{1}\n", "RL1001"), ("'\n", "RL1001"), ("- a\n", "RL1006"), ("text", "RL1006"),
      (String(repeating: "[", count: 2_000), "RL1001"),
      (String(repeating: "[", count: 70) + String(repeating: "]", count: 70), "RL1002"),
      (String(repeating: "- a\n", count: 100_001), "RL1002"),
      (String(repeating: "#", count: (1 << 20) + 1), "RL1002"),
      ("a: 1\0", "RL1001"),
    ] as [(String, String)])
  func `malformed YAML is refused`(_ text: String, _ code: String) {
    let read = Manifests.read(Array(text.utf8))
    #expect(read.value.isEmpty)
    #expect(read.diagnostics.contains { $0.code == code && $0.severity == .error })
  }

  @Test func `an alias bomb is refused without being expanded`() {
    let levels = (1...40).map {
      "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ","))]"
    }
    let text = "l0: &l0 x\n" + levels.joined(separator: "\n") + "\n? *l40\n: 1\n"
    let read = Manifests.read(Array(text.utf8))
    #expect(read.value.isEmpty && read.hasErrors)
    #expect(read.diagnostics.count <= 100)
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    let read = Manifests.read([0x61, 0x3A, 0x20, 0xFF])
    #expect(read.diagnostics.map(\.code) == ["RL1001"])
  }

  @Test(
    arguments: [
      #"{"kind":"Tenant","kind":"Tenant"}"#, #"{"a":1"#, "[1,]", "{'a':1}", "a: 1", "", "{} {}",
      #"{"\u0000a":"\ud800"}"#,
    ])
  func `malformed JSON is refused`(_ text: String) {
    let read = Manifests.read(Array(text.utf8), format: .json)
    #expect(read.value.isEmpty && read.hasErrors)
  }

  @Test func `anchors and indicators inside quotes are text`() throws {
    let read = try manifest(
      """
      apiVersion: api.rialto.mesh/v2
      kind: Organization
      metadata: {name: acme, description: "*x & y: &z !!str"}
      """)
    #expect(read.document[["metadata", "description"]] == "*x & y: &z !!str")
  }

  @Test func `only the scalars of JSON are resolved`() throws {
    let text = "[yes, on, 010, 1.10, 12:30, ~, null, true, -5, 1e2, 'true', \"1\", 0x1F, .5, Null]"
    let read = Manifests.document(fromYAML: Array(text.utf8))
    #expect(
      read.value
        == [
          "yes", "on", "010", .number(1.10), "12:30", "~", nil, true, -5, .number(100), "true", "1",
          "0x1F", ".5", "Null",
        ])
  }

  @Test func `several documents, empty ones and lists come in order`() throws {
    let text = """
      ---
      # nothing
      ---
      \(Samples.organization)
      ---
      apiVersion: v1
      kind: List
      items:
      - {apiVersion: api.rialto.mesh/v2, kind: Tenant, metadata: {name: a, organization: acme}}
      - {apiVersion: api.rialto.mesh/v2, kind: Tenant, metadata: {name: b, organization: acme}}
      """
    let read = Manifests.read(Array(text.utf8))
    #expect(read.diagnostics.map(\.text) == [])
    #expect(
      read.value.map(\.ref.fqn) == [
        "organizations/acme", "organizations/acme/tenants/a", "organizations/acme/tenants/b",
      ])
  }

  @Test func `errors in a list name the place in the text`() {
    let text = """
      kind: List
      apiVersion: v1
      items:
      - apiVersion: api.rialto.mesh/v2
        kind: Tenant
        metadata: {name: a, organization: acme}
        spec: {x: 1}
      """
    #expect(
      problems(text).first?.hasPrefix(
        "x.yaml:7:10: organizations/acme/tenants/a: spec.x: unknown field") == true)
  }

  @Test func `the same object twice is refused`() {
    let found = problems("\(Samples.organization)\n---\n\(Samples.organization)\n")
    #expect(found.count == 1 && found[0].contains("is there twice, first in line 1 (RL1016)"))
  }

  @Test func `a good document beside a broken one is read, and the text as a whole has errors`() {
    let read = Manifests.read(Array("\(Samples.tenant)\n---\nkind: [\n".utf8))
    #expect(read.value.count == 1)
    #expect(read.hasErrors)
  }

  @Test(
    arguments: [
      "apiVersion: tsb.tetrate.io/v2", "apiversion: api.tsb.tetrate.io/v2",
      "apiVersion: api.rialto.mesh/v2",
    ])
  func `both dialects name the same object`(_ version: String) throws {
    let inMetadata = try manifest(
      "\(version)\nkind: Workspace\nmetadata: {name: w, organization: o, tenant: t}\n"
        + "spec: {namespace_selector: {names: ['*/a']}}\n")
    let inAnnotations = try manifest(
      "\(version)\nkind: Workspace\nMetadata:\n  name: w\n  namespace: any\n  annotations:\n"
        + "    tsb.tetrate.io/organization: o\n    rialto.mesh/tenant: t\n    note: kept\n"
        + "spec: {namespaceSelector: {names: ['*/a']}}\n")
    #expect(inMetadata.ref.fqn == "organizations/o/tenants/t/workspaces/w")
    #expect(inAnnotations.ref == inMetadata.ref && inAnnotations.spec == inMetadata.spec)
    #expect(inMetadata.document["apiVersion"] == "api.rialto.mesh/v2")
    #expect(inAnnotations.document[["metadata", "annotations"]] == ["note": "kept"])
  }

  @Test func `groups name their type in the annotation`() throws {
    let route = try manifest(
      """
      apiVersion: traffic.tsb.tetrate.io/v2
      kind: ServiceRoute
      metadata:
        name: r
        annotations: {tsb.tetrate.io/organization: o, tsb.tetrate.io/tenant: t,
          tsb.tetrate.io/workspace: w, tsb.tetrate.io/trafficGroup: g}
      spec: {service: a/b}
      """)
    #expect(
      route.ref.fqn == "organizations/o/tenants/t/workspaces/w/trafficgroups/g/serviceroutes/r")
  }

  @Test func `parents that are missing or contradict are named`() {
    let text = """
      apiVersion: api.rialto.mesh/v2
      kind: Workspace
      metadata:
        name: w
        organization: o
        annotations: {rialto.mesh/organization: p}
      spec: {namespaceSelector: {names: ["*/a"]}}
      """
    #expect(
      problems(text) == [
        "x.yaml:6:17: metadata.annotations.rialto.mesh/organization: 'p' contradicts 'o' from "
          + "metadata.organization (RL1010)",
        "x.yaml:3:1: metadata.tenant: the tenant has to be named (RL1010)",
      ])
  }

  @Test func `an FQN alone names an object, and has to agree`() throws {
    let fqn = "organizations/o/tenants/t"
    let tenant = try manifest(
      "apiVersion: api.rialto.mesh/v2\nkind: Tenant\nmetadata: {fqn: \(fqn)}\n")
    #expect(tenant.ref.fqn == fqn)
    #expect(tenant.document["metadata"] == ["name": "t", "organization": "o"])
    let wrong = "apiVersion: api.rialto.mesh/v2\nkind: Tenant\nmetadata: {name: x, fqn: \(fqn)}\n"
    #expect(problems(wrong).contains { $0.contains("'x' contradicts 't'") })
  }

  @Test func `what the server prints can be applied again`() throws {
    let text = """
      apiVersion: api.rialto.mesh/v2
      kind: Tenant
      metadata: {name: t, organization: o, fqn: organizations/o/tenants/t, etag: "12", resourceVersion: "12",
        created: 2026-01-01T00:00:00Z, updated: 2026-01-01T00:00:00Z, revision: 12}
      spec: {displayName: T, etag: "12"}
      status: {state: READY, anything: [1]}
      """
    let tenant = try manifest(text)
    #expect(tenant.etag == "12")
    #expect(tenant.document[["metadata", "displayName"]] == "T")
    #expect(tenant.document["status"] == nil && tenant.document["spec"] == .object([:]))
  }

  @Test func `common fields said twice have to agree`() {
    let text = """
      apiVersion: api.rialto.mesh/v2
      kind: Tenant
      metadata: {name: t, organization: o, etag: "12", displayName: A}
      spec: {displayName: B, etag: "13"}
      """
    #expect(problems(text).filter { $0.contains("RL1015") }.count == 2)
  }

  @Test func `null is absent`() throws {
    let cluster = try manifest(
      "apiVersion: api.rialto.mesh/v2\nkind: Cluster\nmetadata: {name: c, organization: o}\nspec: {network: }\n"
    )
    #expect(cluster.spec == .cluster(Cluster(network: "c", trustDomain: "c.o.mesh")))
  }

  @Test func `a body is a manifest, one without a kind, or a spec`() throws {
    let ref = try #require(ResourceRef(fqn: "organizations/o/clusters/c"))
    for body in [
      #"{"network":"n"}"#, #"{"spec":{"network":"n"}}"#,
      #"{"metadata":{"name":"c"},"spec":{"network":"n"}}"#,
      #"{"apiVersion":"api.rialto.mesh/v2","kind":"Cluster","spec":{"network":"n"}}"#,
      #"{"fqn":"organizations/o/clusters/c","network":"n"}"#,
    ] {
      let read = Manifests.readBody(Array(body.utf8), at: ref, format: .json)
      #expect(read.diagnostics.map(\.text) == [], "\(body)")
      #expect(read.value?.spec == .cluster(Cluster(network: "n", trustDomain: "c.o.mesh")))
      #expect(read.value?.document["kind"] == "Cluster")
    }
  }

  @Test(
    arguments: [
      #"{"metadata":{"name":"d"},"spec":{}}"#, #"{"fqn":"organizations/o/clusters/d"}"#,
      #"{"apiVersion":"api.rialto.mesh/v2","kind":"Tenant","spec":{}}"#, #"{"kind":"Cluster"}"#,
      "[]", "",
      #"{"nets":"x"}"#,
    ])
  func `a body that disagrees with its path is refused`(_ body: String) throws {
    let ref = try #require(ResourceRef(fqn: "organizations/o/clusters/c"))
    let read = Manifests.readBody(Array(body.utf8), at: ref, format: .json)
    #expect(read.value == nil && read.hasErrors)
  }

  @Test(
    arguments: [
      "Ünicode", "a.b", "-a", "a-", "a_b", "A", "a\u{301}", "\u{212A}", "a b", "a\\r\\nb",
      String(repeating: "a", count: 64),
    ])
  func `names are DNS labels, byte by byte`(_ name: String) {
    let found = problems(
      "apiVersion: api.rialto.mesh/v2\nkind: Tenant\nmetadata: {name: \"\(name)\", organization: o}\n"
    )
    #expect(found.contains { $0.contains("RL1009") })
  }

  @Test func `messages show no control bytes`() {
    let found = problems("apiVersion: \"a\\e[31m\\u202e\"\nkind: \"K\\n\"\n")
    #expect(found.count == 1)
    #expect(
      found.allSatisfy {
        $0.utf8.allSatisfy { $0 >= 0x20 } && !$0.unicodeScalars.contains("\u{202e}")
      })
  }
}
