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
    spec: {deletionProtectionEnabled: true}
    """

  static let tenant = """
    apiVersion: api.rialto.mesh/v2
    kind: Tenant
    metadata: {name: web, organization: acme, labels: {team: web}}
    spec: {deletionProtectionEnabled: true}
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
    """

  static let workspace = """
    apiVersion: api.rialto.mesh/v2
    kind: Workspace
    metadata: {name: shop, organization: acme, tenant: web}
    spec:
      namespaceSelector: {names: ["*/shop", "east/pay*"]}
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
      deletionProtectionEnabled: true
    """
  }

  static let trafficSetting = """
    apiVersion: traffic.rialto.mesh/v2
    kind: TrafficSetting
    metadata: {name: defaults, \(place), group: all}
    spec:
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
    """

  static let all = [
    organization, organizationSetting, tenant, cluster, workspace, workspaceSetting,
    group("traffic"), group("security"),
    group("gateway"), trafficSetting, oldTrafficSetting, serviceRoute, securitySetting,
    customSecuritySetting, gateway,
  ]
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
