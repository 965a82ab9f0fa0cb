import Blueprints
import Documents

// What holds for the workloads of a namespace.

extension Mesh {
  /// The services that they may call. What routes send requests on to, Istio adds by itself.
  func writeReach(of plan: NamespacePlan, _ writer: inout Writer) {
    guard plan.reach != .everything, isOrdinary(plan, "reach", &writer) else { return }
    writeReach(
      plan.reach, in: plan.namespace, name: "default", from: .namespace(plan.namespace), &writer)
  }

  /// - Parameter labels: of the workloads that are meant; empty: all of the namespace.
  func writeReach(
    _ reach: Reach, in namespace: String, name: String, labels: [String: String] = [:],
    from key: ItemKey, _ writer: inout Writer
  ) {
    var hosts: Set<String> = []
    var origins: Set<ItemKey> = [key]
    let targets: [ReachTarget] =
      switch reach {
      case .everything: [ReachTarget(namespace: NamePattern("*"))]
      case .only(let targets): targets
      }
    for target in targets {
      let isName = target.namespace.text.utf8.last != UInt8(ascii: "*")
      if target.namespace.text == "*", target.service == nil {
        hosts.insert("*/*")
      } else if isName {
        let service = target.service.map { "\($0).\(target.namespace.text).mesh" }
        hosts.insert("\(target.namespace.text)/\(service ?? "*")")
      } else {
        // Istio knows no beginnings of names: what there is stands for them.
        for service in sortedServices
        where target.includes(namespace: service.namespace, service: service.name) {
          hosts.insert("\(service.namespace)/\(target.service == nil ? "*" : service.host)")
          origins.insert(service.key)
        }
      }
    }
    let listed = hosts.isEmpty ? ["~/*"] : hosts.sorted()
    var spec: [String: Document] = [
      "egress": [["hosts": .list(listed.map { .string($0) })]]
    ]
    if !labels.isEmpty {
      spec["workloadSelector"] = ["labels": .object(labels.mapValues { .string($0) })]
    }
    writer.write(IstioObject(.sidecar, namespace: namespace, name, from: origins, spec))
  }

  /// Who may call them, and how.
  func writeAdmission(to plan: NamespacePlan, _ writer: inout Writer) {
    guard isOrdinary(plan, "who may call", &writer) else { return }
    let key = ItemKey.namespace(plan.namespace)
    let mode: Document = plan.admission.traffic == .required ? "STRICT" : "PERMISSIVE"
    writer.write(
      IstioObject(
        .peerAuthentication, namespace: plan.namespace, "default", from: [key],
        ["mtls": ["mode": mode]]))
    guard case .rules(let deny, let allow) = plan.admission.authorization else { return }
    let refused = deny.compactMap(\.document)
    if !refused.isEmpty {
      writer.write(
        IstioObject(
          .authorizationPolicy, namespace: plan.namespace, "rialto-deny", from: [key],
          ["action": "DENY", "rules": .list(refused)]))
    }
    guard let allow else { return }
    let admitted = allow.compactMap(\.document)
    // Without a rule it admits nobody, which is what an empty list means.
    var spec: [String: Document] = ["action": "ALLOW"]
    if !admitted.isEmpty { spec["rules"] = .list(admitted) }
    writer.write(
      IstioObject(
        .authorizationPolicy, namespace: plan.namespace, "rialto-allow", from: [key], spec))
    openGateways(in: plan, &writer)
  }

  /// Whoever comes to a gateway from outside has no identity; the policy of the namespace is about
  /// its workloads.
  private func openGateways(in plan: NamespacePlan, _ writer: inout Writer) {
    for gateway in sortedGateways
    where gateway.namespace == plan.namespace && !gateway.labels.isEmpty {
      writer.write(
        IstioObject(
          .authorizationPolicy, namespace: plan.namespace,
          KubernetesName.object(ofFQN: gateway.fqn),
          from: [.namespace(plan.namespace), .gateway(gateway.fqn)],
          [
            "action": "ALLOW", "rules": [[:]],
            "selector": ["matchLabels": .object(gateway.labels.mapValues { .string($0) })],
          ]))
    }
  }

  /// What is written into Istio's root namespace would hold everywhere.
  private func isOrdinary(
    _ plan: NamespacePlan, _ what: String, _ writer: inout Writer
  ) -> Bool {
    guard plan.namespace == installation.rootNamespace else { return true }
    writer.warn(
      .namespace(plan.namespace),
      "\(what): left out, because in \(plan.namespace) it would hold for the whole mesh")
    return false
  }

  // MARK: The cluster

  /// The gateway that takes what other clusters ask for, by the names of its copies alone.
  func writeEastWest(_ writer: inout Writer) {
    guard let cluster = site?.cluster else { return }
    writer.write(
      IstioObject(
        .gateway, namespace: installation.rootNamespace, "rialto-east-west", from: [.site],
        [
          "selector": .object(installation.eastWestGateway.mapValues { .string($0) }),
          "servers": [
            [
              "hosts": [.string("*/*\(ServerName.copySuffix(of: cluster))")],
              "port": [
                "number": .integer(Int64(MeshPort.eastWest)), "name": "tls", "protocol": "TLS",
              ],
              "tls": ["mode": "AUTO_PASSTHROUGH"],
            ]
          ],
        ]))
  }

  func writeTrust(_ writer: inout Writer) {
    if trust?.withdrawals ?? 0 > 0 {
      writer.warn(
        .trust,
        "connections of a cluster that is believed no more stay open: Istio looks at "
          + "certificates in the handshake only")
    }
    let others = (trust?.bundles ?? [:]).keys.filter { $0 != site?.trustDomain }.sorted()
    guard !others.isEmpty else { return }
    writer.warn(
      .trust,
      "no object of Istio's says whom to believe: add the authorities of "
        + "\(others.joined(separator: ", ")) to caCertificates of its MeshConfig")
  }
}

extension AuthorizationRule {
  /// nil when it names nobody: an empty list would mean everybody.
  var document: Document? {
    guard !principals.isEmpty else { return nil }
    let names = principals.map { Document.string($0.istioName) }
    return ["from": [["source": ["principals": .list(names)]]]]
  }
}

extension Principal {
  /// As Istio's policies name identities: the SPIFFE id without its scheme, `*` for any end.
  var istioName: String {
    switch self {
    case .trustDomain(let domain): "\(domain)/*"
    case .namespace(let domain, let pattern):
      pattern.text.utf8.last == UInt8(ascii: "*")
        ? "\(domain)/ns/\(pattern.text)" : "\(domain)/ns/\(pattern.text)/sa/*"
    case .serviceAccount(let domain, let namespace, let name):
      "\(domain)/ns/\(namespace)/sa/\(name)"
    }
  }
}
