import Blueprints

/// What has been made for one service: each resource once, for everybody who gets it.
struct ServiceCache: Sendable {
  var clusters: [EnvoyResource]?
  var endpoints: [Passage: [EnvoyResource]] = [:]
  /// For other clusters, at the gateways of this one.
  var exposedClusters: [EnvoyResource]?
  var exposedEndpoints: [EnvoyResource]?
  var scopes: [EnvoyResource]?
  var name: EnvoyResource?
  /// By the item whose rule decides; nil is for all those without a rule.
  var routes: [ItemKey?: CalledRoutes] = [:]

  struct CalledRoutes: Sendable {
    var policy: CallPolicy
    var resources: [EnvoyResource]
  }
}
