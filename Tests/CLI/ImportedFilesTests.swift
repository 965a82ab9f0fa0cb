import ArgumentParser
import Documents
import ManagementClient
import Model
import Testing

@testable import rialto

/// What real files of Tetrate Service Bridge are like, from the files to what the server has of them.
@Suite struct `Imported files` {
  private let server: RealServer

  init() throws { server = try RealServer() }

  private static let workspace = "organizations/acme/tenants/t/workspaces/w"

  private static let organization = """
    apiVersion: api.tsb.tetrate.io/v2
    kind: Organization
    metadata: {name: acme}
    """

  private static let tenant = """
    apiVersion: api.tsb.tetrate.io/v2
    kind: Tenant
    metadata: {name: t, organization: acme}
    """

  private static let workspaceFile = """
    apiVersion: api.tsb.tetrate.io/v2
    kind: Workspace
    metadata: {name: w, organization: acme, tenant: t}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    """

  private static func group(_ type: String, _ name: String) -> String {
    """
    apiVersion: \(type).tsb.tetrate.io/v2
    kind: Group
    metadata: {name: \(name), organization: acme, tenant: t, workspace: w}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    """
  }

  private static let tree = [organization, tenant, workspaceFile].joined(separator: "\n---\n")

  /// Imports files by their names, and returns the rows of the report, by FQN or title.
  @discardableResult
  private func imported(
    _ files: [String: String], _ arguments: [String] = [], expecting status: Int32 = 0
  ) async throws -> [String: Document] {
    let folder = try TemporaryFolder()
    for (name, text) in files { try folder.write(text, to: name) }
    let (session, words) = try await server.session()
    var found: Int32 = 0
    do {
      try await ImportCommand.asyncParse(["-f", folder.path, "-o", "json"] + arguments)
        .run(in: session)
    } catch let code as ExitCode { found = code.rawValue }
    #expect(found == status, "\(words.data)")
    let report = try JSONParser.document(from: Array(words.data.utf8))
    return Dictionary(
      (report["items"]?.list ?? []).map { row in
        (row["fqn"]?.string ?? row["object"]?.string ?? "-", row)
      }, uniquingKeysWith: { first, _ in first })
  }

  private func object(
    _ fqn: String, view: ManagementClient.View = .basic
  ) async throws -> Document {
    let ref = try #require(ResourceRef(fqn: fqn))
    return try await server.session().session.client.object(ref, view: view)
  }

  private func effective(_ path: String, of fqn: String) async throws -> Document? {
    let properties = try await object(fqn, view: .effective)[["effective", "properties"]]
    return properties?.list?.first { $0["path"]?.string == path }
  }

  @Test func `one folder has both dialects, lists, and spellings of old versions`() async throws {
    let rows = try await imported([
      "a.yaml": """
      apiversion: api.tsb.tetrate.io/v2
      kind: Organization
      Metadata: {name: acme}---
      apiVersion: tsb.tetrate.io/v2
      kind: Tenant
      metadata: {name: t, namespace: argo, annotations: {tsb.tetrate.io/organization: acme}}
      spec: {displayName: T}
      """,
      "b.yaml": """
      kind: List
      apiVersion: v1
      items:
        - apiVersion: api.tsb.tetrate.io/v2
          kind: Workspace
          metadata: {name: Shop_1, organization: acme, tenant: t, resourceVersion: '"x1Y="'}
          spec:
            fqn: organizations/acme/tenants/t/workspaces/Shop_1
            etag: '"x1Y="'
            namespace_selector: {names: ["*/shop"]}
            isolation_boundry: global
      -------
      apiVersion: traffic.tsb.tetrate.io/v2
      kind: Group
      metadata:
        name: tg
        annotations:
          tsb.tetrate.io/organization: acme
          tsb.tetrate.io/tenant: t
          tsb.tetrate.io/workspace: Shop_1
      spec: {namespaceSelector: {names: ["*/shop"]}}
      """,
    ])
    let workspace = "organizations/acme/tenants/t/workspaces/shop-1"
    let group = try #require(rows["\(workspace)/trafficgroups/tg"])
    #expect(group["details"]?.list?.contains { $0.string?.contains("'Shop_1'") == true } == true)
    #expect(rows[workspace]?["outcome"] == "converted")
    #expect(rows["\(workspace)/trafficgroups/tg"]?["outcome"] == "converted")
    let stored = try await object(workspace)
    #expect(stored["spec"] == ["namespaceSelector": ["names": ["*/shop"]]])
    let tenant = try await object("organizations/acme/tenants/t")
    #expect(tenant[["metadata", "displayName"]] == "T")
    #expect(try await object("\(workspace)/trafficgroups/tg")["kind"] == "Group")
  }

