/// Which cluster an agent runs.
package struct SiteIdentity: Hashable, Sendable {
  package var organization: String
  package var cluster: String
  package var trustDomain: String
  /// The certificates of the cluster's authorities, DER, current first.
  package var authorities: [[UInt8]]

  package init(
    organization: String, cluster: String, trustDomain: String, authorities: [[UInt8]]
  ) {
    self.organization = organization
    self.cluster = cluster
    self.trustDomain = trustDomain
    self.authorities = authorities
  }
}
