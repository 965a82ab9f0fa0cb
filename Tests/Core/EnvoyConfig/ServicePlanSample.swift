import Blueprints

/// Plans that tests start from.
enum ServicePlanSample {
  static func orders(path: TextMatch) -> ServicePlan {
    ServicePlan(
      namespace: "shop", name: "orders", host: "orders.shop.mesh", address: "240.240.0.10",
      ports: [PlannedPort(number: 8080, name: "http", protocolName: .http)],
      providers: [
        ServiceProvider(
          cluster: "alpha", trustDomain: "alpha.acme.mesh", serviceAccounts: ["orders"])
      ],
      routes: [
        HTTPRouteRule(
          name: "rule", matches: [RequestMatch(path: path)],
          destinations: [WeightedDestination(weight: 100)])
      ])
  }
}
