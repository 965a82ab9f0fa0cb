import Blueprints
import Documents
import EnvoyConfig
import Foundation
import Identity
import TestSupport

/// Two clusters, `west` with workloads, a caller and a gateway as the translator configures them,
/// and `east`, whose authority's key is stolen. Everything is one stock Envoy on loopback addresses
/// of its own, the forged servers included.
struct ImpersonationBed {
  /// Which server is behind the service `s<number>`, and who it should be.
  struct Server {
    var forgery: Forgery?
    /// Whether the service is provided in both clusters, so that both trust domains are believed.
    var isShared: Bool
    var chain: [[UInt8]]
    var key: PrivateKey
  }

  static let web = "spiffe://west.acme.mesh/ns/storefront/sa/web"
  static let orders = "spiffe://west.acme.mesh/ns/shop/sa/orders"
  static let thief = "spiffe://east.acme.mesh/ns/shop/sa/thief"
  static let eastOrders = "spiffe://east.acme.mesh/ns/shop/sa/orders"

  let west: CertificateAuthority
  let east: CertificateAuthority
  /// What the mesh believes of `east`: its authority, or in the control a twin that may name anybody.
  let believed: Forger.Issuer
  private(set) var servers: [Server] = []
  private let network = (0..<2).map { _ in Int.random(in: 1...254) }
  private let applicationPort = Int.random(in: 20_000...32_000)
  /// Gateways listen on every address.
  let gatewayPort = Int.random(in: 10_000...19_000)

  init(isConstrained: Bool) throws {
    west = try .cluster(trustDomain: "west.acme.mesh", key: PrivateKey(), now: Date())
    east = try .cluster(trustDomain: "east.acme.mesh", key: PrivateKey(), now: Date())
    believed =
      isConstrained ? Forger.Issuer(east) : try Forger.twin(of: Forger.Issuer(east))
    for isShared in [false, true] {
      for forgery in Forgery.allCases {
        let (chain, key) = try forge(forgery, as: Self.orders)
        servers.append(Server(forgery: forgery, isShared: isShared, chain: chain, key: key))
      }
      let honest = Forger(authority: west, uris: [Self.orders])
      servers.append(
        Server(forgery: nil, isShared: isShared, chain: try honest.chain(), key: honest.key))
    }
    let other = Forger(issuer: believed, uris: [Self.eastOrders])
    servers.append(
      Server(forgery: nil, isShared: true, chain: try other.chain(), key: other.key))
  }

  func forge(_ forgery: Forgery, as other: String) throws -> (chain: [[UInt8]], key: PrivateKey) {
    try forgery.make(stolen: believed, own: Self.thief, other: other)
  }

  // MARK: Places

  func address(_ last: Int) -> String { "127.\(network[0]).\(network[1]).\(last)" }
  /// Workloads of a namespace that only `web` may call, by HTTP and by TCP, and of an open one.
  var guarded: String { "https://\(address(1)):8080/" }
  var guardedTCP: String { "https://\(address(1)):9090/" }
  var open: String { "https://\(address(2)):8081/" }
  var administration: String { address(9) }
  func caller(_ server: Int) -> String { "http://\(address(3)):\(port(server))/" }
  var gateway: String { "http://\(address(3)):\(gatewayPort)/" }
  func hostName(_ server: Int) -> String { "s\(server).example.com" }
  private func port(_ server: Int) -> Int { 7100 + server }

  // MARK: Configuration

  func bootstrap() throws -> Document {
    let workload = Forger(authority: west, uris: [Self.web])
    let bootstrap = try StaticBootstrap(
      merged(),
      secrets: [
        [
          "name": "workload",
          "tls_certificate": try Self.certificate(workload.chain(), workload.key),
        ]
      ])
    guard case .object(var members) = bootstrap.document,
      case .object(var resources)? = members["static_resources"]
    else { return bootstrap.document }
    var listeners = resources["listeners"]?.list ?? []
    for (number, server) in servers.enumerated() {
      listeners.append(
        try answering(
          "server_\(number)", address(4), port(number),
          certificate: Self.certificate(server.chain, server.key)))
    }
    listeners.append(try answering("application", "127.0.0.1", applicationPort, certificate: nil))
    resources["listeners"] = .list(listeners)
    members["static_resources"] = .object(resources)
    return .object(members)
  }

  /// What each proxy gets, put together.
  private func merged() throws -> [EnvoyResource] {
    var all: [EnvoyResourceName: EnvoyResource] = [:]
    for profile in profiles {
      for resource in EnvoyConfig.snapshot(items: items, endpoints: endpoints, profile: profile) {
        all[resource.name] = resource
      }
    }
    return all.values.sorted { $0.name < $1.name }
  }

  private var profiles: [ProxyProfile] {
    [
      workload("shop", at: address(1), [(8080, "http"), (9090, "tcp")]),
      workload("lobby", at: address(2), [(8081, "http")]),
      ProxyProfile(
        role: .sidecar, namespace: "storefront", serviceAccount: "web",
        capture: .bind(address: address(3)),
        upstreams: servers.indices.map {
          ExplicitUpstream(
            host: "s\($0).shop.mesh", port: port($0), listenAddress: address(3),
            listenPort: port($0))
        }),
      ProxyProfile(
        role: .ingress, namespace: "gateways", serviceAccount: "ingress",
        capture: .bind(address: address(3))),
    ]
  }

