import Documents
import Model

@testable import Manifests

/// One manifest per kind that uses every field which is not deprecated, and some more for the rest.
enum Samples {
  static let place = """
    organization: acme, tenant: web, workspace: shop
    """

  static let organization = """
    apiVersion: api.rialto.mesh/v2
    kind: Organization
    metadata: {name: acme, displayName: Acme, description: "The root: ours"}
    spec: {profiles: [organizations/acme/profiles/strict], deletionProtectionEnabled: true}
    """

  static let tenant = """
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: web, organization: acme, labels: {team: web}}
    spec: {profiles: [organizations/acme/profiles/strict], deletionProtectionEnabled: true,
      securityDomain: organizations/acme/securitydomains/cards}
    """

  static let cluster = """
    apiVersion: api.rialto.mesh/v2
    kind: Cluster
    metadata: {name: east, organization: acme}
    spec: {network: lab, trustDomain: east.acme.mesh, labels: {tier: gold}, locality: {region: eu},
      deletionProtectionEnabled: true}
    """

  static let organizationSetting = """
    apiVersion: api.rialto.mesh/v2
    kind: OrganizationSetting
    metadata: {name: defaults, organization: acme}
    spec:
      networkSettings: {networkReachability: {lab: "west-net, wan", wan: ""}}
      failoverSettings: {topologyChoice: LOCALITY}
      defaultSecuritySetting: \(security)
      defaultTrafficSetting: \(traffic)
    """

  static let tenantSetting = """
    apiVersion: api.rialto.mesh/v2
    kind: TenantSetting
    metadata: {name: defaults, organization: acme, tenant: web}
    spec:
      defaultSecuritySetting: \(security)
      defaultTrafficSetting: \(traffic)
    """

  static let oldTenantSetting = """
    apiVersion: api.tsb.tetrate.io/v2
    kind: TenantSetting
    metadata: {name: defaults, organization: acme, tenant: web}
    spec:
      defaultSecuritySetting: \(oldSecurity)
      defaultTrafficSetting: \(oldTraffic)
    """

  static let oldOrganizationSetting = """
    apiVersion: api.tsb.tetrate.io/v2
    kind: OrganizationSetting
    metadata: {name: defaults, organization: acme}
    spec: {defaultSecuritySetting: \(oldSecurity), defaultTrafficSetting: \(oldTraffic)}
    """

  static let oldWorkspaceSetting = """
    apiVersion: api.tsb.tetrate.io/v2
    kind: WorkspaceSetting
    metadata: {name: defaults, \(place)}
    spec: {defaultSecuritySetting: \(oldSecurity), defaultTrafficSetting: \(oldTraffic)}
    """

  /// A SecuritySetting with everything that takes effect and is not deprecated.
  static let security = """
    {authenticationSettings: {trafficMode: REQUIRED}, propagationStrategy: STRICTER,
          authorization: {mode: RULES, rules: {denyAll: true,
            allow: [{from: {fqn: organizations/acme/tenants/web}, to: {fqn: organizations/acme/tenants/web}}],
            deny: [{from: {fqn: organizations/acme/tenants/a}, to: {fqn: organizations/acme/tenants/web}}]}}}
    """

  static let oldSecurity = """
    {authentication: OPTIONAL, authorization: {mode: CUSTOM, serviceAccounts: [shop/web, ./*]}}
    """

  private static let upstreams = """
    [{hosts: [orders.shop.mesh], settings: {resilience: {connectionPool: {http: {
            requestTimeout: 9s, retries: {attempts: 3, perTryTimeout: 250ms, retryOn: reset}}}}}}]
    """

  private static let outbound = """
    {reachability: {mode: CUSTOM, hosts: [./*]}, upstreamTrafficSettings: \(upstreams)}
    """

  static let traffic = """
    {inbound: {failoverSettings: {topologyChoice: NONE}}, outbound: \(outbound)}
    """

  static let oldTraffic = """
    {reachability: {mode: CUSTOM, hosts: [./*]}, upstreamTrafficSettings: \(upstreams),
          resilience: {httpRequestTimeout: 10s,
            httpRetries: {attempts: 3, perTryTimeout: 1s, retryOn: reset}}}
    """

  static let serviceTrafficSetting = """
    apiVersion: traffic.rialto.mesh/v2
    kind: ServiceTrafficSetting
    metadata: {name: orders, \(place), group: all}
    spec: {service: shop/orders, settings: \(traffic)}
    """

  static let oldServiceTrafficSetting = """
    apiVersion: traffic.rialto.mesh/v2
    kind: ServiceTrafficSetting
    metadata: {name: orders, \(place), group: all}
    spec: {service: shop/orders, settings: \(oldTraffic)}
    """