  @Test func `what was exported can be imported a second time`() async throws {
    let exported = [
      "a.yaml": """
      \(Self.tree.replacing("name: w,", with: "name: w, resourceVersion: '\"Zm9v=\"',"))
      """
    ]
    try await imported(exported)
    try await imported(exported)
    try await imported([
      "a.yaml": exported["a.yaml", default: ""].replacing("*/shop", with: "*/store")
    ])
    let stored = try await object(Self.workspace)
    #expect(stored[["spec", "namespaceSelector", "names"]] == ["*/store"])
  }

  @Test func `bindings have no name but the path of what they are about`() async throws {
    let bindings = "apiVersion: rbac.tsb.tetrate.io/v2\nkind: AccessBindings\n"
    let allow =
      "spec: {allow: [{role: rbac/admin, subjects: [{team: organizations/acme/teams/p}]}]}"
    let rows = try await imported([
      "a.yaml": """
      \(Self.tree)
      ---
      \(bindings)metadata: {fqn: organizations/acme/tenants/t}
      \(allow)
      ---
      \(bindings)metadata: {annotations: {tsb.tetrate.io/fqn: \(Self.workspace)}}
      \(allow)
      """
    ])
    for parent in ["organizations/acme/tenants/t", Self.workspace] {
      #expect(rows["\(parent)/accessbindings"] != nil)
      let stored = try await object("\(parent)/accessbindings")
      #expect(stored[["spec", "allow"]]?.list?.first?["role"] == "rbac/admin")
    }
  }

