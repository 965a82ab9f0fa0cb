import Model

extension PolicyProperty {
  /// What holds where nobody says anything, which has no sources; nil: nothing at all.
  package var builtIn: EffectiveProperty? {
    builtInValue.map { EffectiveProperty(value: $0, sources: []) }
  }

  private var builtInValue: PolicyValue? {
    switch self {
    case .trafficMode: .trafficMode(.required)
    case .authorization: .authorization(.disabled, identityMatch: nil)
    case .reachability: .reachability(.workspace)
    case .failover: .failover(FailoverSettings(topologyChoice: .cluster))
    case .requestAuthentication, .requestAuthorization, .extensions, .firewall, .upstreams, .egress,
      .rateLimiting, .inboundResilience:
      nil
    }
  }
}