  static let serviceSecuritySetting = """
    apiVersion: security.rialto.mesh/v2
    kind: ServiceSecuritySetting
    metadata: {name: orders, \(place), group: all}
    spec: {service: shop/orders, settings: \(security), subsets: [{name: v1, settings: \(security)}]}
    """

  static let oldServiceSecuritySetting = """
    apiVersion: security.rialto.mesh/v2
    kind: ServiceSecuritySetting
    metadata: {name: orders, \(place), group: all}
    spec:
      service: shop/orders
      settings: \(oldSecurity)
      subsets: [{name: v1, settings: \(oldSecurity)}]
    """

  static let profiles = ["", ", tenant: web", ", tenant: web, workspace: shop"].flatMap { parents in
    ["traffic: \(traffic)", "trafficSettings: \(oldTraffic)", "trafficSettings: \(traffic)"].map {
      traffic in
      let part = """
        {authenticationSettings: {trafficMode: REQUIRED}, unsetFields: [traffic.outbound.egress],
              \(traffic)}
        """
      return """
        apiVersion: profile.rialto.mesh/v2
        kind: Profile
        metadata: {name: strict, organization: acme\(parents)}
        spec: {defaults: \(part), mandates: \(part), deletionProtectionEnabled: true}
        """
    }
  }

  static let ingressGateway = """
    apiVersion: gateway.tsb.tetrate.io/v2
    kind: IngressGateway
    metadata: {name: front, \(place), group: all}
    spec:
      workloadSelector: {namespace: shop, labels: {app: ingress}}
      http:
      - name: plain
        hostname: shop.example.com
        port: 80
        tls: {mode: MUTUAL, files: {serverCertificate: /etc/a.pem, privateKey: /etc/a.key, caCertificates: /etc/ca.pem}}
        routing:
          rules:
          - match: [{uri: {prefix: /old}, headers: {x-old: {exact: "1"}}}, {uri: {exact: /older}}]
            redirect: {scheme: http, authority: shop.example.com, port: 8443, uri: /new, redirectCode: 308}
          - match: [{uri: {regex: "/[a-z]+"}, headers: {x-a: {prefix: a}, x-b: {regex: b+}}}]
            directResponse: {status: 404, body: {string: nothing}}
          - route: {host: shop/web.shop.svc.cluster.local, port: 8080}
            modify: {rewrite: {uri: /api, authority: web.internal}}
            timeout: 3s
      tlsPassthrough:
      - {name: db, hostname: db.example.com, port: 443, route: {host: shop/db, port: 5432}}
      tcp:
      - name: cache
        hostname: cache.example.com
        port: 6379
        tls: {mode: MUTUAL, files: {serverCertificate: /etc/a.pem, privateKey: /etc/a.key, caCertificates: /etc/ca.pem}}
        route: {host: shop/cache, port: 6379}
    """

  static let tier1Gateway = """
    apiVersion: gateway.tsb.tetrate.io/v2
    kind: Tier1Gateway
    metadata: {name: edge, \(place), group: all}
    spec:
      workloadSelector: {namespace: edge, labels: {app: edge}}
      externalServers:
      - name: shop
        hostname: shop.example.com
        port: 443
        tls: {mode: MUTUAL, files: {serverCertificate: /etc/a.pem, privateKey: /etc/a.key, caCertificates: /etc/ca.pem}}
        clusters: [{name: east, weight: 80}, {labels: {tier: gold}, weight: 20}]
      - name: old
        hostname: old.example.com
        port: 80
        redirect: {scheme: http, authority: shop.example.com, port: 8443, uri: /new, redirectCode: 308}
      passthroughServers:
      - name: db
        hostname: db.example.com
        port: 443
        clusters: [{name: east, weight: 80}, {labels: {tier: gold}, weight: 20}]
      tcpExternalServers:
      - name: cache
        hostname: cache.example.com
        port: 6379
        tls: {mode: MUTUAL, files: {serverCertificate: /etc/a.pem, privateKey: /etc/a.key, caCertificates: /etc/ca.pem}}
        clusters: [{name: east, weight: 80}, {labels: {tier: gold}, weight: 20}]
    """

  static let installGatewayTemplate = """
    apiVersion: gateway.rialto.mesh/v2
    kind: InstallGatewayTemplate
    metadata: {name: every, organization: acme}
    spec: {gatewaySpec: {type: EASTWEST}, allClustersSelector: true, deletionProtectionEnabled: true}
    """

