package import Documents
package import Model

extension EffectivePolicy {
  /// What holds, as a SecuritySetting (`isSecurity`) or a TrafficSetting would say it: without what
  /// nobody says and what is demanded to be empty.
  package func setting(isSecurity: Bool) -> Document {
    PolicyProperty.allCases.filter { $0.isSecurity == isSecurity }.reduce([:]) {
      setting, property in
      guard let value = self[property]?.value else { return setting }
      let inner = property.path.reversed().reduce(value.document) { .object([$1: $0]) }
      return merged(setting, inner)
    }
  }
}

extension PolicyValue {
  /// As a manifest would say it.
  package var document: Document {
    switch self {
    case .trafficMode(let mode): .string(mode.rawValue)
    case .authorization(let mode, let identityMatch):
      .object(mode.members(identityMatch: identityMatch))
    case .reachability(let reachability): reachability.document
    case .upstreams(let upstreams): .list(upstreams.map(\.document))
    case .failover(let failover):
      merged(
        ["topologyChoice": .string((failover.topologyChoice ?? .cluster).rawValue)],
        failover.written)
    case .written(let document): document
    }
  }
}

extension AuthorizationMode {
  fileprivate func members(identityMatch: String?) -> [String: Document] {
    var members: [String: Document] = [:]
    switch self {
    case .disabled: members["mode"] = "DISABLED"
    case .cluster: members["mode"] = "CLUSTER"
    case .workspace: members["mode"] = "WORKSPACE"
    case .group: members["mode"] = "GROUP"
    case .namespace: members["mode"] = "NAMESPACE"
    case .custom(let accounts):
      members["mode"] = "CUSTOM"
      members["serviceAccounts"] = .list(
        accounts.map { .string("\($0.namespace)/\($0.account ?? "*")") })
    case .rules(let rules):
      members["mode"] = "RULES"
      members["rules"] = rules.document
    }
    members["identityMatch"] = identityMatch.map(Document.string)
    return members
  }
}

extension AccessRules {
  fileprivate var document: Document {
    func list(_ rules: [AccessRule]) -> Document {
      .list(
        rules.map { rule in
          ["from": ["fqn": .string(rule.from.fqn)], "to": ["fqn": .string(rule.to.fqn)]]
        })
    }
    var members: [String: Document] = [:]
    if !allow.isEmpty { members["allow"] = list(allow) }
    if !deny.isEmpty { members["deny"] = list(deny) }
    if denyAll { members["denyAll"] = true }
    return .object(members)
  }
}

extension Reachability {
  fileprivate var document: Document {
    switch self {
    case .namespace: ["mode": "NAMESPACE"]
    case .group: ["mode": "GROUP"]
    case .workspace: ["mode": "WORKSPACE"]
    case .cluster: ["mode": "CLUSTER"]
    case .custom(let hosts):
      [
        "mode": "CUSTOM",
        "hosts": .list(hosts.map { .string("\($0.namespace)/\($0.service ?? "*")") }),
      ]
    }
  }
}

extension UpstreamSetting {
  fileprivate var document: Document {
    var http: [String: Document] = [:]
    http["requestTimeout"] = requestTimeout.map(text)
    http["retries"] = retries.map { retries in
      var members: [String: Document] = ["attempts": .integer(Int64(retries.attempts))]
      members["perTryTimeout"] = retries.perTryTimeout.map(text)
      if !retries.retryOn.isEmpty {
        members["retryOn"] = .string(retries.retryOn.joined(separator: ","))
      }
      return .object(members)
    }
    let calls: Document =
      http.isEmpty ? [:] : ["resilience": ["connectionPool": ["http": .object(http)]]]
    return [
      "hosts": .list(hosts.map(Document.string)), "settings": merged(others ?? [:], calls),
    ]
  }
}

/// A duration as manifests write it.
private func text(_ duration: Duration) -> Document {
  let (seconds, attoseconds) = duration.components
  let nanoseconds = attoseconds / 1_000_000_000
  if nanoseconds == 0 { return .string("\(seconds)s") }
  if nanoseconds.isMultiple(of: 1_000_000) {
    return .string("\(seconds * 1000 + nanoseconds / 1_000_000)ms")
  }
  return .string("\(seconds * 1_000_000_000 + nanoseconds)ns")
}

/// Both objects, member by member; where both say something, what is on the right.
private func merged(_ left: Document, _ right: Document) -> Document {
  guard case .object(let mine) = left, case .object(let theirs) = right else { return right }
  return .object(mine.merging(theirs, uniquingKeysWith: merged))
}
