import Documents
import Model

/// What holds where something above is not to be relaxed by something below.
func stricter(_ above: EffectiveProperty, _ below: EffectiveProperty) -> EffectiveProperty {
  var result = above
  guard let parent = above.value else { return above }
  guard let child = below.value else { return above }
  switch (parent, child) {
  case (.trafficMode(let mine), .trafficMode(let theirs)):
    if mine == .optional, theirs == .required {
      result.value = child
      result.sources = below.sources
    }
  case (.authorization(let mine, let match), .authorization(let theirs, let otherMatch)):
    let merged = stricter(mine, theirs)
    guard merged.isFromBelow else { return above }
    result.value = .authorization(merged.mode, identityMatch: otherMatch ?? match)
    result.sources = merged.isFromAbove ? below.sources + above.sources : below.sources
  case (.written(let mine), .written(let theirs)):
    // Extensions from above stay; others may come.
    guard case .list(let first) = mine, case .list(let rest) = theirs else { return above }
    let added = rest.filter { !first.contains($0) }
    guard !added.isEmpty else { return above }
    result.value = .written(.list(first + added))
    result.sources = above.sources + below.sources
  case (.trafficMode, _), (.authorization, _), (.reachability, _), (.upstreams, _), (.failover, _),
    (.written, _):
    break
  }
  return result
}

private struct Merged {
  var mode: AuthorizationMode
  var isFromAbove: Bool
  var isFromBelow: Bool
}

private func stricter(_ above: AuthorizationMode, _ below: AuthorizationMode) -> Merged {
  switch (above, below) {
  case (.custom(let mine), .custom(let theirs)):
    let narrower = theirs.filter { entry in mine.contains { $0.covers(entry) } }
    return narrower.isEmpty
      ? Merged(mode: above, isFromAbove: true, isFromBelow: false)
      : Merged(
        mode: .custom(serviceAccounts: narrower), isFromAbove: narrower.count < theirs.count,
        isFromBelow: true)
  case (.rules(let mine), .rules(let theirs)):
    let rules = stricter(mine, theirs)
    return Merged(
      mode: .rules(rules), isFromAbove: rules != theirs, isFromBelow: rules != mine)
  default:
    return above.strictness > below.strictness || above == below
      ? Merged(mode: above, isFromAbove: true, isFromBelow: false)
      : Merged(mode: below, isFromAbove: false, isFromBelow: true)
  }
}

/// Rules below may only narrow whom rules above allow; denials add up.
private func stricter(_ above: AccessRules, _ below: AccessRules) -> AccessRules {
  var allow = below.allow
  if !above.allow.isEmpty {
    let narrower = below.allow.filter { rule in above.allow.contains { $0.contains(rule) } }
    allow = narrower.isEmpty ? above.allow : narrower
  }
  return AccessRules(
    allow: allow, deny: above.deny + below.deny.filter { !above.deny.contains($0) },
    denyAll: above.denyAll || below.denyAll)
}

extension AuthorizationMode {
  fileprivate var strictness: Int {
    switch self {
    case .disabled: 0
    case .cluster: 1
    case .workspace: 2
    case .namespace: 3
    case .group: 4
    case .rules: 5
    case .custom: 6
    }
  }
}

extension ServiceAccountPattern {
  /// Whether every account that the other means is one that this means.
  fileprivate func covers(_ other: ServiceAccountPattern) -> Bool {
    namespace == other.namespace && (account == nil || account == other.account)
  }
}