  static let oidc = """
    apiVersion: api.rialto.mesh/v2
    kind: OIDC
    metadata: {name: company, organization: acme}
    spec:
      secret: c2VjcmV0
      config:
        clientId: rialto
        redirectUri: https://rialto.example.com/callback
        providerConfig: {dynamic: {configurationUri: https://id.example.com}}
      deletionProtectionEnabled: true
    """

  static let istioInternalGroup = """
    apiVersion: istiointernal.rialto.mesh/v2
    kind: Group
    metadata: {name: all, \(place)}
    spec: {namespaceSelector: {names: ["*/shop"]}, deletionProtectionEnabled: true}
    """

  static let tenantAccess = """
    apiVersion: rbac.tsb.tetrate.io/v2
    kind: AccessBindings
    metadata: {fqn: organizations/acme/tenants/web}
    spec: {allow: [{role: rbac/admin, subjects: [{team: organizations/acme/teams/web}]}]}
    """

  static let virtualService = """
    apiVersion: networking.istio.io/v1beta1
    kind: VirtualService
    metadata: {name: orders, namespace: shop, organization: acme, tenant: web, workspace: shop, trafficGroup: all}
    spec: {hosts: [orders], http: [{route: [{destination: {host: orders}}]}]}
    """

  static let workspaceSetting = """
    apiVersion: api.rialto.mesh/v2
    kind: WorkspaceSetting
    metadata: {name: defaults, \(place)}
    spec:
      defaultEastWestGatewaySettings:
      - workloadSelector: {namespace: gateways, labels: {app: east-west}}
        exposedServices:
        - serviceLabels: {exposed: "yes"}
      failoverSettings: {topologyChoice: LOCALITY}
      defaultSecuritySetting: \(security)
      defaultTrafficSetting: \(traffic)
    """

  static let workspace = """
    apiVersion: api.rialto.mesh/v2
    kind: Workspace
    metadata: {name: shop, organization: acme, tenant: web}
    spec:
      namespaceSelector: {names: ["*/shop", "east/pay*"]}
      profiles: [organizations/acme/profiles/strict]
      securityDomain: organizations/acme/securitydomains/cards
      deletionProtectionEnabled: true
    """

  static func group(_ type: String, name: String = "all", selects: String = "\"*/shop\"") -> String
  {
    """
    apiVersion: \(type).rialto.mesh/v2
    kind: Group
    metadata: {name: \(name), \(place)}
    spec:
      namespaceSelector: {names: [\(selects)]}
      configMode: DIRECT
      profiles: [organizations/acme/profiles/strict]
      deletionProtectionEnabled: true
      \(type == "security" ? "securityDomain: organizations/acme/securitydomains/cards" : "")
    """
  }

  static let trafficSetting = """
    apiVersion: traffic.rialto.mesh/v2
    kind: TrafficSetting
    metadata: {name: defaults, \(place), group: all}
    spec:
      inbound: {failoverSettings: {topologyChoice: NONE}}
      outbound:
        reachability: {mode: CUSTOM, hosts: [./*, shop/orders, "*/payments"]}
        upstreamTrafficSettings:
        - hosts: [orders.shop.mesh, "*.shop.mesh"]
          settings:
            resilience:
              connectionPool:
                http:
                  requestTimeout: 1.5s
                  retries: {attempts: 3, perTryTimeout: 250ms, retryOn: reset}
    """

  static let oldTrafficSetting = """
    apiVersion: traffic.tsb.tetrate.io/v2
    kind: TrafficSetting
    metadata: {name: defaults, \(place), group: all}
    spec:
      reachability: {mode: CUSTOM, hosts: [./*]}
      upstreamTrafficSettings:
      - hosts: ["*"]
        settings: {resilience: {connectionPool: {http: {requestTimeout: 9s, retries: {
          attempts: 3, perTryTimeout: 250ms, retryOn: reset}}}}}
      resilience:
        httpRequestTimeout: 10s
        httpRetries: {attempts: 3, perTryTimeout: 1s, retryOn: reset}
    """

  static let serviceRoute = """
    apiVersion: traffic.rialto.mesh/v2
    kind: ServiceRoute
    metadata: {name: orders, \(place), group: all}
    spec:
      service: shop/orders.shop.mesh
      subsets:
      - {name: v1, labels: {version: v1}, weight: 90}
      - {name: v2, labels: {version: v2}, weight: 10}
      httpRoutes:
      - name: testers
        match:
        - {name: tester, uri: {prefix: /orders}, headers: {X-Tester: {exact: "yes"}}, port: 8080}
        - uri: {exact: /new}
          headers: {x-a: {prefix: a}, x-b: {regex: "[0-9]+"}}
        - uri: {regex: "/v[0-9]/.*"}
        destination:
        - {subset: v2, port: 8080, weight: 50}
        - {destinationHost: shop/other, weight: 50}
    """

