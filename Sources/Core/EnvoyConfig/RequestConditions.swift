import Blueprints
import EnvoyProtos
import SwiftProtobuf

extension RequestConditions {
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
