import EnvoyProtos
import SwiftProtobuf

/// The HTTP filters that we emit, in the order in which Envoy must run them.
enum HTTPFilter: String, CaseIterable {
  /// First: what follows, and the application, must not see reserved headers of a caller.
  case dropReservedHeaders = "rialto.reserved-headers"
  /// Before `allow`, so that no permission lifts a prohibition.
  case deny = "rialto.deny"
  case allow = "rialto.allow"
  /// Always last: it ends the chain.
  case router = "envoy.filters.http.router"

  /// The filter as a listener carries it. Authorisation is empty here, which lets everything pass:
  /// the rules come with the routes, so that they change without a new filter chain and hold at once
  /// for connections that are already open.
  var configured: ConfiguredHTTPFilter {
    .with {
      $0.name = rawValue
      $0.typedConfig =
        switch self {
        case .dropReservedHeaders: HeaderMutationFilter.droppingReservedHeaders.packed
        case .deny, .allow: HTTPAuthorization().packed
        case .router: Router().packed
        }
    }
  }

  /// The chain of those in `filters`, in the right order.
  static func chain(of filters: Set<HTTPFilter>) -> [ConfiguredHTTPFilter] {
    allCases.filter(filters.contains).map(\.configured)
  }
}

extension HeaderMutationFilter {
  static let droppingReservedHeaders = HeaderMutationFilter.with {
    $0.mutations.requestMutations = [
      .with { $0.removeOnMatch.keyMatcher.prefix = EnvoyName.reservedHeaders }
    ]
  }
}
