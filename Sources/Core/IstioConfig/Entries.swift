import Blueprints
import Documents

// A service is a ServiceEntry with its own name and address for the instances here, and one per other
// cluster that provides it: the handshake asks for one host of one cluster, and in Istio that name
// belongs to the host.

extension Mesh {
  func writeEntries(of service: ServicePlan, _ writer: inout Writer) {
    writer.write(
      IstioObject(
        .serviceEntry, namespace: service.namespace, KubernetesName.object(service.name),
        from: [service.key],
        service.entry(
          host: service.host,
          [
            "workloadSelector": service.instanceSelector,
            // Without one Istio gives it an address of its own.
            "addresses": service.address.isEmpty ? nil : [.string(service.address)],
          ])))
    let policy: [String: Document]? =
      service.callers == .always ? ["tls": ["mode": "ISTIO_MUTUAL"]] : nil
    writeRule(of: service, service.name, host: service.host, policy, &writer)
    if service.isExposed { writeExposure(of: service, &writer) }
    for provider in service.providers { writeCopy(of: service, in: provider, &writer) }
  }

  /// The instances here under the name by which other clusters ask for them.
  private func writeExposure(of service: ServicePlan, _ writer: inout Writer) {
    guard let cluster = site?.cluster else { return }
    let host = service.copyHost(in: cluster)
    let name = "\(service.name).at.\(cluster)"
    writer.write(
      IstioObject(
        .serviceEntry, namespace: service.namespace, KubernetesName.object(name),
        from: [service.key, .site],
        service.entry(host: host, ["workloadSelector": service.instanceSelector])))
    writeRule(of: service, name, host: host, nil, from: [.site], &writer)
    for (port, subset) in service.namedShares
    where istioServerName(of: host, port: port.number, subset: subset?.istioName)
      != ServerName.copy(
        of: service.host, port: port.number, subset: subset?.name, in: cluster)
    {
      let what = subset.map { "subset \($0.name) on port \(port.number)" } ?? "port \(port.number)"
      writer.warn(
        service.key,
        "\(what) is not there for other clusters: Istio has no name for it that they ask for")
    }
  }

  /// What another cluster has of a service, behind its gateways.
  private func writeCopy(
    of service: ServicePlan, in provider: ServiceProvider, _ writer: inout Writer
  ) {
    guard provider.remote != nil else { return }
    let entrances = entrances(to: provider.cluster)
    guard !entrances.isEmpty else { return }
    let origins: [ItemKey] = [service.key, .peer(provider.cluster)]
    let host = service.copyHost(in: provider.cluster)
    let name = KubernetesName.object("\(service.name).at.\(provider.cluster)")
    let accounts = provider.serviceAccounts.map { account in
      Document.string("spiffe://\(provider.trustDomain)/ns/\(service.namespace)/sa/\(account)")
    }
    writer.write(
      IstioObject(
        .serviceEntry, namespace: service.namespace, name, from: origins,
        service.entry(
          host: host,
          [
            "endpoints": .list(entrances.map { service.endpoint($0) }),
            // Without any, whoever is of the mesh would do.
            "subjectAltNames": accounts.isEmpty ? nil : .list(accounts),
          ])))
    var policy: [String: Document] = ["tls": ["mode": "ISTIO_MUTUAL"]]
    policy["portLevelSettings"] = service.serverNames(in: provider.cluster, subset: nil)
    var rule: [String: Document] = ["host": .string(host), "trafficPolicy": .object(policy)]
    // Without labels: which instances are meant is for the gateways there to say.
    let subsets = service.subsets.map { subset -> Document in
      var member: [String: Document] = ["name": .string(subset.istioName)]
      if let ports = service.serverNames(in: provider.cluster, subset: subset) {
        member["trafficPolicy"] = ["portLevelSettings": ports]
      }
      return .object(member)
    }
    if !subsets.isEmpty { rule["subsets"] = .list(subsets) }
    writer.write(
      IstioObject(.destinationRule, namespace: service.namespace, name, from: origins, rule))
  }

  /// The subsets of the instances here, where there is anything to say.
  private func writeRule(
    of service: ServicePlan, _ name: String, host: String, _ policy: [String: Document]?,
    from origins: [ItemKey] = [], _ writer: inout Writer
  ) {
    guard policy != nil || !service.subsets.isEmpty else { return }
    var rule: [String: Document] = ["host": .string(host)]
    if let policy { rule["trafficPolicy"] = .object(policy) }
    if !service.subsets.isEmpty {
      rule["subsets"] = .list(
        service.subsets.map {
          ["name": .string($0.istioName), "labels": .object($0.labels.mapValues { .string($0) })]
        })
    }
    writer.write(
      IstioObject(
        .destinationRule, namespace: service.namespace, KubernetesName.object(name),
        from: [service.key] + origins, rule))
  }
}

extension ServicePlan {
  /// The pods and machines that are instances of this service.
  fileprivate var instanceSelector: Document {
    ["labels": ["service.istio.io/canonical-name": .string(name)]]
  }

  fileprivate func entry(host: String, _ rest: [String: Document?]) -> [String: Document] {
    var entry = rest.compactMapValues { $0 }
    entry["hosts"] = [.string(host)]
    entry["location"] = "MESH_INTERNAL"
    entry["resolution"] = "STATIC"
    entry["ports"] = .list(
      ports.map {
        [
          "number": .integer(Int64($0.number)), "name": .string($0.istioName),
          "protocol": .string($0.protocolName.istioName),
        ]
      })
    return entry
  }

  fileprivate func endpoint(_ gateway: GatewayAddress) -> Document {
    let ports = ports.map { ($0.istioName, Document.integer(Int64(gateway.port))) }
    return [
      "address": .string(gateway.address),
      "ports": .object(Dictionary(ports) { first, _ in first }),
      // Without it Istio takes whoever is there for somebody without a proxy.
      "labels": ["security.istio.io/tlsMode": "istio"],
    ]
  }

  /// Every port, as a whole and by subset.
  fileprivate var namedShares: [(PlannedPort, PlannedSubset?)] {
    ports.flatMap { port in [(port, nil)] + subsets.map { (port, $0) } }
  }

  /// What the handshakes of a copy have to ask for, where Istio by itself would ask for something
  /// else; nil where it would not.
  fileprivate func serverNames(in cluster: String, subset: PlannedSubset?) -> Document? {
    let differing = ports.compactMap { port -> Document? in
      let wanted = ServerName.copy(
        of: host, port: port.number, subset: subset?.name, in: cluster)
      let own = istioServerName(
        of: copyHost(in: cluster), port: port.number, subset: subset?.istioName)
      guard own != wanted else { return nil }
      return [
        "port": ["number": .integer(Int64(port.number))],
        "tls": ["mode": "ISTIO_MUTUAL", "sni": .string(wanted)],
      ]
    }
    return differing.isEmpty ? nil : .list(differing)
  }
}

extension PlannedSubset {
  var istioName: String { KubernetesName.label(name) }
}

extension PlannedPort {
  /// Unique among the ports of a service, and says the protocol as Istio reads it from names.
  var istioName: String { "\(protocolName.rawValue)-\(number)" }
}

extension PortProtocol {
  fileprivate var istioName: String {
    switch self {
    case .http: "HTTP"
    case .http2: "HTTP2"
    case .grpc: "GRPC"
    case .tcp: "TCP"
    }
  }
}
