import Documents
import Model

extension Gateway {
  /// A gateway to the outside, as it was written before.
  init?(egress spec: Cursor, of ref: ResourceRef, _ report: inout Report) {
    guard let selector = WorkloadSelector(spec["workloadSelector"], &report) else { return nil }
    let rules = spec["authorization"]?.elements ?? []
    self.init(
      selector: selector, http: [],
      egress: rules.map { rule in
        EgressRule(
          callers: EgressCallers(old: rule["from"], selector, of: ref, &report),
          targets: (rule["to"]?.elements ?? []).compactMap(\.text).map(EgressTarget.init(old:)),
          identityMatch: rule["from"]?["identityMatch"]?.text)
      })
  }
}

extension EgressRule {
  init(_ value: Cursor, of ref: ResourceRef, _ report: inout Report) {
    let from = value["from"]
    let parts = partsOfTree(from?["resources"]?.elements ?? [], of: ref, &report)
    if let from, from["resources"] != nil, from["serviceAccounts"] != nil {
      report.add(
        .contradiction, at: from.path / "serviceAccounts",
        "a rule is about parts of the tree or about service accounts; write two")
    }
    let callers: EgressCallers =
      if from?["serviceAccounts"] != nil {
        accountPatterns(from?["serviceAccounts"]).map(EgressCallers.serviceAccounts) ?? .everybody
      } else if from?["resources"] != nil {
        .parts(parts, except: [])
      } else {
        .everybody
      }
    self.init(
      callers: callers,
      targets: (value["to"]?.elements ?? []).compactMap { target in
        guard let host = target["host"].flatMap(StringMatch.init) else { return nil }
        return EgressTarget(
          host: host, methods: target["methods"]?.elements.compactMap(\.text) ?? [],
          paths: target["paths"]?.elements.compactMap(\.text) ?? [])
      }, identityMatch: value["identityMatch"]?.text)
  }
}

extension EgressCallers {
  /// What the older kind says by a mode.
  fileprivate init(
    old from: Cursor?, _ selector: WorkloadSelector, of ref: ResourceRef, _ report: inout Report
  ) {
    switch from?["mode"]?.text {
    case "NAMESPACE":
      self = .serviceAccounts([
        ServiceAccountPattern(namespace: selector.namespace, account: nil)
      ])
    case "GROUP": self = .parts([ref.parent].compactMap { $0 }, except: [])
    case "WORKSPACE": self = .parts([ref.ancestor(.workspace)].compactMap { $0 }, except: [])
    case "CUSTOM", "SERVICE_ACCOUNT":
      self =
        accountPatterns(from?["serviceAccounts"]).map(EgressCallers.serviceAccounts)
        ?? .everybody
    case "RULES":
      func named(_ list: String) -> [Cursor] {
        (from?["rules"]?[list]?.elements ?? []).compactMap { $0["from"]?["fqn"] }
      }
      let isNobody = from?["rules"]?["denyAll"]?.flag == true
      self = .parts(
        isNobody ? [] : partsOfTree(named("allow"), of: ref, &report),
        except: partsOfTree(named("deny"), of: ref, &report))
    default: self = .everybody
    }
  }
}

extension EgressTarget {
  /// `*`, `*.example.com` or one host.
  fileprivate init(old host: String) {
    guard host.utf8.first == UInt8(ascii: "*") else {
      self.init(host: .exact(host))
      return
    }
    let end = host.dropFirst().utf8.flatMap { byte in
      byte == UInt8(ascii: ".") ? Array("\\.".utf8) : [byte]
    }
    self.init(host: .regex(".*" + String(decoding: end, as: UTF8.self)))
  }
}

/// nil: every one.
private func accountPatterns(_ list: Cursor?) -> [ServiceAccountPattern]? {
  let texts = (list?.elements ?? []).compactMap(\.text)
  return texts.contains(TextFormat.everyServiceAccount)
    ? nil : texts.compactMap(serviceAccountPattern)
}

private func partsOfTree(
  _ entries: [Cursor], of ref: ResourceRef, _ report: inout Report
) -> [ResourceRef] {
  entries.compactMap { entry in
    guard let text = entry.text, let named = ResourceRef(fqn: text) else { return nil }
    guard named.names[0] == ref.names[0] else {
      report.add(.badFormat, at: entry.path, "the FQN is of another organization")
      return nil
    }
    return named
  }
}
