import Blueprints
import Compiler
import Documents
import Model
import Testing

/// Where gateways send what comes from outside, when others serve it.
@Suite struct `From outside to other clusters` {
  /// Adds gateways that serve a host in east and west, and one at the edge that forwards it.
  private static func served(_ destinations: [ClusterDestination] = []) -> Bridge {
    served(
      at: gateway("ingress", .service(Bridge.orders, port: nil)),
      from: gateway("edge", .clusters(destinations)))
  }

  private static func served(at sites: Gateway, from outside: Gateway) -> Bridge {
    var bridge = Bridge()
    let everywhere = NamespaceSelector(terms: [.init(cluster: nil, namespace: "*")])
    let group = Bridge.workspace.child(.gatewayGroup, "g")
    bridge.put(group, .group(Group(namespaceSelector: everywhere)))
    bridge.put(group.child(.gateway, "sites"), .gateway(sites))
    for (name, region, labels) in [
      ("east", "eu", ["tier": "gold"]), ("west", "us", ["tier": "gold"]), ("edge", "eu", [:]),
    ] {
      bridge.put(
        Bridge.organization.child(.cluster, name),
        .cluster(
          Cluster(network: "\(name)-net", trustDomain: "", region: region, labels: labels)))
    }
    for (name, address) in [("east", "198.18.0.2"), ("west", "198.18.1.2")] {
      // Not dialled from other clusters: it needs no address for that.
      let ingress = Bridge.gateway("", role: "ingress")
      bridge.update(CompilerChange(gateways: [name: [Bridge.gateway(address), ingress]]))
    }
    bridge.put(edge, .gateway(outside))
    return bridge
  }

  private static let edge = Bridge.workspace.child(.gatewayGroup, "g").child(.gateway, "edge")

  private static func gateway(_ role: String, _ action: HTTPServerAction) -> Gateway {
    Gateway(
      selector: WorkloadSelector(namespace: "gateways", labels: ["app": role]),
      http: [
        HTTPServer(
          name: "s", hostname: "a.example.com", port: 80, tls: .disabled,
          rules: [HTTPServerRule(matches: [], action: action)])
      ])
  }

  private func forwarded(_ bridge: Bridge, in cluster: String = "edge") -> [HostProvider] {
    guard case .gateway(let plan)? = bridge.blueprints[cluster]?[.gateway(Self.edge.fqn)],
      case .forward(let clusters, _, _)? = plan.servers.first?.rules.first?.action
    else { return [] }
    return clusters
  }

  @Test(
    arguments: [
      ([], ["east 1 0", "west 1 1"]), ([ClusterDestination(.name("west"))], ["west 1 0"]),
      (
        [
          ClusterDestination(.name("west"), weight: 20),
          ClusterDestination(.labels(["tier": "gold"]), weight: 80),
        ], ["east 80 0", "west 20 0"]
      ),
      ([ClusterDestination(.labels(["tier": "gold", "x": "y"]))], []),
      ([ClusterDestination(.name("east"), weight: 0)], []),
      ([ClusterDestination(.name("vm"))], []),
    ] as [([ClusterDestination], [String])])
  func `a host goes to the clusters that serve it`(
    destinations: [ClusterDestination], expected: [String]
  ) {
    let found = forwarded(Self.served(destinations))
    #expect(found.map { "\($0.cluster) \($0.weight) \($0.priority)" } == expected)
    #expect(found.allSatisfy { $0.identities == ["gateways/g"] && $0.healthy == 1 })
  }

  @Test func `what is served nowhere, and clusters that do not serve it, are said`() {
    var bridge = Self.served([ClusterDestination(.name("vm")), ClusterDestination(.name("mars"))])
    func found(_ text: String) -> Bool {
      bridge.diagnostics[Self.edge.fqn]?.contains { $0.contains(text) } ?? false
    }
    #expect(found("cluster vm does not serve a.example.com"))
    #expect(found("there is no cluster mars"))
    #expect(found("from cluster edge there is no way"))
    bridge.put(Self.edge, .gateway(Self.gateway("edge", .clusters([]))))
    #expect(!found("a"))
    bridge.reachability(["edge-net": []])
    #expect(found("from cluster edge there is no way"))
    bridge.update(CompilerChange(gateways: ["east": [], "west": []]))
    #expect(found("no other cluster serves a.example.com"))
    #expect(forwarded(bridge) == [])
  }

