import Inheritance
import Model
import Testing

/// The rules of inheritance, one by one.
@Suite struct `Inheritance` {
  private static let organization = ResourceRef(.organization, ["acme"])
  private static let tenant = organization.child(.tenant, "web")
  private static let workspace = tenant.child(.workspace, "shop")
  private static let group = workspace.child(.securityGroup, "g")

  private func says(
    _ ref: ResourceRef, _ mode: AuthorizationMode, _ propagation: PropagationStrategy = .replace
  ) -> PolicyLayer {
    PolicyLayer(
      .setting, PolicySource(ref), [.authorization: .authorization(mode, identityMatch: nil)],
      propagation: propagation)
  }

  private func says(
    _ role: PolicyLayer.Role, _ ref: ResourceRef, _ traffic: TrafficRequirement?,
    unset: Set<PolicyProperty> = []
  ) -> PolicyLayer {
    PolicyLayer(
      role, PolicySource(ref), traffic.map { [.trafficMode: .trafficMode($0)] } ?? [:],
      unset: unset)
  }

  private func mode(_ layers: [PolicyLayer]) -> AuthorizationMode? {
    guard case .authorization(let mode, _)? = effective(.authorization, layers)?.value else {
      return nil
    }
    return mode
  }

  private func account(_ namespace: String, _ name: String?) -> ServiceAccountPattern {
    ServiceAccountPattern(namespace: namespace, account: name)
  }

  @Test func `the most specific wins, and says who it is`() throws {
    let found = try #require(
      effective(
        .authorization,
        [says(Self.organization, .namespace), says(Self.tenant, .cluster)]))
    #expect(found.value == .authorization(.cluster, identityMatch: nil))
    #expect(found.sources == [PolicySource(Self.tenant)])
  }

  @Test func `what nobody says below is inherited`() {
    let layers = [says(Self.organization, .namespace), says(.setting, Self.tenant, .optional)]
    #expect(mode(layers) == .namespace)
  }

  @Test func `stricter above cannot be relaxed below`() {
    let above = says(Self.organization, .workspace, .stricter)
    #expect(mode([above, says(Self.tenant, .cluster)]) == .workspace)
    #expect(mode([above, says(Self.tenant, .disabled)]) == .workspace)
    #expect(mode([above, says(Self.tenant, .group)]) == .group)
    // Nor by somebody two levels down, after one who was stricter still.
    #expect(
      mode([above, says(Self.tenant, .group), says(Self.workspace, .namespace)]) == .group)
  }

  @Test func `stricter holds for what was inherited, too`() {
    let layers = [
      says(Self.organization, .namespace),
      PolicyLayer(.setting, PolicySource(Self.tenant), [:], propagation: .stricter),
      says(Self.workspace, .disabled),
    ]
    #expect(mode(layers) == .namespace)
  }

  @Test func `lists of accounts are narrowed`() {
    let above = says(
      Self.organization, .custom(serviceAccounts: [account("shop", nil), account("pay", "a")]),
      .stricter)
    let below = says(
      Self.tenant,
      .custom(serviceAccounts: [account("shop", "web"), account("pay", "b"), account("x", nil)]))
    #expect(mode([above, below]) == .custom(serviceAccounts: [account("shop", "web")]))
    let foreign = says(Self.tenant, .custom(serviceAccounts: [account("x", nil)]))
    #expect(mode([above, foreign]) == mode([above]))
  }

  @Test func `allowing rules are narrowed, and denying ones add up`() throws {
    let other = Self.organization.child(.tenant, "other")
    let wide = AccessRule(from: Self.tenant, to: Self.workspace)
    let narrow = AccessRule(from: Self.workspace, to: Self.group)
    let foreign = AccessRule(from: other, to: Self.workspace)
    let above = says(
      Self.organization, .rules(AccessRules(allow: [wide], deny: [foreign])), .stricter)
    let below = says(Self.group, .rules(AccessRules(allow: [narrow, foreign], deny: [narrow])))
    #expect(
      mode([above, below])
        == .rules(AccessRules(allow: [narrow], deny: [foreign, narrow])))
    let found = try #require(effective(.authorization, [above, below]))
    #expect(Set(found.sources.map(\.ref)) == [Self.organization, Self.group])
  }

  @Test func `defaults of profiles give way, mandates do not`() {
    func traffic(_ layers: [PolicyLayer]) -> PolicyValue? {
      effective(.trafficMode, layers)?.value
    }
    let profile = Self.organization.child(.organizationProfile, "p")
    let other = Self.organization.child(.organizationProfile, "q")
    let optional = says(.setting, Self.tenant, .optional)
    #expect(
      traffic([says(.defaults, profile, .required), optional]) == .trafficMode(.optional))
    #expect(
      traffic([optional, says(.mandates, profile, .required)]) == .trafficMode(.required))
    #expect(
      traffic([says(.setting, Self.tenant, .required), says(.mandates, profile, .optional)])
        == .trafficMode(.required))
    #expect(
      traffic([
        optional, says(.mandates, profile, .required), says(.mandates, other, .optional),
      ]) == .trafficMode(.required))
    #expect(
      traffic([
        says(.defaults, profile, .required), says(.defaults, other, nil, unset: [.trafficMode]),
      ]) == nil)
    let emptied = effective(
      .trafficMode, [optional, says(.mandates, profile, nil, unset: [.trafficMode])])
    #expect(emptied?.value == nil && emptied?.isMandated == true)
  }
}
