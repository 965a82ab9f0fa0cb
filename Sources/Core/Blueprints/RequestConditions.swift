/// What a route requires of a request: the conditions of an operator's match, or of two of them, one
/// after the other, as at a gateway in front of a service.
package struct RequestConditions: Hashable, Sendable {
  /// Without the query.
  package private(set) var path: TextMatch?
  /// On the path, in addition, where one condition cannot say it.
  package private(set) var morePaths: [TextMatch] = []
  package private(set) var headers: [HeaderMatch] = []

  package init(_ match: RequestMatch) {
    path = match.path
    headers = match.headers
  }

  /// These conditions and those of `match`; nil when no path meets both.
  package func and(_ match: RequestMatch) -> RequestConditions? {
    var both = self
    both.headers += match.headers
    switch (path, match.path) {
    case (_, nil): break
    case (nil, let other?): both.path = other
    case (.exact(let one)?, .exact(let other)?):
      guard one == other else { return nil }
    case (.exact(let text)?, .prefix(let prefix)?):
      guard text.utf8.starts(with: prefix.utf8) else { return nil }
    case (.prefix(let prefix)?, .exact(let text)?):
      guard text.utf8.starts(with: prefix.utf8) else { return nil }
      both.path = match.path
    case (.prefix(let one)?, .prefix(let other)?):
      if other.utf8.starts(with: one.utf8) {
        both.path = match.path
      } else if !one.utf8.starts(with: other.utf8) {
        return nil
      }
    case (.regex?, let other?): both.morePaths.append(other)
    case (let own?, .regex?):
      both.path = match.path
      both.morePaths.append(own)
    }
    return both
  }

  /// These conditions and those that `match` puts on the request as it is after `rewrite`; nil when
  /// no request meets both.
  package func and(_ match: RequestMatch, after rewrite: PathRewrite?) -> RequestConditions? {
    var match = match
    if let rewrite, let path = match.path {
      switch rewrite.origin(of: path) {
      case .anything: match.path = nil
      case .nothing: return nil
      case .path(let before): match.path = before
      }
    }
    return and(match)
  }
}

extension ServicePlan {
  /// What holds for requests to `port`, in order: the rules that can match there, each with at least
  /// one match, and at the end the split, which takes what is left.
  package func rules(for port: PlannedPort) -> [HTTPRouteRule] {
    let ruled = routes.compactMap { rule -> HTTPRouteRule? in
      let matches = rule.matches.filter { ($0.port ?? port.number) == port.number }
      guard rule.matches.isEmpty || !matches.isEmpty else { return nil }
      var rule = rule
      rule.matches = rule.matches.isEmpty ? [RequestMatch()] : matches
      return rule
    }
    return ruled + [
      HTTPRouteRule(name: "default", matches: [RequestMatch()], destinations: defaultDestinations)
    ]
  }
}
