import Blueprints
import Documents

/// What a gateway sends to the gateways of other clusters: for each of them a host of its own, which
/// others do not see, because they may see the host name elsewhere.
struct HostCopies {
  let plan: GatewayPlan
  /// The name of Istio's Gateway.
  let gateway: String
  let hostname: String
  let mesh: Mesh
  /// What the hosts take.
  let traffic: Traffic
  /// By cluster, once for all rules.
  private var written: Set<String> = []

  enum Traffic {
    case requests
    /// What comes to a port for connections.
    case connections(port: Int, withTLS: Bool)
  }

  init(of plan: GatewayPlan, gateway: String, hostname: String, _ traffic: Traffic, in mesh: Mesh) {
    self.plan = plan
    self.gateway = gateway
    self.hostname = hostname
    self.traffic = traffic
    self.mesh = mesh
  }

  private var key: ItemKey { .gateway(plan.fqn) }

  mutating func shares(of providers: [HostProvider], _ writer: inout Writer) -> Shares {
    var alive: [(provider: HostProvider, host: String)] = []
    for provider in providers where provider.healthy > 0 && provider.weight > 0 {
      if provider.cluster == mesh.site?.cluster {
        writer.warn(
          key,
          "\(hostname): Istio cannot send \(traffic.noun) from a gateway to gateways of this cluster"
        )
        continue
      }
      let entrances = mesh.entrances(to: provider.cluster)
      guard !entrances.isEmpty else { continue }
      let host = "\(label).\(gateway)\(ServerName.copySuffix(of: provider.cluster))"
      alive.append((provider, host))
      write(copyOf: provider, host, entrances, &writer)
    }
    let best = alive.map(\.provider.priority).min()
    for (provider, _) in alive where provider.priority != best {
      writer.warn(
        key,
        "\(hostname): cluster \(provider.cluster) gets nothing while somebody nearer is healthy, and "
          + "takes over only when this is translated again: Istio falls back within a host, not "
          + "between hosts")
    }
    return Shares(
      alive.filter { $0.provider.priority == best }.map { ($0.host, $0.provider.weight) },
      port: MeshPort.hostnames,
      from: Set([key, .site] + providers.map { .peer($0.cluster) }))
  }

  /// What the hosts and objects are called by: the host name, without what only patterns have.
  private var label: String {
    let plain = hostname == "*" ? "any" : KubernetesName.object(hostname)
    return switch traffic {
    case .requests: plain
    case .connections(let port, _): "\(port).\(plain)"
    }
  }

  private mutating func write(
    copyOf provider: HostProvider, _ host: String, _ entrances: [GatewayAddress],
    _ writer: inout Writer
  ) {
    guard written.insert(provider.cluster).inserted else { return }
    let object = KubernetesName.object("\(gateway).\(objectLabel).at.\(provider.cluster)")
    let port = MeshPort.hostnames
    let portName = "\(traffic.protocolName.lowercased())-\(port)"
    let accounts = provider.identities.compactMap { identity -> Document? in
      let parts = identity.split(separator: "/")
      guard parts.count == 2 else { return nil }
      return .string("spiffe://\(provider.trustDomain)/ns/\(parts[0])/sa/\(parts[1])")
    }
    let origins: [ItemKey] = [key, .peer(provider.cluster)]
    let endpoints = entrances.map { entrance -> Document in
      [
        "address": .string(entrance.address),
        "ports": [portName: .integer(Int64(entrance.port))],
        "labels": ["security.istio.io/tlsMode": "istio"],
      ]
    }
    var spec: [String: Document] = [
      "hosts": [.string(host)], "location": "MESH_INTERNAL", "resolution": "STATIC",
      "exportTo": ["."], "endpoints": .list(endpoints),
      "ports": [
        [
          "number": .integer(Int64(port)), "name": .string(portName),
          "protocol": .string(traffic.protocolName),
        ]
      ],
    ]
    if !accounts.isEmpty { spec["subjectAltNames"] = .list(accounts) }
    writer.write(
      IstioObject(.serviceEntry, namespace: plan.namespace, object, from: origins, spec))
    writer.write(
      IstioObject(
        .destinationRule, namespace: plan.namespace, object, from: origins,
        [
          "host": .string(host), "exportTo": ["."],
          "trafficPolicy": [
            "tls": ["mode": "ISTIO_MUTUAL", "sni": .string(serverName(for: provider))]
          ],
        ]))
  }

  private var objectLabel: String {
    switch traffic {
    case .requests: hostname
    case .connections(let port, _): "\(port).\(hostname)"
    }
  }

  private func serverName(for provider: HostProvider) -> String {
    switch traffic {
    case .requests: ServerName.copy(ofHostname: hostname, in: provider.cluster)
    case .connections(let port, let withTLS):
      ServerName.copy(
        ofHostname: hostname, port: provider.port ?? port, withTLS: withTLS, in: provider.cluster)
    }
  }
}

extension HostCopies.Traffic {
  fileprivate var noun: String {
    switch self {
    case .requests: "requests"
    case .connections: "connections"
    }
  }

  fileprivate var protocolName: String {
    switch self {
    case .requests: "HTTP"
    case .connections: "TCP"
    }
  }
}