  private func workload(
    _ namespace: String, at address: String, _ ports: [(Int, String)]
  ) -> ProxyProfile {
    ProxyProfile(
      role: .sidecar, namespace: namespace, serviceAccount: "orders",
      ports: ports.map {
        InboundPort(
          number: $0.0, name: $0.1, protocolName: $0.1, applicationPort: applicationPort)
      },
      capture: .bind(address: address))
  }

  private var items: [ItemKey: BlueprintItem] {
    let authorities = { (der: [UInt8]) in [Data(der).base64EncodedString()] }
    var items: [BlueprintItem] = [
      .site(
        SitePlan(
          organization: "acme", cluster: "west", trustDomain: "west.acme.mesh", network: "west")),
      .trust(
        TrustPlan(bundles: [
          "west.acme.mesh": authorities(west.certificate),
          "east.acme.mesh": authorities(believed.certificate),
        ])),
      namespace(
        "shop",
        .rules(
          deny: [],
          allow: [
            AuthorizationRule(
              name: "web",
              principals: [
                .serviceAccount(
                  trustDomain: "west.acme.mesh", namespace: "storefront", name: "web")
              ])
          ])),
      namespace("lobby", .open), namespace("storefront", .open), namespace("gateways", .open),
      .gateway(
        GatewayPlan(
          fqn: "organizations/acme/gateways/ingress", namespace: "gateways", labels: [:],
          servers: servers.indices.map {
            GatewayServer(
              name: "s\($0)", hostname: hostName($0), port: gatewayPort, tls: .none,
              rules: [
                GatewayRule(
                  matches: [],
                  action: .route(
                    host: "s\($0).shop.mesh", port: nil, rewritePath: nil, rewriteAuthority: nil))
              ])
          })),
    ]
    items += servers.enumerated().map { number, server in
      .service(
        ServicePlan(
          namespace: "shop", name: "s\(number)", host: "s\(number).shop.mesh",
          address: "240.240.1.\(number)",
          ports: [PlannedPort(number: port(number), name: "http", protocolName: .http)],
          providers: (server.isShared ? ["east", "west"] : ["west"]).map {
            ServiceProvider(
              cluster: $0, trustDomain: "\($0).acme.mesh", serviceAccounts: ["orders"])
          }))
    }
    return Dictionary(uniqueKeysWithValues: items.map { ($0.key, $0) })
  }

  private func namespace(_ name: String, _ authorization: Authorization) -> BlueprintItem {
    .namespace(
      NamespacePlan(
        namespace: name, workspace: nil, reach: .everything,
        admission: Admission(traffic: .required, authorization: authorization)))
  }

  private var endpoints: [ServiceKey: [LocalEndpoint]] {
    Dictionary(
      uniqueKeysWithValues: servers.indices.map {
        (
          ServiceKey(namespace: "shop", name: "s\($0)"),
          [
            LocalEndpoint(address: address(4), ports: [port($0)], labels: [:], healthy: true)
          ]
        )
      })
  }

  // MARK: What is not ours

  private static func certificate(_ chain: [[UInt8]], _ key: PrivateKey) throws -> Document {
    [
      "certificate_chain": ["inline_string": .string(chain.map(certificatePEM).joined())],
      "private_key": ["inline_string": .string(key.pem)],
    ]
  }

  /// Answers every request, and says who the caller was.
  private func answering(
    _ name: String, _ address: String, _ port: Int, certificate: Document?
  ) throws -> Document {
    let manager =
      "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
      + ".HttpConnectionManager"
    var chain: [String: Document] = [
      "filters": [
        [
          "name": "envoy.filters.network.http_connection_manager",
          "typed_config": [
            "@type": .string(manager), "stat_prefix": .string(name),
            "route_config": [
              "virtual_hosts": [
                [
                  "name": "all", "domains": ["*"],
                  "routes": [
                    [
                      "match": ["prefix": "/"],
                      "direct_response": [
                        "status": 200, "body": ["inline_string": .string("from \(name)")],
                      ],
                    ]
                  ],
                ]
              ]
            ],
            "http_filters": [
              [
                "name": "envoy.filters.http.router",
                "typed_config": [
                  "@type":
                    "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
                ],
              ]
            ],
          ],
        ]
      ]
    ]
    if let certificate {
      chain["transport_socket"] = [
        "name": "envoy.transport_sockets.tls",
        "typed_config": [
          "@type":
            "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
          "common_tls_context": [
            "alpn_protocols": ["h2"], "tls_certificates": [certificate],
          ],
        ],
      ]
    }
    return [
      "name": .string(name),
      "address": [
        "socket_address": ["address": .string(address), "port_value": .integer(Int64(port))]
      ],
      "filter_chains": [.object(chain)],
    ]
  }
}
