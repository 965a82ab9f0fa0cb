import Blueprints
import Documents

// What holds for the workloads of one service instead of what holds for their namespace.
//
// Istio's policies add up: those of a namespace hold for all of its workloads, and nothing excepts
// some. So the callers of one service are admitted by a policy that allows them, and everybody else
// is refused by one that denies whoever is not among them.

extension Mesh {
  func writeWorkloads(_ plan: WorkloadsPlan, _ writer: inout Writer) {
    let key = ItemKey.workloads(namespace: plan.namespace, service: plan.service)
    guard plan.namespace != installation.rootNamespace else {
      return writer.warn(
        key,
        "left out, because Istio does not let anything in \(plan.namespace) be about one service")
    }
    // With a dot, so that no name of a namespace's own objects is meant.
    let name = KubernetesName.object("workloads.\(plan.service)")
    let labels = ["service.istio.io/canonical-name": plan.service]
    if let reach = plan.reach {
      writeReach(reach, in: plan.namespace, name: name, labels: labels, from: key, &writer)
    }
    if let admission = plan.admission {
      write(admission, to: plan, name, labels, from: key, &writer)
      writeMode(of: admission, in: plan.namespace, name, labels, from: key, &writer)
    }
    for (index, subset) in plan.subsets.enumerated() {
      let label = KubernetesName.object("workloads.\(plan.service).\(subset.name)")
      let more = labels.merging(subset.labels) { own, _ in own }
      write(subset.admission, to: plan, label, more, from: key, &writer)
      if plan.admission != nil || index > 0 {
        writer.warn(
          key,
          "subset \(subset.name): whom the service, or a subset before it, refuses is refused here "
            + "too: Istio's refusals add up")
      }
      if let admission = plan.admission {
        guard admission.traffic != subset.admission.traffic else { continue }
        if subset.admission.traffic == .required {
          refuseStrangers(plan, label, more, from: key, &writer)
          continue
        }
        writer.warn(
          key,
          "subset \(subset.name): whether callers must show a certificate is as for the service: "
            + "Istio has one answer for a workload")
      } else {
        writeMode(of: subset.admission, in: plan.namespace, label, more, from: key, &writer)
      }
    }
    warnOfRefusals(by: plan, key, &writer)
  }

  /// Whoever shows no certificate, where Istio's mode for all of the service lets them in.
  private func refuseStrangers(
    _ plan: WorkloadsPlan, _ name: String, _ labels: [String: String], from key: ItemKey,
    _ writer: inout Writer
  ) {
    writer.write(
      IstioObject(
        .authorizationPolicy, namespace: plan.namespace, "\(name).strangers", from: [key],
        [
          "action": "DENY", "rules": [["from": [["source": ["notPrincipals": ["*"]]]]]],
          "selector": selector(labels),
        ]))
  }

  private func writeMode(
    of admission: Admission, in namespace: String, _ name: String, _ labels: [String: String],
    from key: ItemKey, _ writer: inout Writer
  ) {
    writer.write(
      IstioObject(
        .peerAuthentication, namespace: namespace, name, from: [key],
        [
          "selector": selector(labels),
          "mtls": ["mode": admission.traffic == .required ? "STRICT" : "PERMISSIVE"],
        ]))
  }

  private func write(
    _ admission: Admission, to plan: WorkloadsPlan, _ name: String, _ labels: [String: String],
    from key: ItemKey, _ writer: inout Writer
  ) {
    var refused: [Document] = []
    var admitted: [Document] = [[:]]
    if case .rules(let deny, let allow) = admission.authorization {
      refused = deny.compactMap(\.document)
      if let allow {
        let names = allow.flatMap(\.principals).map { Document.string($0.istioName) }
        refused.append(
          names.isEmpty ? [:] : ["from": [["source": ["notPrincipals": .list(names)]]]])
        admitted = allow.compactMap(\.document)
      }
    }
    func policy(_ action: String, _ rules: [Document]) {
      guard !rules.isEmpty else { return }
      writer.write(
        IstioObject(
          .authorizationPolicy, namespace: plan.namespace, "\(name).\(action.lowercased())",
          from: [key],
          [
            "action": .string(action), "rules": .list(rules), "selector": selector(labels),
          ]))
    }
    policy("DENY", refused)
    policy("ALLOW", admitted)
  }

  /// The other way round, what a namespace refuses cannot be allowed again.
  private func warnOfRefusals(by plan: WorkloadsPlan, _ key: ItemKey, _ writer: inout Writer) {
    guard plan.admission != nil || !plan.subsets.isEmpty,
      let namespace = sortedNamespaces.first(where: { $0.namespace == plan.namespace }),
      case .rules(let deny, _) = namespace.admission.authorization,
      deny.contains(where: { !$0.principals.isEmpty })
    else { return }
    writer.warn(
      key,
      "whom namespace \(plan.namespace) refuses is refused here too: Istio's refusals add up")
  }

  private func selector(_ labels: [String: String]) -> Document {
    ["matchLabels": .object(labels.mapValues { .string($0) })]
  }
}