  static let securitySetting = """
    apiVersion: security.rialto.mesh/v2
    kind: SecuritySetting
    metadata: {name: defaults, \(place), group: all}
    spec:
      authenticationSettings: {trafficMode: REQUIRED}
      propagationStrategy: STRICTER
      authorization:
        mode: RULES
        rules:
          allow:
          - from: {fqn: organizations/acme/tenants/web/workspaces/shop}
            to: {fqn: organizations/acme/tenants/web/workspaces/shop/securitygroups/all}
          deny:
          - from: {fqn: organizations/acme/tenants/other}
            to: {fqn: organizations/acme/tenants/web/workspaces/shop}
          denyAll: true
    """

  static let customSecuritySetting = """
    apiVersion: security.rialto.mesh/v2
    kind: SecuritySetting
    metadata: {name: defaults, \(place), group: all}
    spec:
      authentication: OPTIONAL
      authorization: {mode: CUSTOM, serviceAccounts: [shop/web, ./*]}
    """

  static let gateway = """
    apiVersion: gateway.rialto.mesh/v2
    kind: Gateway
    metadata: {name: front, \(place), group: all}
    spec:
      workloadSelector: {namespace: shop, labels: {app: ingress}}
      http:
      - name: plain
        hostname: shop.example.com
        port: 80
        routing:
          rules:
          - match: [{uri: {prefix: /old}, headers: {x-old: {exact: "1"}}}, {uri: {exact: /older}}]
            redirect: {scheme: http, authority: shop.example.com, port: 8443, uri: /new, redirectCode: 308}
          - match: [{uri: {regex: "/[a-z]+"}, headers: {x-a: {prefix: a}, x-b: {regex: b+}}}]
            directResponse: {status: 404, body: {string: nothing}}
          - route: {serviceDestination: {host: shop/web.shop.mesh, port: 8080}}
            modify: {rewrite: {uri: /api, authority: web.internal}}
            timeout: 3s
      - name: secure
        hostname: shop.example.com
        port: 443
        tls:
          mode: MUTUAL
          files: {serverCertificate: /etc/a.pem, privateKey: /etc/a.key, caCertificates: /etc/ca.pem}
        routing: {rules: [{route: {serviceDestination: {host: shop/web}}}]}
      - name: away
        hostname: away.example.com
        port: 80
        routing:
          rules:
          - route: {clusterDestination: {clusters: [{name: east, weight: 80}, {labels: {tier: gold}, weight: 20}]}}
      tls:
      - name: db
        hostname: db.example.com
        port: 443
        route: {serviceDestination: {host: shop/db, port: 5432}}
      - name: away
        hostname: away.example.com
        port: 444
        route: {clusterDestination: {clusters: [{name: east, weight: 80}, {labels: {tier: gold}, weight: 20}]}}
      tcp:
      - name: cache
        hostname: cache.example.com
        port: 6379
        tls:
          mode: MUTUAL
          files: {serverCertificate: /etc/a.pem, privateKey: /etc/a.key, caCertificates: /etc/ca.pem}
        route: {serviceDestination: {host: shop/cache, port: 6379}}
      - name: away
        hostname: away.example.com
        port: 6380
        route: {clusterDestination: {clusters: [{name: east, weight: 80}, {labels: {tier: gold}, weight: 20}]}}
    """

  static let all: [String] =
    [
      organization, organizationSetting, tenant, cluster, workspace, workspaceSetting,
      group("traffic"), group("security"),
      group("gateway"), trafficSetting, oldTrafficSetting, serviceRoute, securitySetting,
      customSecuritySetting, gateway, tenantSetting, oldTenantSetting, oldOrganizationSetting,
      oldWorkspaceSetting, serviceTrafficSetting, oldServiceTrafficSetting, serviceSecuritySetting,
      oldServiceSecuritySetting, ingressGateway, tier1Gateway, installGatewayTemplate, oidc,
      istioInternalGroup, tenantAccess, virtualService,
    ] + profiles
}

/// The only manifest of a text that is right.
func manifest(_ text: String) throws -> Manifest {
  let read = Manifests.read(Array(text.utf8), file: "x.yaml")
  let errors = read.diagnostics.filter { $0.severity == .error }.map(\.text)
  guard errors.isEmpty, read.value.count == 1, let first = read.value.first else {
    throw Unexpected(errors: errors)
  }
  return first
}

struct Unexpected: Error {
  let errors: [String]
}

/// What is wrong with a text, one line each.
func problems(_ text: String, format: TextFormatName = .yaml) -> [String] {
  Manifests.read(Array(text.utf8), file: "x.yaml", format: format).diagnostics.map(\.text)
}