  @Test func `a service changes nothing at the edge`() {
    var bridge = Self.served()
    let before = bridge.blueprints["edge"]
    bridge.update(CompilerChange(services: ["west": [Bridge.orders: Bridge.service(healthy: 0)]]))
    #expect(bridge.compiler.computedUnits == 1)
    #expect(
      bridge.blueprints["edge"]?.filter { if case .service = $0.key { false } else { true } }
        == before?.filter { if case .service = $0.key { false } else { true } })
  }

  // MARK: Connections from outside

  private static let files = ServerTLS.simple(certificate: "/c", privateKey: "/k")
  private static let database = ServiceName(namespace: "shop", name: "db")

  private static func connection(
    _ entry: ConnectionEntry, port: Int, host: String = "a.example.com",
    to destination: ConnectionDestination
  ) -> ConnectionServer {
    ConnectionServer(
      name: "\(host):\(port)", hostname: host, port: port, entry: entry, destination: destination)
  }

  private static func gateway(_ role: String, _ servers: ConnectionServer...) -> Gateway {
    Gateway(
      selector: WorkloadSelector(namespace: "gateways", labels: ["app": role]), http: [],
      tls: servers.filter { $0.entry == .passthrough },
      tcp: servers.filter { $0.entry != .passthrough })
  }

  private func passed(_ bridge: Bridge) -> [String]? {
    guard case .gateway(let plan)? = bridge.blueprints["edge"]?[.gateway(Self.edge.fqn)],
      case .clusters(let clusters)? = plan.connections.first?.target
    else { return nil }
    return clusters.map { provider in
      "\(provider.cluster) \(provider.weight) \(provider.priority) \(provider.port ?? 0)"
    }
  }

  /// What the edge takes on port 443, and what the sites have for the same host.
  @Test(
    arguments: [
      // TLS goes to whatever takes TLS for the host: on the same port, or on a single other one.
      (.passthrough, [(.passthrough, 443)], 443), (.passthrough, [(.passthrough, 8443)], 8443),
      (.passthrough, [(.passthrough, 8443), (.terminated(files), 443)], 443),
      (.passthrough, [(.passthrough, 8443), (.passthrough, 9443)], nil),
      (.passthrough, [(.terminated(files), 443)], 443),
      (.passthrough, [(.terminated(.disabled), 443)], nil),
      // What is inside of TLS, or without, goes to what takes that.
      (.terminated(files), [(.terminated(files), 443)], 443),
      (.terminated(files), [(.terminated(.disabled), 5432)], 5432),
      (.terminated(.disabled), [(.terminated(.disabled), 443)], 443),
      (.terminated(.disabled), [(.passthrough, 443)], nil),
    ] as [(ConnectionEntry, [(ConnectionEntry, Int)], Int?)])
  func `connections go to the port that takes them`(
    entry: ConnectionEntry, sites: [(ConnectionEntry, Int)], port: Int?
  ) {
    var site = Self.gateway("ingress")
    for (entry, port) in sites {
      let server = Self.connection(entry, port: port, to: .service(Self.database, port: nil))
      if entry == .passthrough { site.tls.append(server) } else { site.tcp.append(server) }
    }
    let bridge = Self.served(
      at: site, from: Self.gateway("edge", Self.connection(entry, port: 443, to: .clusters([]))))
    #expect(passed(bridge) == (port.map { ["east 1 0 \($0)", "west 1 1 \($0)"] } ?? []))
    let isSaid =
      bridge.diagnostics[Self.edge.fqn]?.contains { text in
        text.contains("no other cluster serves a.example.com")
          && text.contains("connections are closed")
      } ?? false
    #expect(isSaid == (port == nil))
  }

  @Test func `TLS goes to sites that serve the host by HTTPS, requests do not go to connections`() {
    var https = Self.gateway("ingress", .service(Bridge.orders, port: nil))
    https.http[0].tls = Self.files
    https.http[0].port = 8443
    let edge = Self.gateway("edge", Self.connection(.passthrough, port: 443, to: .clusters([])))
    #expect(
      passed(Self.served(at: https, from: edge)) == ["east 1 0 8443", "west 1 1 8443"])
    let database = Self.connection(.passthrough, port: 443, to: .service(Self.database, port: nil))
    let requests = Self.served(
      at: Self.gateway("ingress", database), from: Self.gateway("edge", .clusters([])))
    #expect(forwarded(requests) == [])
  }

  @Test(
    arguments: [
      (
        [
          ClusterDestination(.name("west"), weight: 20),
          ClusterDestination(.labels(["tier": "gold"]), weight: 80),
        ], ["east 80 0 443", "west 20 0 443"]
      ),
      ([ClusterDestination(.name("west"))], ["west 1 0 443"]),
      ([ClusterDestination(.name("mars"))], []),
    ] as [([ClusterDestination], [String])])
  func `connections are shared out like requests`(
    destinations: [ClusterDestination], expected: [String]
  ) {
    let site = Self.connection(.passthrough, port: 443, to: .service(Self.database, port: nil))
    let bridge = Self.served(
      at: Self.gateway("ingress", site),
      from: Self.gateway(
        "edge", Self.connection(.passthrough, port: 443, to: .clusters(destinations))))
    #expect(passed(bridge) == expected)
  }

  @Test func `what an older kind of gateway says is said where it is written`() {
    var bridge = Self.served()
    let place = Bridge.workspace.child(.gatewayGroup, "g").child(.tier1Gateway, "old")
    let lost = [ClusterDestination(.name("mars"))]
    var gateway = Self.gateway(
      "edge", Self.connection(.passthrough, port: 443, host: "b.example.com", to: .clusters(lost)),
      Self.connection(.terminated(.disabled), port: 5432, to: .clusters(lost)))
    gateway.http = Self.gateway("edge", .clusters(lost)).http
    gateway.http[0].port = 81
    bridge.put(place, .gateway(gateway))
    for list in ["externalServers", "passthroughServers", "tcpExternalServers"] {
      #expect(
        bridge.diagnostics[place.fqn]?.contains {
          $0.contains("spec.\(list)[0].clusters[0].name: there is no cluster mars")
        } == true, "\(list): \(bridge.diagnostics[place.fqn] ?? [])")
    }
  }
}
