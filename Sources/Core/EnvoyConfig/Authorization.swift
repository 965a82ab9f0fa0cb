import Blueprints
import EnvoyProtos
import SwiftProtobuf

// Who may call, as matchers over the caller's URI subject names. Envoy joins all of them with commas
// and compares the whole: a certificate with two names matches no exact entry, and a prefix is that
// of the first name, which is the one that was verified.

extension Principal {
  enum Subject {
    case exact(String)
    case prefix(String)

    var text: String {
      switch self {
      case .exact(let text), .prefix(let text): text
      }
    }
  }

  /// The SPIFFE ids that belong to this principal.
  var subject: Subject {
    switch self {
    case .trustDomain(let domain): .prefix("spiffe://\(domain)/")
    case .namespace(let domain, let pattern):
      pattern.text.utf8.last == UInt8(ascii: "*")
        ? .prefix("spiffe://\(domain)/ns/\(pattern.text.dropLast())")
        : .prefix("spiffe://\(domain)/ns/\(pattern.text)/sa/")
    case .serviceAccount(let domain, let namespace, let name):
      .exact("spiffe://\(domain)/ns/\(namespace)/sa/\(name)")
    }
  }
}

/// The two steps of a decision.
struct AuthorizationMatchers {
  /// Refuses whom a rule names; nil when there is no such rule.
  var deny: Matcher?
  /// nil when everybody who is not refused may call.
  var allow: Matcher?

  private static let admitted = AuthorizationAction("no-policy-denies", .allow)

  /// For connections: who is believed was settled in the handshake, see `TrustBundle.all`.
  init(connections authorization: Authorization) {
    self.init(authorization, prefixes: [:])
    if case .rules(let rules, _) = authorization, !rules.isEmpty { return }
    deny = nil
  }

  /// For requests on connections whose handshakes are over: refuses, besides, everybody of a trust
  /// domain that is not believed (any more).
  init(requests authorization: Authorization, trust: TrustPlan?) {
    var domains = ["spiffe://": AuthorizationAction("trust-domain-unknown", .deny)]
    for (domain, authorities) in trust?.bundles ?? [:] where !authorities.isEmpty {
      domains[Principal.trustDomain(trustDomain: domain).subject.text] = Self.admitted
    }
    self.init(authorization, prefixes: domains)
  }

  private init(_ authorization: Authorization, prefixes: [String: AuthorizationAction]) {
    guard case .rules(let deny, let allow) = authorization else {
      self.deny = Matcher([], matched: .deny, prefixes: prefixes, otherwise: Self.admitted)
      return
    }
    self.deny = Matcher(deny, matched: .deny, prefixes: prefixes, otherwise: Self.admitted)
    self.allow = allow.map {
      Matcher($0, matched: .allow, otherwise: AuthorizationAction("no-policy-allows", .deny))
    }
  }
}

extension AuthorizationAction {
  fileprivate init(_ name: String, _ action: Envoy_Config_Rbac_V3_RBAC.Action) {
    self = .with {
      $0.name = name
      $0.action = action
    }
  }
}

extension Matcher {
  /// Ends in `matched`, under the name of the first rule that names the caller, else in the action
  /// of the longest of `prefixes`, or in `otherwise`.
  fileprivate init(
    _ rules: [AuthorizationRule], matched: Envoy_Config_Rbac_V3_RBAC.Action,
    prefixes base: [String: AuthorizationAction] = [:], otherwise: AuthorizationAction
  ) {
    var exact: [String: Matcher.OnMatch] = [:]
    var prefixes: [String: Matcher.OnMatch] = [:]
    for rule in rules {
      let action = Matcher.OnMatch(AuthorizationAction(rule.name, matched))
      for principal in rule.principals {
        switch principal.subject {
        case .exact(let text): exact[text] = exact[text] ?? action
        case .prefix(let text): prefixes[text] = prefixes[text] ?? action
        }
      }
    }
    prefixes.merge(base.mapValues(Matcher.OnMatch.init)) { rule, _ in rule }
    self = .with { $0.onNoMatch = Matcher.OnMatch(otherwise) }
    if !prefixes.isEmpty {
      matcherTree = .over(.prefixMatchMap(.with { $0.map = prefixes }))
    }
    guard !exact.isEmpty else { return }
    let rest = matcherType == nil ? onNoMatch : .with { [self] in $0.matcher = self }
    self = .with {
      $0.matcherTree = .over(.exactMatchMap(.with { $0.map = exact }))
      $0.onNoMatch = rest
    }
  }
}

extension Matcher.MatcherTree {
  fileprivate static func over(_ tree: OneOf_TreeType) -> Self {
    .with {
      $0.input.name = EnvoyName.uriSubject
      $0.input.typedConfig = URISubjectInput().packed
      $0.treeType = tree
    }
  }
}

extension Matcher.OnMatch {
  fileprivate init(_ action: AuthorizationAction) {
    self = .with {
      $0.action.name = "action"
      $0.action.typedConfig = action.packed
    }
  }
}
