import Documents
import HTTPTypes
import Model
import Testing

/// What holds at a place of the tree, and who says so, as `view=effective` shows it.
@Suite struct `The effective view` {
  private let fixture: ManagementFixture

  init() throws { fixture = try ManagementFixture() }

  private static let settings = """
    apiVersion: api.rialto.mesh/v2
    kind: OrganizationSetting
    metadata: {name: s, organization: acme}
    spec:
      failoverSettings: {topologyChoice: LOCALITY}
      defaultSecuritySetting:
        authenticationSettings: {trafficMode: OPTIONAL}
        authorization: {mode: WORKSPACE}
        propagationStrategy: STRICTER
      defaultTrafficSetting: {outbound: {reachability: {mode: CLUSTER}}}
    ---
    apiVersion: api.rialto.mesh/v2
    kind: TenantSetting
    metadata: {name: s, organization: acme, tenant: t}
    spec:
      defaultSecuritySetting: {authorization: {mode: CLUSTER}}
      defaultTrafficSetting:
        outbound:
          upstreamTrafficSettings:
            - hosts: ["*"]
              settings: {resilience: {connectionPool: {http: {requestTimeout: 1.5s}}}}
    ---
    apiVersion: profile.rialto.mesh/v2
    kind: Profile
    metadata: {name: base, organization: acme}
    spec:
      defaults: {traffic: {inbound: {failoverSettings: {topologyChoice: NONE}}}}
      mandates: {authenticationSettings: {trafficMode: REQUIRED}}
    ---
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: t, organization: acme}
    spec: {profiles: [organizations/acme/profiles/base]}
    ---
    apiVersion: security.rialto.mesh/v2
    kind: Group
    metadata: {name: sg, organization: acme, tenant: t, workspace: w}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    ---
    apiVersion: security.rialto.mesh/v2
    kind: ServiceSecuritySetting
    metadata: {name: orders, organization: acme, tenant: t, workspace: w, group: sg}
    spec:
      service: shop/orders
      settings: {authorization: {mode: NAMESPACE}}
      subsets:
        - name: v2
          settings: {authorization: {mode: CUSTOM, serviceAccounts: [shop/web]}}
    """

  private static let workspace = ManagementFixture.workspace.fqn
  private static let setting = "\(workspace)/securitygroups/sg/servicesettings/orders"

  private func view(_ fqn: String) async throws -> Document {
    try await fixture.apply(ManagementFixture.tree)
    try await fixture.apply(Self.settings)
    let answer = try await Client(fixture: fixture)(.get, "/v2/\(fqn)?view=effective")
    #expect(answer.status == 200)
    // What comes from elsewhere changes without a new revision.
    #expect(answer[header: "ETag"] == nil)
    return try #require(answer.body["effective"])
  }

  private func property(_ path: String, in policy: Document) throws -> Document {
    try #require(policy["properties"]?.list?.first { $0["path"]?.string == path })
  }

  private func sources(_ property: Document) -> [String?] {
    (property["sources"]?.list ?? []).map { $0["fqn"]?.string }
  }

  @Test func `a workspace shows what it inherits, and from whom`() async throws {
    let effective = try await view(Self.workspace)
    let organization = "organizations/acme/settings/s"

    let authorization = try property("authorization", in: effective)
    #expect(authorization["value"] == ["mode": "WORKSPACE"])
    #expect(sources(authorization) == [organization])
    #expect(authorization["stricter"] == true)
    #expect(
      authorization["sources"]?.list?.first?["path"]
        == "spec.defaultSecuritySetting.authorization")

