import EnvoyConfig
import Testing

@testable import ClusterAgent

/// Workloads that only call others.
@Suite struct CallerTests {
  @Test func `each of several callers that are alike has something to follow`() {
    var site = SiteState(
      identity: SiteIdentity(
        organization: "acme", cluster: "east", trustDomain: "east.acme.mesh", authorities: []))
    for (index, name) in ["one", "two", "three"].enumerated() {
      let registration = RegistrationTests.registration(
        name, service: "nightly", address: "10.0.0.\(index + 1)", ports: [])
      site.apply(site.registrations.register(registration, lease: index, lastChange: 0))
      #expect(site.subscription(name) != nil, "\(name)")
    }
  }
}