  @Test func `roles and subjects are paths`() async throws {
    try await imported([
      "a.yaml": """
      \(Self.tree)
      ---
      apiVersion: rbac.tsb.tetrate.io/v2
      kind: Role
      metadata: {name: ops}
      spec: {rules: [{types: [{apiGroup: traffic.tsb.tetrate.io/v2}], permissions: [READ]}]}
      ---
      apiVersion: rbac.tsb.tetrate.io/v2
      kind: TenantAccessBindings
      metadata: {organization: acme, tenant: t}
      spec:
        allow:
          - role: rbac/ops
            subjects:
              - user: organizations/acme/users/Ann_B
              - serviceAccount: organizations/acme/serviceaccounts/ci
      """
    ])
    #expect(try await object("rbac/ops")["kind"] == "Role")
    let bindings = try await object("organizations/acme/tenants/t/accessbindings")
    let allow = try #require(bindings[["spec", "allow"]]?.list?.first)
    #expect(allow["role"] == "rbac/ops")
    #expect(
      allow["subjects"] == [
        ["user": "organizations/acme/users/ann-b"],
        ["serviceAccount": "organizations/acme/serviceaccounts/ci"],
      ])
    // A role by its bare name is none, and the report says how to write it.
    let rows = try await imported(
      [
        "b.yaml": """
        apiVersion: rbac.tsb.tetrate.io/v2
        kind: TenantAccessBindings
        metadata: {organization: acme, tenant: t}
        spec: {allow: [{role: ops, subjects: [{user: organizations/acme/users/a}]}]}
        """
      ], expecting: 1)
    let row = try #require(rows["organizations/acme/tenants/t/accessbindings"] ?? rows.values.first)
    #expect(row["outcome"] == "refused")
    #expect(
      row["details"]?.list?.contains { $0.string?.contains("write rbac/NAME") == true } == true)
  }

  @Test func `deprecated fields are converted, and hold`() async throws {
    let group = "\(Self.workspace)/trafficgroups/tg"
    let rows = try await imported([
      "a.yaml": """
      \(Self.tree)
      ---
      apiVersion: api.tsb.tetrate.io/v2
      kind: Cluster
      metadata: {name: east, organization: acme}
      spec: {network: lan, tier1Cluster: true, locality: {region: eu}}
      ---
      apiVersion: api.tsb.tetrate.io/v2
      kind: WorkspaceSetting
      metadata: {name: s, organization: acme, tenant: t, workspace: w}
      spec:
        defaultTrafficSetting:
          reachability: {mode: CUSTOM, hosts: ["./*", bank/*]}
      ---
      \(Self.group("traffic", "tg"))
      ---
      apiVersion: traffic.tsb.tetrate.io/v2
      kind: TrafficSetting
      metadata: {name: s, organization: acme, tenant: t, workspace: w, group: tg}
      spec:
        resilience: {httpRequestTimeout: 5s, httpRetries: {attempts: 3, retryOn: "5xx"}}
      ---
      \(Self.group("gateway", "gg"))
      ---
      apiVersion: gateway.tsb.tetrate.io/v2
      kind: Gateway
      metadata: {name: edge, organization: acme, tenant: t, workspace: w, group: gg}
      spec:
        workloadSelector: {namespace: shop, labels: {app: edge}}
        http:
          - name: shop
            hostname: shop.example.com
            transit: true
            routing: {rules: [{route: {serviceDestination: {host: shop/orders}}}]}
      """
    ])
    for fqn in [
      "organizations/acme/clusters/east", "\(Self.workspace)/settings/s", "\(group)/settings/s",
      "\(Self.workspace)/gatewaygroups/gg/unifiedgateways/edge",
    ] {
      #expect(rows[fqn]?["outcome"] == "converted", "\(fqn)")
      let details = rows[fqn]?["details"]?.list?.compactMap(\.string) ?? []
      #expect(details.contains { $0.contains("(RL1050)") }, "\(fqn): \(details)")
    }
    let reachability = try await effective("outbound.reachability", of: group)
    #expect(reachability?["value"] == ["mode": "CUSTOM", "hosts": ["./*", "bank/*"]])
    let calls = try await effective("outbound.upstreamTrafficSettings", of: group)
    let http = calls?["value"]?.list?.first?[
      ["settings", "resilience", "connectionPool", "http"]]
    #expect(http?["requestTimeout"] == "5s" && http?["retries"]?["attempts"] == 3)
    #expect(calls?["sources"]?.list?.first?["fqn"]?.string == "\(group)/settings/s")
    let cluster = try await object("organizations/acme/clusters/east")
    #expect(cluster[["spec", "locality", "region"]] == "eu")
  }

  @Test func `children may come before their parents, in any file`() async throws {
    let route = """
      apiVersion: traffic.tsb.tetrate.io/v2
      kind: ServiceRoute
      metadata: {name: orders, organization: acme, tenant: t, workspace: w, group: tg}
      spec: {service: shop/orders, subsets: [{name: v1, labels: {version: v1}, weight: 100}]}
      """
    let rows = try await imported([
      "1.yaml": route, "2.yaml": Self.group("traffic", "tg"), "3.yaml": Self.workspaceFile,
      "4.yaml": Self.tenant,
      "5.yaml": Self.organization,
    ])
    #expect(rows.values.allSatisfy { $0["outcome"] != "refused" })
    let stored = try await object("\(Self.workspace)/trafficgroups/tg/serviceroutes/orders")
    #expect(stored[["metadata", "etag"]] == "1")
  }

  @Test func `every address may be counted by itself`() async throws {
    let gateway = "\(Self.workspace)/gatewaygroups/gg/ingressgateways/old"
    let rows = try await imported([
      "a.yaml": """
      \(Self.tree)
      ---
      \(Self.group("gateway", "gg"))
      ---
      apiVersion: gateway.tsb.tetrate.io/v2
      kind: IngressGateway
      metadata: {name: old, organization: acme, tenant: t, workspace: w, group: gg}
      spec:
        workloadSelector: {namespace: shop, labels: {app: old}}
        http:
          - name: shop
            hostname: shop.example.com
            port: 8443
            routing: {rules: [{route: {host: shop/orders.shop.svc.cluster.local}}]}
            rateLimiting:
              settings:
                rules:
                  - dimensions: [{remoteAddress: {value: "*"}}]
                    limit: {requestsPerUnit: 10, unit: SECOND}
      """
    ])
    #expect(rows[gateway]?["outcome"] == "converted")
    let rule = try await object(gateway)[["spec", "http"]]?.list?.first?[
      ["rateLimiting", "settings", "rules"]]?.list?.first
    #expect(rule?["dimensions"] == [["remoteAddress": ["value": "*"]]])
    // That nothing counts yet is said.
    #expect(
      rows[gateway]?["details"]?.list?.contains {
        $0.string?.contains("rateLimiting: accepted, but has no effect yet") == true
      } == true)
  }

  @Test func `old kinds are listed and left out, and typed bindings are bindings`() async throws {
    let old = """
      apiVersion: tsb.tetrate.io/v2
      kind: ExternalCluster
      metadata: {name: vm, organization: acme}
      spec: {endpoints: []}
      """
    func bindings(_ kind: String, _ parents: String) -> String {
      """
      apiVersion: rbac.tsb.tetrate.io/v2
      kind: \(kind)
      metadata: {organization: acme\(parents)}
      spec: {allow: [{role: rbac/admin, subjects: [{team: organizations/acme/teams/p}]}]}
      """
    }
    let inWorkspace = ", tenant: t, workspace: w"
    let files = [
      Self.tree, old, Self.group("traffic", "tg"), Self.group("security", "sg"),
      Self.group("gateway", "gg"),
      Self.group("istiointernal", "ig"), bindings("OrganizationAccessBindings", ""),
      bindings("TenantAccessBindings", ", tenant: t"),
      bindings("WorkspaceAccessBindings", inWorkspace),
      bindings("TrafficAccessBindings", "\(inWorkspace), group: tg"),
      bindings("SecurityAccessBindings", "\(inWorkspace), group: sg"),
      bindings("GatewayAccessBindings", "\(inWorkspace), group: gg"),
      bindings("IstioInternalAccessBindings", "\(inWorkspace), group: ig"),
    ].joined(separator: "\n---\n")
    let refused = try await imported(["a.yaml": files], expecting: 1)
    #expect(refused["ExternalCluster vm"]?["outcome"] == "refused")
    await #expect(throws: ClientError.self) { try await object("organizations/acme") }

    let rows = try await imported(["a.yaml": files], ["--skip-unknown"])
    #expect(rows["ExternalCluster vm"]?["outcome"] == "skipped")
    for parent in [
      "organizations/acme", "organizations/acme/tenants/t", Self.workspace,
      "\(Self.workspace)/trafficgroups/tg", "\(Self.workspace)/securitygroups/sg",
      "\(Self.workspace)/gatewaygroups/gg", "\(Self.workspace)/istiointernalgroups/ig",
    ] {
      #expect(try await object("\(parent)/accessbindings")[["spec", "allow"]]?.list?.count == 1)
    }
  }

  @Test func `a workspace may have gateways of this API and traffic of Istio`() async throws {
    let rows = try await imported([
      "a.yaml": """
      \(Self.tree)
      ---
      apiVersion: gateway.tsb.tetrate.io/v2
      kind: Group
      metadata: {name: gg, organization: acme, tenant: t, workspace: w}
      spec: {namespaceSelector: {names: ["*/shop"]}, configMode: BRIDGED}
      ---
      apiVersion: traffic.tsb.tetrate.io/v2
      kind: Group
      metadata: {name: tg, organization: acme, tenant: t, workspace: w}
      spec: {namespaceSelector: {names: ["*/shop"]}, configMode: DIRECT}
      ---
      apiVersion: networking.istio.io/v1beta1
      kind: VirtualService
      metadata:
        name: orders
        namespace: shop
        annotations:
          tsb.tetrate.io/organization: acme
          tsb.tetrate.io/tenant: t
          tsb.tetrate.io/workspace: w
          tsb.tetrate.io/trafficGroup: tg
      spec: {hosts: [orders], http: [{route: [{destination: {host: orders}}]}]}
      ---
      apiVersion: gateway.tsb.tetrate.io/v2
      kind: IngressGateway
      metadata: {name: old, organization: acme, tenant: t, workspace: w, group: gg}
      spec:
        workloadSelector: {namespace: shop, labels: {app: old}}
        http:
          - name: shop
            hostname: shop.example.com
            port: 8080
            routing: {rules: [{route: {host: shop/orders}}]}
      """
    ])
    #expect(rows.values.allSatisfy { $0["outcome"] != "refused" })
    let raw = "\(Self.workspace)/trafficgroups/tg/virtualservices/orders"
    #expect(try await object(raw)[["spec", "hosts"]] == ["orders"])
    let gateway = "\(Self.workspace)/gatewaygroups/gg/ingressgateways/old"
    #expect(try await object(gateway)["kind"] == "IngressGateway")
    // A group does not mix: Istio's objects in a bridged group are refused, and the other way round.
    for (file, place) in [
      (
        """
        apiVersion: networking.istio.io/v1beta1
        kind: Gateway
        metadata:
          {name: g, namespace: shop, organization: acme, tenant: t, workspace: w, group: gg}
        spec: {}
        """, "\(Self.workspace)/gatewaygroups/gg/gateways/g"
      ),
      (
        """
        apiVersion: traffic.tsb.tetrate.io/v2
        kind: ServiceRoute
        metadata: {name: r, organization: acme, tenant: t, workspace: w, group: tg}
        spec: {service: shop/orders, subsets: [{name: v1, weight: 100}]}
        """, "\(Self.workspace)/trafficgroups/tg/serviceroutes/r"
      ),
    ] {
      let rows = try await imported(["b.yaml": file], expecting: 1)
      #expect(rows[place]?["outcome"] == "refused")
    }
  }
}