    let traffic = try property("authenticationSettings.trafficMode", in: effective)
    #expect(traffic["value"] == "REQUIRED")
    #expect(traffic["mandated"] == true)
    #expect(sources(traffic) == ["organizations/acme/profiles/base"])
    #expect(
      traffic["sources"]?.list?.first?["attachedTo"] == "organizations/acme/tenants/t")

    let upstreams = try property("outbound.upstreamTrafficSettings", in: effective)
    #expect(sources(upstreams) == ["organizations/acme/tenants/t/settings/s"])
    let reachability = try property("outbound.reachability", in: effective)
    #expect(reachability["value"] == ["mode": "CLUSTER"])

    // A setting beats a profile's default, and says where exactly it is.
    let failover = try property("inbound.failoverSettings", in: effective)
    #expect(failover["value"] == ["topologyChoice": "LOCALITY"])
    #expect(failover["sources"]?.list?.first?["path"] == "spec.failoverSettings")

    #expect(
      effective["securitySetting"]
        == [
          "authenticationSettings": ["trafficMode": "REQUIRED"],
          "authorization": ["mode": "WORKSPACE"],
        ])
    #expect(
      effective["trafficSetting"]?["outbound"]?["upstreamTrafficSettings"]
        == [
          [
            "hosts": ["*"],
            "settings": ["resilience": ["connectionPool": ["http": ["requestTimeout": "1500ms"]]]],
          ]
        ])
  }

  @Test func `where nobody says anything, what is built in holds`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let answer = try await Client(fixture: fixture)(
      .get, "/v2/\(ManagementFixture.organization.fqn)?view=effective")
    let effective = try #require(answer.body["effective"])
    for (path, value) in [
      ("authenticationSettings.trafficMode", "REQUIRED" as Document),
      ("outbound.reachability", ["mode": "WORKSPACE"]), ("authorization", ["mode": "DISABLED"]),
    ] {
      let property = try property(path, in: effective)
      #expect(property["value"] == value)
      #expect(property["builtIn"] == true && sources(property) == [])
    }
  }

  @Test func `a service and its subsets are the end of the chain`() async throws {
    let effective = try await view(Self.setting)
    let authorization = try property("authorization", in: effective)
    #expect(authorization["value"] == ["mode": "NAMESPACE"])
    #expect(sources(authorization) == [Self.setting])
    // Groups of the other type settle the rest.
    #expect(effective.object?.keys.contains("trafficSetting") == false)
    let subset = try #require(effective["subsets"]?.list?.first)
    #expect(subset["name"] == "v2")
    let narrowed = try property("authorization", in: subset)
    #expect(narrowed["value"] == ["mode": "CUSTOM", "serviceAccounts": ["shop/web"]])
    #expect(
      narrowed["sources"]?.list?.first?["path"] == "spec.subsets[0].settings.authorization")
  }

  @Test func `what is kept and does nothing yet is said`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await fixture.apply(
      """
      apiVersion: api.rialto.mesh/v2
      kind: TenantSetting
      metadata: {name: s, organization: acme, tenant: t}
      spec: {defaultTrafficSetting: {outbound: {egress: {host: shop/out.example.com}}}}
      """)
    let answer = try await Client(fixture: fixture)(
      .get, "/v2/\(Self.workspace)?view=effective")
    let egress = try property("outbound.egress", in: try #require(answer.body["effective"]))
    #expect(
      egress["sources"]?.list?.first?["notYetEffective"]
        == ["spec.defaultTrafficSetting.outbound.egress"])
  }

  // MARK: Every kind

  @Test func `a route shows what holds for its service, and what it says itself`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await fixture.apply(Self.settings)
    let group = ManagementFixture.group.fqn
    try await fixture.apply(
      """
      apiVersion: traffic.rialto.mesh/v2
      kind: ServiceRoute
      metadata: {name: orders, organization: acme, tenant: t, workspace: w, group: g}
      spec: {service: shop/orders, subsets: [{name: v1, weight: 100}]}
      ---
      apiVersion: traffic.rialto.mesh/v2
      kind: ServiceTrafficSetting
      metadata: {name: orders, organization: acme, tenant: t, workspace: w, group: g}
      spec:
        service: shop/orders
        settings: {inbound: {failoverSettings: {topologyChoice: NONE}}}
      """)
    let route = "\(group)/serviceroutes/orders"
    let answer = try await Client(fixture: fixture)(.get, "/v2/\(route)?view=effective")
    let effective = try #require(answer.body["effective"])
    // Its own service's setting, the organization's, and the route's own words.
    for (path, source) in [
      ("inbound.failoverSettings", "\(group)/servicesettings/orders"),
      ("outbound.reachability", "organizations/acme/settings/s"), ("subsets", route),
      ("service", route),
    ] {
      #expect(sources(try property(path, in: effective)) == [source], "\(path)")
    }
    #expect(try property("service", in: effective)["sources"]?.list?[0]["path"] == "spec.service")
    // Who may call is settled by groups of the other type.
    #expect(effective.object?.keys.contains("securitySetting") == false)
  }

  private static let gateways = """
    apiVersion: gateway.rialto.mesh/v2
    kind: Group
    metadata: {name: gg, organization: acme, tenant: t, workspace: w}
    spec: {namespaceSelector: {names: ["*/shop"]}}
    ---
    apiVersion: gateway.rialto.mesh/v2
    kind: Gateway
    metadata: {name: edge, organization: acme, tenant: t, workspace: w, group: gg}
    spec:
      workloadSelector: {namespace: shop, labels: {app: edge}}
      http:
        - name: shop
          hostname: shop.example.com
          port: 8080
          routing: {rules: [{directResponse: {status: 200}}]}
    ---
    apiVersion: gateway.rialto.mesh/v2
    kind: IngressGateway
    metadata: {name: old, organization: acme, tenant: t, workspace: w, group: gg}
    spec:
      workloadSelector: {namespace: shop, labels: {app: old}}
      http:
        - name: shop
          hostname: old.example.com
          port: 8080
          routing: {rules: [{route: {host: shop/orders}}]}
    ---
    apiVersion: traffic.rialto.mesh/v2
    kind: TrafficSetting
    metadata: {name: s, organization: acme, tenant: t, workspace: w, group: g}
    spec:
      inbound: {failoverSettings: {topologyChoice: NONE}}
      outbound:
        upstreamTrafficSettings:
          - hosts: ["*"]
            settings: {resilience: {connectionPool: {http: {requestTimeout: 3s}}}}
    """

  @Test(arguments: ["unifiedgateways/edge", "ingressgateways/old"])
  func `a gateway calls as its namespace does, and what is near its workspace says`(
    _ gateway: String
  ) async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await fixture.apply(Self.settings)
    try await fixture.apply(Self.gateways)
    let ref = "\(Self.workspace)/gatewaygroups/gg/\(gateway)"
    let answer = try await Client(fixture: fixture)(.get, "/v2/\(ref)?view=effective")
    let effective = try #require(answer.body["effective"])
    for (path, source) in [
      ("outbound.upstreamTrafficSettings", "\(ManagementFixture.group.fqn)/settings/s"),
      ("inbound.failoverSettings", "organizations/acme/settings/s"), ("http", ref),
      ("workloadSelector", ref),
    ] {
      #expect(sources(try property(path, in: effective)) == [source], "\(path)")
    }
    let group = try await Client(fixture: fixture)(
      .get, "/v2/\(Self.workspace)/gatewaygroups/gg?view=effective")
    let inherited = try property(
      "outbound.upstreamTrafficSettings", in: try #require(group.body["effective"]))
    #expect(sources(inherited) == ["organizations/acme/tenants/t/settings/s"])
  }

  @Test func `the topmost security domain holds`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let domain = "organizations/acme/securitydomains/payments"
    try await fixture.apply(
      """
      apiVersion: api.rialto.mesh/v2
      kind: Tenant
      metadata: {name: t, organization: acme}
      spec: {securityDomain: \(domain)}
      """)
    let answer = try await Client(fixture: fixture)(.get, "/v2/\(Self.workspace)?view=effective")
    let property = try property("securityDomain", in: try #require(answer.body["effective"]))
    #expect(property["value"] == .string(domain))
    #expect(sources(property) == [ManagementFixture.tenant.fqn])
  }

  @Test func `of kinds that inherit nothing, every property comes from the object`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    try await fixture.apply(
      """
      apiVersion: api.rialto.mesh/v2
      kind: OIDC
      metadata: {name: company, organization: acme}
      spec:
        secret: aHVzaA==
        config:
          clientId: rialto
          redirectUri: https://rialto.example.com/callback
          providerConfig: {dynamic: {configurationUri: https://id.example.com}}
      """)
    let client = Client(fixture: fixture)
    let cluster = ManagementFixture.cluster.fqn
    let answer = try await client(.get, "/v2/\(cluster)?view=effective")
    let effective = try #require(answer.body["effective"])
    #expect(answer.status == 200 && answer.body["kind"] == "Cluster")
    let network = try property("network", in: effective)
    #expect(network["value"] == "lan" && sources(network) == [cluster])
    #expect(network["sources"]?.list?.first?["path"] == "spec.network")

    let provider = try await client(.get, "/v2/organizations/acme/oidcs/company?view=effective")
    let secret = try property("secret", in: try #require(provider.body["effective"]))
    #expect(secret["value"] == "(redacted)")
  }

  @Test func `lists have no such view, and what is not there is missing`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let client = Client(fixture: fixture)
    for target in [
      "/v2/\(Self.workspace)?view=everything", "/v2/organizations/acme/tenants?view=effective",
    ] {
      let answer = try await client(.get, target)
      #expect(answer.status == 400)
      #expect(answer.body["code"] == "RL2400")
    }
    let list = try await client(.get, "/v2/organizations/acme/tenants?view=effective")
    #expect(list.body["detail"]?.string?.contains("effective is for one object") == true)
    let missing = try await client(.get, "/v2/organizations/acme/tenants/no?view=effective")
    #expect(missing.status == 404)
  }

  @Test func `a part of it can be asked for`() async throws {
    try await fixture.apply(ManagementFixture.tree)
    let answer = try await Client(fixture: fixture)(
      .get, "/v2/\(Self.workspace)?view=effective&fields=effective.securitySetting")
    #expect(
      answer.body["effective"]?["securitySetting"]?["authorization"] == ["mode": "DISABLED"])
    #expect(answer.body.object?.keys.sorted() == ["effective"])
  }
}
