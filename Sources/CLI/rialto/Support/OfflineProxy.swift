import Blueprints
import EnvoyConfig
import Model

extension OfflineMesh {
  /// The proxy of a service, or one that a gateway object selects: exactly one of the two.
  func profile(proxy: String?, gateway: String?) throws -> ProxyProfile {
    switch (proxy, gateway) {
    case (let proxy?, nil):
      let parts = proxy.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2,
        let service = services[ServiceName(namespace: parts[0], name: parts[1])]
      else {
        let known = services.keys.sorted().map { "\($0.namespace)/\($0.name)" }
        throw Failure(
          .failed, .missing, "no service \(proxy) runs in \(cluster)",
          advice: known.isEmpty
            ? "Name it with --service." : "There are: \(known.joined(separator: ", ")).")
      }
      return ProxyProfile(
        role: .sidecar, namespace: parts[0],
        serviceAccount: service.serviceAccounts.first ?? parts[1], service: parts[1],
        ports: service.ports.sorted { $0.number < $1.number }.map {
          InboundPort(
            number: $0.number, name: $0.name, protocolName: $0.protocolName,
            applicationPort: $0.number)
        }, capture: .redirect)
    case (nil, let name?):
      let plans = blueprint.items.values.compactMap { sourced -> GatewayPlan? in
        guard case .gateway(let plan) = sourced.item else { return nil }
        return plan
      }.sorted { $0.fqn < $1.fqn }
      guard let plan = plans.first(where: { $0.fqn == name || $0.fqn.hasSuffix("/\(name)") })
      else {
        throw Failure(
          .failed, .missing, "no gateway \(name) serves anything in \(cluster)",
          advice: plans.isEmpty
            ? "The files have none for this cluster."
            : "There are: "
              + plans.compactMap { ResourceRef(fqn: $0.fqn)?.name }.joined(separator: ", ") + ".")
      }
      return ProxyProfile(
        role: .ingress, namespace: plan.namespace, serviceAccount: "gateway", labels: plan.labels,
        capture: .bind(address: "0.0.0.0"))
    case (nil, nil), (_?, _?):
      throw Failure(
        .usage, .invalidInput, "an Envoy's configuration is that of one proxy",
        advice: "Say which one with --proxy NAMESPACE/NAME or --gateway NAME.")
    }
  }
}
