import Blueprints
import EnvoyProtos
import SwiftProtobuf

/// What a route requires of a request: the conditions of an operator's match, or of two of them, one
/// after the other, as at a gateway in front of a service.
struct RequestConditions {
  /// Without the query.
  private(set) var path: TextMatch?
  /// On the path, in addition, where one condition cannot say it.
  private var morePaths: [TextMatch] = []
  private var headers: [HeaderMatch] = []

  init(_ match: RequestMatch) {
    path = match.path
    headers = match.headers
  }

  /// These conditions and those of `match`; nil when no path meets both.
  func and(_ match: RequestMatch) -> RequestConditions? {
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

  var routeMatch: RouteMatch {
    .with {
      switch path {
      case nil: $0.prefix = "/"
      case .exact(let text): $0.path = text
      case .prefix(let text): $0.prefix = text
      case .regex(let pattern): $0.safeRegex.regex = pattern
      }
      $0.headers = morePaths.map(HeaderMatcher.init(path:)) + headers.map(HeaderMatcher.init)
    }
  }
}

extension HeaderMatcher {
  init(_ match: HeaderMatch) {
    self = .with {
      $0.name = match.name
      $0.stringMatch = StringMatcher(match.value)
    }
  }

  /// The header that holds the path has the query behind it.
  fileprivate init(path: TextMatch) {
    let match: StringMatcher =
      switch path {
      case .prefix(let text): .with { $0.prefix = text }
      case .exact(let text): .with { $0.safeRegex.regex = "\(quotedForRE2(text))(\\?.*)?" }
      case .regex(let pattern): .with { $0.safeRegex.regex = "(?:\(pattern))(\\?.*)?" }
      }
    self = .with {
      $0.name = EnvoyName.path
      $0.stringMatch = match
    }
  }
}

extension StringMatcher {
  fileprivate init(_ match: TextMatch) {
    self = .with {
      switch match {
      case .exact(let text): $0.exact = text
      case .prefix(let text): $0.prefix = text
      case .regex(let pattern): $0.safeRegex.regex = pattern
      }
    }
  }
}
